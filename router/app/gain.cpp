#include "app/gain.hpp"

#include "domain/memory.hpp"
#include "sim/play.hpp"
#include "sim/team.hpp"

#include <cmath>
#include <cstdio>

namespace rr::app {

namespace {

constexpr double smallest_useful = 0.6;  // of a 4-bit file: fewer than 3 bits a weight are of little use

RoleName role_of(const Settings& settings, const ModelName& model) {
  for (const RoleSettings& role : settings.roles)
    if (role.model == model) return role.name;
  return "";
}

std::optional<sim::Played> played(const sim::Workload& work, const Settings& settings) {
  auto out = sim::play(work, {.settings = std::make_shared<const Settings>(settings)});
  if (!out || out->stuck > 0) return std::nullopt;
  return *out;
}

// One line, and in `faster` how many of these runs are faster without swaps.
std::string gain(const Settings& with_swaps, const Settings& without, const RoleName& design, const std::vector<RoleName>& round, int sessions, int& faster) {
  const sim::Workload work = sim::teams(design, round, sessions);
  const auto now = played(work, with_swaps), then = played(work, without);
  if (!now || !then) return "";
  if (then->makespan_s < now->makespan_s) ++faster;
  char text[200];
  std::snprintf(text, sizeof text, "      %-8s %3.0f min and %2d loads now, %3.0f min and %d without swaps; first token (95 %%) %.0f s now, %.0f s\n",
                work.name.c_str(), now->makespan_s / 60, now->loads, then->makespan_s / 60, then->loads, now->ttft_p95_s, then->ttft_p95_s);
  return text;
}

// How small a file of the large model would have to be to stay beside the others.
std::string smaller(const Settings& settings, const settings::Rivals& swap) {
  const Footprint need = footprint(settings, Fleet{}, swap.node, swap.large);
  const Bytes beside = swap.room - (need.total - need.weights);
  if (!need.known || need.weights <= 0) return "";
  const double share = static_cast<double>(beside) / static_cast<double>(need.weights);
  if (share < smallest_useful) return "      No smaller quantisation of " + swap.large.spelt() + " would fit beside them.\n";
  char text[160];
  std::snprintf(text, sizeof text, "      A quantisation of %s of at most %.0f GB would fit beside them.\n", swap.large.spelt().c_str(),
                std::floor(static_cast<double>(beside) / static_cast<double>(gb)));
  return text;
}

}  // namespace

std::string no_swap_advice(const Settings& settings, const settings::Rivals& swap) {
  if (swap.bound.empty() || settings.policy == PolicyName::passthrough) return "";
  Settings without = settings;
  std::string words;
  for (const ModelName& model : swap.bound) {
    without.substitutes.push_back({.model = model, .by = swap.large, .at = {}});
    words += (words.empty() ? "" : ", ") + model.spelt() + ": " + swap.large.spelt();
  }
  without.take_substitutes();
  const RoleName design = role_of(settings, swap.large);
  std::vector<RoleName> round;
  for (const ModelName& model : swap.others) round.push_back(role_of(settings, model));
  int faster = 0;
  const std::string one = gain(settings, without, design, round, 1, faster), four = gain(settings, without, design, round, 4, faster);
  const std::string gains = one + four;
  const std::string verdict = faster == 2 ? "No swaps would be faster here. " : faster == 0 && !gains.empty() ? "Swapping is faster here. " : "";
  return "      Without swaps, as in config/no-swap.yaml:  substitutes: { " + words + " }\n" +
         (gains.empty() ? "" : "      Simulated, teams of agents that take turns:\n" + gains) + smaller(settings, swap) +
         "      " + verdict + "Without swaps another model answers, so it is your choice.\n";
}

}  // namespace rr::app
