#include "api/classify.hpp"
#include "api/json.hpp"
#include "api/role_names.hpp"
#include "app/commands.hpp"
#include "settings/load.hpp"
#include "sim/replay.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace rr::app {

namespace {

int bad_use(const std::string& what) {
  std::fprintf(stderr, "role-router simulate: %s\n", what.c_str());
  return 2;
}

std::optional<PolicyName> policy_of(const std::string& word) {
  for (const PolicyName p : {PolicyName::smart, PolicyName::seed, PolicyName::passthrough})
    if (word == to_text(p)) return p;
  return std::nullopt;
}

// "mac-mini:load_gbps=0.7,speed=1"; the text is what is wrong with it.
std::string read_machine(const std::string& text, const Settings& settings, std::vector<sim::Machine>& machines) {
  const std::string usage = "--node " + text + ": write it as in --node mac-mini:load_gbps=0.7,speed=1,cache_gib=8";
  const auto colon = text.find(':');
  const NodeSettings* node = settings.node(text.substr(0, colon));
  if (!node) return "--node " + text + ": no node of this name in the YAML";
  if (colon == std::string::npos) return usage;
  sim::Machine machine = sim::machine_of(*node);
  std::istringstream all(text.substr(colon + 1));
  for (std::string one; std::getline(all, one, ',');) {
    const auto equals = one.find('=');
    char* end = nullptr;
    const double value = equals == std::string::npos ? -1 : std::strtod(one.c_str() + equals + 1, &end);
    const std::string key = one.substr(0, equals);
    if (!end || *end != '\0' || !std::isfinite(value) || value < 0 || (value == 0 && key != "cache_gib")) return usage;
    if (key == "load_gbps") machine.load_gbps = value;
    else if (key == "speed") machine.speed = value;
    else if (key == "cache_gib") machine.cache_gib = value;
    else return usage;
  }
  machines.push_back(std::move(machine));
  return "";
}

struct Row {
  std::string script, policy;
  sim::Played played;
};

double rounded(double value) { return std::round(value * 10) / 10; }

api::Json json_of(const Row& row) {
  const sim::Played& p = row.played;
  return {{"script", row.script},          {"policy", row.policy},           {"makespan_s", rounded(p.makespan_s)}, {"ttft_p95_s", rounded(p.ttft_p95_s)},
          {"ttft_mean_s", rounded(p.ttft_mean_s)}, {"worst_wait_s", rounded(p.worst_wait_s)}, {"loads", p.loads},   {"loaded_gb", rounded(p.loaded_gb)},
          {"reprefill_s", rounded(p.reprefill_s)}, {"stuck", p.stuck},       {"refused", p.refused}};
}

std::string ratio(double value, double base) {
  char text[16];
  if (base <= 0) return "-";
  std::snprintf(text, sizeof text, "%.2f", value / base);
  return text;
}

void print(const std::vector<Row>& rows) {
  std::string script;
  const Row* base = nullptr;
  for (const Row& row : rows) {
    if (row.script != script) {
      script = row.script;
      base = nullptr;
      for (const Row& other : rows)
        if (other.script == script && other.policy == "passthrough") base = &other;
      std::printf("%s%s\n%-12s %10s %9s %9s %9s %6s %8s %10s %6s   makespan and p95 to passthrough\n", &row == &rows.front() ? "" : "\n", script.c_str(), "policy",
                  "makespan", "p95 TTFT", "mean", "worst", "loads", "GB", "re-prefill", "stuck");
    }
    const sim::Played& p = row.played;
    std::printf("%-12s %8.0f s %7.1f s %7.1f s %7.0f s %6d %8.0f %8.0f s %6d", row.policy.c_str(), p.makespan_s, p.ttft_p95_s, p.ttft_mean_s, p.worst_wait_s, p.loads,
                p.loaded_gb, p.reprefill_s, p.stuck);
    if (base) std::printf("   %s %s", ratio(p.makespan_s, base->played.makespan_s).c_str(), ratio(p.ttft_p95_s, base->played.ttft_p95_s).c_str());
    std::printf("\n");
    for (const auto& [role, ttft] : p.ttft) std::printf("  %-33s %7.1f s %7.1f s\n", role.c_str(), ttft.first, ttft.second);
  }
}

// What is to be played, and, of a recorded day, how it was.
struct Work {
  sim::Workload load;
  std::optional<sim::Played> day{};
};

std::string read_all(const std::string& path, const char* option, std::string& text) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::string(option) + " " + path + ": cannot be read";
  std::stringstream all;
  all << in.rdbuf();
  text = all.str();
  return "";
}

