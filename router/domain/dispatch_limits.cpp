// What the line bears: how many wait, how many of one role and at one node, and how long. Over it a request is refused at once, with the
// time to come back.
#include "domain/dispatch.hpp"

#include <algorithm>

namespace rr {

namespace {

int seconds_1_to_30(Duration d) {
  return static_cast<int>(std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(d).count(), 1, 30));
}

Refusal over(std::string sentence, std::optional<Duration> ready) {
  return {.code = "line_full", .side = Side::router, .status = 503, .sentence = std::move(sentence) + "; /health says for what; ask again later",
          .retry_after_s = seconds_1_to_30(ready.value_or(std::chrono::seconds(5)))};
}

}  // namespace

void Dispatch::shed(TicketId newest, Time now) {
  const auto found = std::find_if(line_.begin(), line_.end(), [&](const Waiter& w) { return w.ask.id == newest; });
  if (found == line_.end()) return;  // it did not wait at all
  const Waiter one = std::move(*found);
  line_.erase(found);
  refuse(one.ask, over(std::to_string(settings_->limits.waiting) + " requests wait already (limits.waiting)", expected_ready(one.node, one.ask.model, now)), now);
  advance(one.node, now);
}

// Those at their bound are passed over as if they had been tried; where that leaves none, it is what the client hears.
Result<Placement> Dispatch::place_within_limits(const Ask& ask, Time now) const {
  const Limits& limits = settings_->limits;
  const auto count = [&](const auto& test) {
    return std::count_if(line_.begin(), line_.end(), [&](const Waiter& w) { return test(w.ask.role, w.node); }) +
           std::count_if(running_.begin(), running_.end(), [&](const auto& r) { return test(r.second.ask.role, r.second.node); });
  };
  if (limits.per_role > 0 && !ask.role.empty() && count([&](const RoleName& role, const NodeName&) { return role == ask.role; }) >= limits.per_role) {
    const auto placed = place(ask, fleet_, *settings_);
    return over(std::to_string(limits.per_role) + " requests of role " + ask.role + " wait or run already (limits.per_role)",
                placed ? expected_ready(placed->node, ask.model, now) : std::nullopt);
  }
  if (limits.per_node <= 0) return place(ask, fleet_, *settings_);
  Ask elsewhere = ask;
  for (const NodeSettings& node : settings_->nodes)
    if (count([&](const RoleName&, const NodeName& name) { return name == node.name; }) >= limits.per_node) elsewhere.avoid.push_back(node.name);
  auto placed = place(elsewhere, fleet_, *settings_);
  if (elsewhere.avoid == ask.avoid) return placed;
  const NodeBelief* other = placed ? fleet_.node(placed->node) : nullptr;
  const bool last_resort = other && (other->drained || other->shunned);  // taken only because the others are full: a wait there may have no end
  if (placed && !last_resort) return placed;
  auto wanted = place(ask, fleet_, *settings_);
  if (!wanted || (placed && wanted->node == placed->node)) return wanted;
  placed = std::move(wanted);
  return over(std::to_string(limits.per_node) + " requests wait or run on " + placed->node + " already (limits.per_node)", expected_ready(placed->node, ask.model, now));
}

// The line is in order of arrival: who has waited too long stands in front.
void Dispatch::end_waiting(Time now) {
  const Duration longest = settings_->limits.wait;
  while (longest > Duration::zero() && !line_.empty() && now - line_.front().arrived >= longest) {
    const Waiter one = std::move(line_.front());
    line_.pop_front();
    const auto ready = expected_ready(one.node, one.ask.model, now);
    refuse(one.ask, {.code = "line_too_long", .side = Side::router, .status = 503,
                     .sentence = one.ask.model.spelt() + " on " + one.node + " had no place for this request in " + to_text(KeepAlive{longest}) +
                                 " (limits.wait); /health says what runs there; ask again later",
                     .retry_after_s = seconds_1_to_30(ready.value_or(std::chrono::seconds(5)))}, now);
    advance(one.node, now);
  }
}

}  // namespace rr
