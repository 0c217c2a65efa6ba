#include "api/report.hpp"

#include "api/json.hpp"

#include <algorithm>
#include <cmath>

namespace rr::api {
namespace {

double tenths(double value) { return std::round(value * 10) / 10; }
double gib_of(Bytes bytes) { return tenths(static_cast<double>(bytes) / static_cast<double>(gib)); }
std::int64_t whole_seconds(Duration d) { return std::llround(in_seconds(d)); }

Json or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

std::string_view state_word(NodeState state) {
  switch (state) {
    case NodeState::up: return "up";
    case NodeState::down: return "down";
    default: return "unknown";
  }
}

Json role(const RolePicture& picture) {
  Json out{{"state", picture.state}, {"model", picture.model.spelt()}, {"node", picture.node}};
  if (!picture.instead_of.empty()) out["instead_of"] = picture.instead_of.spelt();
  if (!picture.why.empty()) out["why"] = picture.why;
  if (picture.expected) out["expected_s"] = whole_seconds(*picture.expected);
  return out;
}

std::string in_one(const std::vector<RoleName>& roles) {
  std::string out;
  for (const auto& role : roles) out += (out.empty() ? "" : ", ") + role;
  return out;
}

Json model(const ModelPicture& picture, const Engine& engine) {
  const double on_gpu = picture.bytes > 0 ? static_cast<double>(picture.vram) / static_cast<double>(picture.bytes) : 0;
  Json out{{"name", picture.model.spelt()}};
  out["role"] = picture.roles.empty() ? Json(nullptr) : Json(in_one(picture.roles));
  const bool told = engine.loads;  // else its server does not say, but perhaps the context
  out["gib"] = told ? Json(gib_of(picture.bytes)) : Json(nullptr);
  out["num_ctx"] = engine.options || picture.num_ctx > 0 ? Json(picture.num_ctx) : Json(nullptr);
  out["on_gpu"] = engine.native ? Json(std::round(on_gpu * 100) / 100) : Json(nullptr);
  out["in_flight"] = picture.in_flight;
  out["lease_s"] = picture.lease ? Json(whole_seconds(*picture.lease)) : Json(nullptr);
  return out;
}

Json swap(const SwapPicture& picture) {
  Json victims = Json::array();
  for (const auto& victim : picture.victims) victims.push_back(victim.spelt());
  return {{"phase", std::string(to_text(picture.phase))}, {"model", picture.model.spelt()}, {"victims", std::move(victims)},
          {"because", picture.because}, {"since_s", whole_seconds(picture.since)}};
}

Json links(const NodeBelief& belief, Time now) {
  Json out = Json::array();
  const auto* used = belief.links.in_use();
  for (const Link& known : belief.links.all()) {
    Json link{{"address", rr::to_text(known.address)}, {"state", std::string(state_word(known.state))}, {"in_use", &known == used}};
    if (known.state == NodeState::up) link["rtt_ms"] = tenths(in_seconds(known.rtt) * 1000);
    if (known.state == NodeState::down) {
      const auto next = whole_seconds(std::max<Duration>(known.asked + belief.links.every(known, now) - now, Duration::zero()));
      link["why"] = known.why + ", next try " + (next > 0 ? "in " + std::to_string(next) + " s" : "now");
    }
    out.push_back(std::move(link));
  }
  return out;
}

Json node(const NodePicture& picture, const Engine& engine, Time now) {
  const auto& belief = picture.belief;
  Json out{{"state", std::string(state_word(belief.state))}};
  if (!belief.why.empty()) out["why"] = belief.why;
  if (belief.drained) out["drained"] = {{"still_running", picture.at_work}};
  if (picture.foreign_swaps > 0) out["foreign_swaps"] = picture.foreign_swaps;
  if (!engine.native) out["type"] = std::string(engine.word);
  else out["ollama"] = belief.version.empty() ? Json(nullptr) : Json(belief.version);
  out["heard_s_ago"] = belief.heard ? Json(tenths(in_seconds(now - *belief.heard))) : Json(nullptr);
  out["links"] = links(belief, now);
  out["memory"] = {{"limit_gib", picture.limit > 0 ? Json(gib_of(picture.limit)) : Json(nullptr)}, {"used_gib", gib_of(picture.used)}};
  out["models"] = Json::array();
  for (const auto& entry : picture.models) out["models"].push_back(model(entry, engine));
  out["swap"] = picture.swap ? swap(*picture.swap) : Json(nullptr);
  return out;
}

Json waiter(const WaitingPicture& picture) {
  Json out{{"id", id_text(picture.id)}};
  out["role"] = picture.role.empty() ? Json(nullptr) : Json(picture.role);
  out["for"] = picture.for_what;
  out["place"] = picture.place;
  out["waited_s"] = whole_seconds(picture.waited);
  out["expected_s"] = picture.expected ? Json(whole_seconds(*picture.expected)) : Json(nullptr);
  return out;
}

}  // namespace

Health health(const Picture& picture, const Settings& settings, const Adoption& adoption, Duration up, Time now) {
  const auto missing = [](const RolePicture& r) { return r.state == "unavailable"; };
  const auto long_missing = [&](const RolePicture& r) { return missing(r) && r.required && r.in_state > std::chrono::seconds(10); };
  const bool failed = std::any_of(picture.roles.begin(), picture.roles.end(), long_missing);
  const bool degraded = std::any_of(picture.roles.begin(), picture.roles.end(), missing) ||
                        std::any_of(picture.nodes.begin(), picture.nodes.end(),
                                    [](const NodePicture& n) { return n.belief.state == NodeState::down; });

  Json out{{"status", failed ? "unavailable" : degraded ? "degraded" : "ok"}, {"version", RR_VERSION}, {"demo", settings.demo}};
  out["up"] = rr::to_text(up);
  out["config"] = {{"file", adoption.file}, {"generation", adoption.generation}, {"adopted", adoption.adopted}, {"refused", or_null(adoption.refused)}};
  out["policy"] = to_text(settings.policy);
  out["roles"] = Json::object();
  for (const auto& entry : picture.roles) out["roles"][entry.name] = role(entry);
  out["nodes"] = Json::object();
  for (const auto& entry : picture.nodes) out["nodes"][entry.belief.name] = node(entry, settings.runs(entry.belief.name), now);
  out["waiting"] = Json::array();
  for (const auto& entry : picture.waiting) out["waiting"].push_back(waiter(entry));
  out["in_flight"] = picture.in_flight;
  out["warnings"] = picture.warnings;
  return {failed ? 503 : 200, out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"};
}

}  // namespace rr::api
