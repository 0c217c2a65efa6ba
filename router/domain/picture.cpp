// What a person may look at: roles, nodes, who waits for what.
#include "domain/dispatch.hpp"

#include <algorithm>

namespace rr {

namespace {

std::vector<RoleName> roles_of(const Settings& settings, const ModelName& model) {
  std::vector<RoleName> out;
  for (const RoleSettings& role : settings.roles)
    if (role.model == model) out.push_back(role.name);
  return out;
}

std::string spoken(const Settings& settings, const ModelName& model) {
  const auto roles = roles_of(settings, model);
  return roles.empty() ? model.spelt() : roles.front();
}

std::string spoken(const Settings& settings, const std::vector<ModelName>& models) {
  std::string out;
  for (std::size_t i = 0; i < models.size(); ++i)
    out += (i == 0 ? "" : i + 1 == models.size() ? " and " : ", ") + spoken(settings, models[i]);
  return out;
}

Ask ask_of(const RoleSettings& role, const Settings& settings) {
  Ask ask;
  ask.role = role.name;
  ask.model = role.model;
  ask.asked_model = role.name;
  ask.nodes = role.nodes;
  ask.num_ctx = settings.model(role.model).num_ctx;
  return ask;
}

std::string load_words(const Footprint& need) {
  if (!need.known || need.weights <= 0) return "it loads";
  const Bytes tenths = (need.weights + gb / 20) / (gb / 10);
  const std::string size = tenths >= 100 ? std::to_string((tenths + 5) / 10) : std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
  return size + " GB load";
}

}  // namespace

// Measured, else 1 GB/s and the 2.5 s that every load takes.
Duration Dispatch::expected_load(const NodeName& node, const ModelName& model) const {
  return from_seconds(seen_.pace.load_s(node, model, footprint(*settings_, fleet_, node, model).weights));
}

// Nothing when only a slot is missing: how long an answer takes is not known.
std::optional<Duration> Dispatch::expected_ready(const NodeName& node, const ModelName& model, Time now) const {
  const Gate* g = gate(node);
  if (!g || g->ready(model, facts(node), now)) return std::nullopt;
  const Duration own = expected_load(node, model);
  if (g->phase() == SwapPhase::steady || g->swap().model.empty()) return own;
  Duration rest = expected_load(node, g->swap().model);
  if (g->phase() == SwapPhase::loading) rest = std::max(Duration::zero(), rest - (now - g->phase_since()));
  return g->swap().model == model ? rest : rest + own;
}

RolePicture Dispatch::role_state(const RoleSettings& role, Time now) const {
  RolePicture out{.name = role.name, .state = "unavailable", .model = role.model, .instead_of = role.instead_of, .node = role.nodes.front(), .why = "", .expected = {}, .required = role.required};
  const auto node = where(ask_of(role, *settings_), now);
  if (!node) {
    out.why = node.error().sentence;
    return out;
  }
  out.node = *node;
  const NodeBelief* belief = fleet_.node(out.node);
  const Gate* g = gate(out.node);
  if (!g || !belief || belief->state == NodeState::unknown) {
    out.why = "no word from " + out.node + " yet";
    return out;
  }
  if (belief->drained) {
    out.why = out.node + " is drained; back with: role-router undrain " + out.node;
    return out;
  }
  if (passthrough()) {
    out.state = g->find(role.model) ? "ready" : "after_swap";
    return out;
  }
  const GateFacts& known = facts(out.node);
  if (g->ready(role.model, known, now)) {
    out.state = "ready";
  } else if (!g->find(role.model) && g->hopeless(role.model, known)) {
    out.why = role.model.spelt() + " does not fit beside what is pinned on " + out.node;
  } else {
    out.state = "after_swap";
  }
  return out;
}

RolePicture Dispatch::role_picture(const RoleSettings& role, Time now) const {
  RolePicture out = role_state(role, now);
  if (out.state == "after_swap") {
    if (const auto e = expected(ask_of(role, *settings_), now)) out.expected = e->granted;
    out.why = swap_words(role, out.node, now);
  }
  if (auto known = role_state_.find(role.name); known != role_state_.end() && known->second.first == out.state) out.in_state = now - known->second.second;
  return out;
}

// "coder and tester leave when idle, then 52 GB load"
std::string Dispatch::swap_words(const RoleSettings& role, const NodeName& node, Time now) const {
  const Gate& g = *gate(node);
  const Proposal& swap = g.swap();
  const std::string load = load_words(footprint(*settings_, fleet_, node, role.model));
  const auto leave = [&](const std::vector<ModelName>& models, const char* when) {
    return spoken(*settings_, models) + (models.size() > 1 ? " leave " : " leaves ") + when + ", then " + load;
  };
  if (passthrough()) return load;
  if (g.phase() != SwapPhase::steady && swap.model == role.model)
    return g.phase() == SwapPhase::loading || swap.victims.empty() ? load + " under way" : leave(swap.victims, "now");
  if (g.phase() != SwapPhase::steady) {
    const std::string first = swap.model.empty() ? spoken(*settings_, swap.victims) + " to leave" : "the swap to " + spoken(*settings_, swap.model);
    return "after " + first + ", then " + load;
  }
  const GateFacts& known = facts(node);
  std::vector<Waiting> wanted{{.model = role.model, .count = 1, .oldest = now}};
  const PolicyView view{g, known, wanted, *settings_, node, seen_};
  Wish wish = next(settings_->policy, view, now);
  if (std::holds_alternative<WaitUntil>(wish)) {  // somebody busy has to leave: who, if it came to that
    wanted.front().oldest = now - settings_->max_wait;
    wish = next(settings_->policy, view, now);
  }
  const auto* proposal = std::get_if<Proposal>(&wish);
  return proposal && !proposal->victims.empty() && proposal->model == role.model ? leave(proposal->victims, "when idle") : load;
}

NodePicture Dispatch::node_picture(const NodeBelief& belief, Time now) const {
  const NodeSettings* node = settings_->node(belief.name);
  NodePicture out{.belief = belief, .at_work = at_work(belief.name), .foreign_swaps = foreign_.count(belief.name) ? foreign_.at(belief.name).swaps() : 0, .limit = node ? node->gpu_memory : 0, .used = 0, .models = {}, .swap = {}};
  const Gate* g = gate(belief.name);
  if (!g) return out;
  const bool kept = !settings_->runs(belief.name).loads;  // by its server, which may list many: those that matter here are shown
  for (const Held& h : g->held()) {
    if (kept && h.in_flight == 0 && roles_of(*settings_, h.model).empty()) continue;
    ModelPicture m{.model = h.model, .roles = roles_of(*settings_, h.model), .bytes = h.bytes, .vram = h.bytes, .num_ctx = h.num_ctx,
                   .in_flight = h.in_flight, .lease = {}};
    for (const Resident& r : belief.residents)
      if (r.name == h.model) m.vram = r.size_vram;
    if (h.in_flight == 0 && h.expires) m.lease = std::max(Duration::zero(), *h.expires - now);
    if (h.in_flight > 0 && !passthrough() && !h.next.forever()) m.lease = h.next.value;  // begins anew when it is idle
    if (const KeepAlive keep = settings_->keep_alive(h.model, ""); !kept && settings_->policy == PolicyName::smart && !keep.forever() && !keep.zero())
      m.lease = h.in_flight > 0 ? keep.value : std::max(Duration::zero(), h.used + keep.value - now);  // kept by the router
    out.models.push_back(std::move(m));
  }
  out.used = g->used();
  if (g->phase() != SwapPhase::steady)
    out.swap = SwapPicture{.phase = g->phase(), .model = g->swap().model, .victims = g->swap().victims, .because = g->swap().because, .since = now - g->swap_since()};
  return out;
}

// "coder r-000412 to finish, then a swap"
std::string Dispatch::for_what(const Waiter& w, Time now) const {
  const Gate* g = gate(w.node);
  const NodeBelief* belief = fleet_.node(w.node);
  if (!g || !belief || belief->state != NodeState::up) return "word from " + w.node;
  if (const auto other = foreign_.find(w.node); other != foreign_.end() && other->second.keeps_off(now) && !g->ready(w.ask.model, facts(w.node), now))
    return w.node + " to be left alone by somebody else, who swaps models there";
  if (belief->drained) return w.node + " to be given back: role-router undrain " + w.node;
  const ModelName& model = w.ask.model;
  const auto finish = [&](auto concerns) {
    for (const auto& [id, r] : running_)
      if (r.node == w.node && concerns(r.model)) return (r.ask.role.empty() ? r.model.spelt() : r.ask.role) + " " + id_text(id) + " to finish";
    for (const Ghost& ghost : ghosts_)
      if (ghost.node == w.node && concerns(ghost.model)) return "the prompt of a cancelled " + spoken(*settings_, ghost.model) + " request to end";
    return std::string();
  };
  const Proposal& swap = g->swap();
  const auto victim = [&](const ModelName& m) { return std::find(swap.victims.begin(), swap.victims.end(), m) != swap.victims.end(); };
  if (g->phase() != SwapPhase::steady && swap.model == model) {
    if (g->phase() == SwapPhase::loading) return spoken(*settings_, model) + " to load";
    if (g->phase() == SwapPhase::unloading) return spoken(*settings_, swap.victims) + " to leave, then " + spoken(*settings_, model) + " loads";
    return finish(victim) + ", then a swap";
  }
  if (g->phase() != SwapPhase::steady && (victim(model) || !g->find(model)))
    return (swap.model.empty() ? spoken(*settings_, swap.victims) + " to leave" : "the swap to " + spoken(*settings_, swap.model)) + ", then a swap back";
  if (g->ready(model, facts(w.node), now)) return finish([&](const ModelName& m) { return m == model; });
  std::string busy = finish([&](const ModelName& m) { return !settings_->pinned(m, w.node); });
  return busy.empty() ? "a swap" : busy + ", then a swap";
}

Picture Dispatch::picture(Time now) const {
  Picture out;
  for (const RoleSettings& role : settings_->roles) out.roles.push_back(role_picture(role, now));
  for (const NodeBelief& belief : fleet_.nodes) out.nodes.push_back(node_picture(belief, now));
  std::map<NodeName, int> places;
  const auto forecasts = forecast(now);
  for (const Waiter& w : line_)
    out.waiting.push_back({.id = w.ask.id, .role = w.ask.role, .for_what = for_what(w, now), .place = ++places[w.node], .waited = now - w.arrived,
                           .expected = forecasts.count(w.ask.id) ? std::optional(forecasts.at(w.ask.id).first_token) : std::nullopt});
  out.in_flight = in_flight();
  out.warnings = warnings(now);
  return out;
}

// Remembers since when each role is in its state, so that /health can tell a hiccup from an outage.
void Dispatch::note_roles(Time now) {
  for (const RoleSettings& role : settings_->roles) {
    const std::string state = role_state(role, now).state;
    auto& known = role_state_[role.name];
    if (known.first != state) known = {state, now};
  }
}

}  // namespace rr
