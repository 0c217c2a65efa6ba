#include "app/commands.hpp"

#include "api/role_names.hpp"
#include "app/inventory.hpp"
#include "app/load_times.hpp"
#include "domain/place.hpp"
#include "settings/load.hpp"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace rr::app {

namespace {

// "169.254.19.104:11434 (link-local) 0.6 ms; 100.101.102.103:11434 (Tailscale) 9.1 ms"
std::string answering(const Links& links) {
  std::string out;
  for (const Link& link : links.all()) {
    if (link.state != NodeState::up) continue;
    char time[32];
    std::snprintf(time, sizeof time, " %.1f ms", in_seconds(link.rtt) * 1000);
    out += (out.empty() ? "" : "; ") + described(link.address) + time;
  }
  return out.empty() ? to_text(links.order().front()) : out;
}

// One line a node, one for each model that a role misses there. The answer is how many of them are failures.
int look_at(const NodeBelief& node, const Settings& settings) {
  const std::string title(settings.runs(node.name).title);
  if (node.state != NodeState::up) {
    std::printf("FAIL  %-10s %s: start %s there, or correct nodes.%s.address\n", node.name.c_str(), node.why.c_str(), title.c_str(), node.name.c_str());
    return 1;
  }
  std::printf("ok    %-10s %s%s at %s\n", node.name.c_str(), title.c_str(), node.version.empty() ? "" : (" " + node.version).c_str(), answering(node.links).c_str());
  for (const Link& link : node.links.all())
    if (link.state == NodeState::down)
      std::printf("WARN  %-10s %s; another address answers, so this one is in nobody's way\n", node.name.c_str(), link.why.c_str());
  int failures = 0;
  std::vector<ModelName> told;
  for (const RoleSettings& role : settings.roles) {
    const bool listed = std::find(role.nodes.begin(), role.nodes.end(), node.name) != role.nodes.end();
    if (!listed || node.find(role.model) || std::find(told.begin(), told.end(), role.model) != told.end()) continue;
    std::printf("FAIL  %-10s %s is not there          %s\n", node.name.c_str(), role.model.spelt().c_str(), to_bring(role.model, node.name, settings).c_str());
    told.push_back(role.model);
    ++failures;
  }
  return failures;
}

}  // namespace

int command_doctor(const DoctorOptions& options) {
  std::vector<std::string> looked;
  const std::string path = find_config(options.config, looked);
  if (path.empty()) {
    std::fputs("role-router doctor: no configuration; give one with --config FILE\n", stderr);
    return 2;
  }
  const settings::Loaded loaded = settings::load_file(path, api::fold_name);
  if (!loaded.settings) {
    std::fprintf(stderr, "role-router doctor: %d mistakes in %s: role-router check --config %s\n", loaded.mistakes(), path.c_str(), path.c_str());
    return 2;
  }
  const Fleet fleet = inventory(*loaded.settings, true);
  int failures = 0;
  for (const NodeBelief& node : fleet.nodes) failures += look_at(node, *loaded.settings);
  if (options.loads) {
    const bool person = ::isatty(STDERR_FILENO) == 1;
    std::printf("\nLoads, each model both ways. What the system has cached of a file makes it faster: the first run after a restart counts.\n");
    std::fflush(stdout);
    for (const LoadTimes& times : measure_loads(*loaded.settings, fleet, [&](const std::string& now) { if (person) std::fprintf(stderr, "%s\n", now.c_str()); }))
      std::fputs(text(times).c_str(), stdout);
  }
  std::printf("%d failure%s.\n", failures, failures == 1 ? "" : "s");
  return failures > 0 ? 1 : 0;
}

}  // namespace rr::app
