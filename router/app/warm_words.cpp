#include "app/warm_words.hpp"

#include <algorithm>
#include <cmath>

namespace rr::app {

namespace {

constexpr int width = 20;

using api::Json;

// A member that may be missing, on the way down.
const Json& at(const Json& json, const std::string& name) {
  static const Json none;
  const auto found = json.is_object() ? json.find(name) : json.end();
  return json.is_object() && found != json.end() ? *found : none;
}

std::string word(const Json& json, const std::string& name) {
  const Json& value = at(json, name);
  return value.is_string() ? value.get<std::string>() : "";
}

std::string swap_words(const Json& swap, const std::string& node) {
  const std::string phase = word(swap, "phase"), model = word(swap, "model");
  std::string victims;
  for (const Json& v : at(swap, "victims")) victims += (victims.empty() ? "" : " and ") + (v.is_string() ? v.get<std::string>() : "");
  if (phase == "draining") return "waiting until " + victims + " on " + node + " has answered";
  if (phase == "unloading") return "unloading " + victims + " on " + node;
  return "loading " + model + " on " + node;
}

}  // namespace

Progress progress_words(const Json& health, const std::string& name, Duration elapsed) {
  const Json& role = at(at(health, "roles"), name);
  if (!role.is_object()) return {};
  const std::string node = word(role, "node"), state = word(role, "state");
  const Json& swap = at(at(at(health, "nodes"), node), "swap");
  Progress out;
  if (swap.is_object()) out.phase = swap_words(swap, node);
  else if (state == "ready") out.phase = word(role, "model") + " is on " + node + ", waiting for its turn";
  else out.phase = "waiting: " + (word(role, "why").empty() ? state : word(role, "why"));
  const double passed = in_seconds(elapsed);
  const Json& expected = at(role, "expected_s");
  double share = state == "ready" ? 1 : 0;
  out.words = out.phase + ", " + std::to_string(std::llround(passed)) + " s";
  if (expected.is_number()) {
    const double all = passed + std::max(0.0, expected.get<double>());
    if (all > 0) share = passed / all;
    out.words += " of about " + std::to_string(std::llround(all)) + " s";
  }
  const int full = std::clamp(static_cast<int>(share * width), 0, width);
  out.bar = "[" + std::string(static_cast<std::size_t>(full), '#') + std::string(static_cast<std::size_t>(width - full), '.') + "]";
  return out;
}

}  // namespace rr::app
