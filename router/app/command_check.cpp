#include "app/commands.hpp"
#include "app/gain.hpp"

#include "api/role_names.hpp"
#include "app/inventory.hpp"
#include "domain/place.hpp"
#include "settings/load.hpp"
#include "settings/memory_report.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace rr::app {

namespace {

bool readable(const std::string& path) { return ::access(path.c_str(), R_OK) == 0; }

// <prefix>/bin/role-router -> <prefix>
std::string prefix() {
#ifdef __linux__
  char self[4096];
  const auto size = ::readlink("/proc/self/exe", self, sizeof self - 1);
  if (size > 0) {
    std::string path(self, static_cast<std::size_t>(size));
    path.resize(path.rfind('/'));
    return path.substr(0, path.rfind('/'));
  }
#endif
  return "/usr/local";
}

void warn_of_missing(const Settings& settings, const Fleet& fleet) {
  for (const NodeBelief& node : fleet.nodes) {
    if (node.state == NodeState::down) std::printf("warning  %s does not answer: %s\n", node.name.c_str(), node.why.c_str());
    if (!node.inventory_known) continue;
    for (const RoleSettings& role : settings.roles) {
      const bool listed = std::find(role.nodes.begin(), role.nodes.end(), node.name) != role.nodes.end();
      if (listed && !node.find(role.model))
        std::printf("warning  %s:%d: roles.%s.model: %s is not on %s          %s\n", settings.file.c_str(),
                    role.model_at.line, role.name.c_str(), role.model.spelt().c_str(), node.name.c_str(),
                    to_bring(role.model, node.name, settings).c_str());
    }
  }
}

// Two names of one digest share a runner, and with two contexts they reload it for each other.
void warn_of_shared_weights(const Settings& settings, const Fleet& fleet) {
  for (const NodeBelief& node : fleet.nodes)
    for (std::size_t i = 0; i < settings.roles.size(); ++i)
      for (std::size_t j = i + 1; j < settings.roles.size(); ++j) {
        const RoleSettings &a = settings.roles[i], &b = settings.roles[j];
        const Installed *one = node.find(a.model), *other = node.find(b.model);
        const int ctx_a = settings.model(a.model).num_ctx, ctx_b = settings.model(b.model).num_ctx;
        if (a.model == b.model || !one || !other || one->digest.empty() || one->digest != other->digest || ctx_a == ctx_b) continue;
        std::printf("warning  %s:%d: %s and %s are the same weights on %s, with num_ctx %d and %d: they reload each other. Give both one num_ctx\n",
                    settings.file.c_str(), b.model_at.line, a.model.spelt().c_str(), b.model.spelt().c_str(), node.name.c_str(), ctx_a, ctx_b);
      }
}

}  // namespace

std::string find_config(const std::string& given, std::vector<std::string>& looked) {
  if (!given.empty()) return given;
  looked.push_back("./config/router.yaml");
  const char* xdg = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  if (xdg && *xdg) looked.push_back(std::string(xdg) + "/role-router/router.yaml");
  else if (home && *home) looked.push_back(std::string(home) + "/.config/role-router/router.yaml");
  looked.push_back(prefix() + "/etc/role-router/router.yaml");
  for (const std::string& place : looked)
    if (readable(place)) return place;
  return "";
}

int command_check(const std::string& config) {
  std::vector<std::string> looked;
  const std::string path = find_config(config, looked);
  if (path.empty()) {
    std::fputs("role-router check: no configuration. Looked for:\n", stderr);
    for (const std::string& place : looked) std::fprintf(stderr, "  %s\n", place.c_str());
    return 2;
  }
  const settings::Loaded loaded = settings::load_file(path, api::fold_name);
  const int mistakes = loaded.mistakes();
  if (!loaded.settings) {
    std::fputs(settings::print(loaded.problems, path).c_str(), stdout);
    std::printf("%d mistake%s. Nothing was changed.\n", mistakes, mistakes == 1 ? "" : "s");
    return 2;
  }
  const int hints = static_cast<int>(loaded.problems.size());
  std::printf("%s: 0 mistakes, %d hint%s\n", path.c_str(), hints, hints == 1 ? "" : "s");
  std::fputs(settings::print(loaded.problems, path).c_str(), stdout);
  const Fleet fleet = inventory(*loaded.settings);
  std::printf("\n%s", settings::memory_report(*loaded.settings, fleet, [&](const settings::Rivals& swap) {
    return no_swap_advice(*loaded.settings, swap);
  }).c_str());
  warn_of_missing(*loaded.settings, fleet);
  warn_of_shared_weights(*loaded.settings, fleet);
  return 0;
}

}  // namespace rr::app