std::string read_works(const SimulateOptions& options, std::vector<Work>& works) {
  const auto name = [](const std::string& path) { return std::filesystem::path(path).stem().string(); };
  std::string text;
  for (const std::string& path : options.scripts) {
    if (auto wrong = read_all(path, "--script", text); !wrong.empty()) return wrong;
    auto work = sim::read_workload(text, name(path));
    if (!work) return "--script " + path + ": " + work.error();
    works.push_back({std::move(*work)});
  }
  for (const std::string& path : options.replays) {
    if (auto wrong = read_all(path, "--replay", text); !wrong.empty()) return wrong;
    auto recorded = sim::read_access_log(text, name(path));
    if (!recorded) return "--replay " + path + ": " + recorded.error();
    if (recorded->left_out > 0)
      std::fprintf(stderr, "role-router simulate: %s: %zu requests are played again, %zu are not: they were refused, broken or had no tokens\n",
                   path.c_str(), recorded->requests, recorded->left_out);
    works.push_back({std::move(recorded->work), std::move(recorded->day)});
  }
  return works.empty() ? "nothing to play: give --script FILE, or --replay access.jsonl" : "";
}

}  // namespace

int command_simulate(const SimulateOptions& options) {
  std::vector<std::string> looked;
  const std::string path = find_config(options.config, looked);
  if (path.empty()) return bad_use("no configuration; give one with --config FILE");
  const settings::Loaded loaded = settings::load_file(path, api::fold_name);
  if (!loaded.settings) return bad_use(std::to_string(loaded.mistakes()) + " mistakes in " + path + ": role-router check --config " + path);
  sim::Play how;
  for (const std::string& node : options.nodes)
    if (const std::string wrong = read_machine(node, *loaded.settings, how.machines); !wrong.empty()) return bad_use(wrong);
  if (!options.client_keep_alive.empty()) {
    auto keep = api::parse_keep_alive("\"" + options.client_keep_alive + "\"");
    if (!keep) return bad_use("--client-keep-alive " + options.client_keep_alive + ": write a duration as in 30m");
    how.client_keep_alive = *keep;
  }
  std::vector<Work> works;
  if (const std::string wrong = read_works(options, works); !wrong.empty()) return bad_use(wrong);
  std::vector<Row> rows;
  for (const Work& work : works) {
    if (work.day) rows.push_back({work.load.name, "recorded", *work.day});
    how.horizon = std::max<Duration>(std::chrono::hours(24), std::chrono::seconds(work.day ? std::llround(4 * work.day->makespan_s) : 0));
    for (const std::string& word : options.policies) {
      const auto policy = policy_of(word);
      if (!policy) return bad_use("--policy " + word + ": the policies are smart, seed, passthrough");
      Settings settings = *loaded.settings;
      settings.policy = *policy;
      how.settings = std::make_shared<const Settings>(std::move(settings));
      auto played = sim::play(work.load, how);
      if (!played) return bad_use(played.error());
      rows.push_back({work.load.name, word, std::move(*played)});
    }
  }
  if (options.json) {
    api::Json out = api::Json::array();
    for (const Row& row : rows) out.push_back(json_of(row));
    std::printf("%s\n", out.dump(2).c_str());
  } else {
    print(rows);
  }
  return 0;
}

}  // namespace rr::app
