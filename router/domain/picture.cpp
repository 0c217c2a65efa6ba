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

Ask ask_of(const RoleSettings& role, const Settings& settings) {
  Ask ask;
  ask.role = role.name;
  ask.model = role.model;
  ask.asked_model = role.name;
  ask.nodes = role.nodes;
  ask.num_ctx = settings.model(role.model).num_ctx;
  return ask;
}

Duration seconds(double s) { return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s)); }

}  // namespace

Duration Dispatch::expected_load(const NodeName& node, const ModelName& model) const {
  if (auto known = ledger_.load_s.find(node + "/" + model.key()); known != ledger_.load_s.end()) return seconds(known->second);
  const Footprint need = footprint(*settings_, fleet_, node, model);
  return seconds(static_cast<double>(need.weights) / 1e9 + 2.5);
}

RolePicture Dispatch::role_picture(const RoleSettings& role, Time now) const {
  RolePicture out{.name = role.name, .state = "ready", .model = role.model, .node = role.nodes.front(), .why = "", .expected = {}, .required = role.required};
  auto placed = place(ask_of(role, *settings_), fleet_, *settings_);
  if (!placed) {
    out.state = "unavailable";
    out.why = placed.error().sentence;
  } else {
    out.node = placed->node;
    const Gate* g = gate(out.node);
    const Held* held = g ? g->find(role.model) : nullptr;
    if (!held || held->leaving) {
      out.state = "after_swap";
      out.expected = expected_load(out.node, role.model);
      const Bytes limit = settings_->node(out.node) ? settings_->node(out.node)->gpu_memory : 0;
      const Footprint need = footprint(*settings_, fleet_, out.node, role.model);
      if (g && !fits(limit, g->used(), need.total)) {
        for (const Held& h : g->held())
          if (!settings_->pinned(h.model, out.node)) out.why += (out.why.empty() ? "" : " and ") + spoken(*settings_, h.model);
        out.why += out.why.empty() ? "" : " leave first, then ";
      }
      out.why += (need.known ? to_gib(need.weights) + " GiB load" : "it loads");
    }
  }
  if (auto known = role_state_.find(role.name); known != role_state_.end() && known->second.first == out.state) out.in_state = now - known->second.second;
  return out;
}

NodePicture Dispatch::node_picture(const NodeBelief& belief, Time now) const {
  const NodeSettings* node = settings_->node(belief.name);
  NodePicture out{.belief = belief, .limit = node ? node->gpu_memory : 0, .used = 0, .models = {}, .swap = {}};
  const Gate* g = gate(belief.name);
  if (!g) return out;
  for (const Held& h : g->held()) {
    ModelPicture m{.model = h.model, .roles = roles_of(*settings_, h.model), .bytes = h.bytes, .vram = h.bytes, .num_ctx = h.num_ctx, .in_flight = h.in_flight, .lease = {}};
    for (const Resident& r : belief.residents)
      if (r.name == h.model) m.vram = r.size_vram;
    if (settings_->policy == PolicyName::passthrough)
      m.in_flight = static_cast<int>(std::count_if(running_.begin(), running_.end(), [&](const auto& r) { return r.second.node == belief.name && r.second.model == h.model; }));
    if (h.expires) m.lease = std::max(Duration::zero(), *h.expires - now);
    else if (!h.sent.forever() && h.in_flight > 0) m.lease = h.sent.value;
    out.models.push_back(std::move(m));
  }
  out.used = g->used();
  if (g->phase() != SwapPhase::steady)
    out.swap = SwapPicture{.phase = g->phase(), .model = g->swap().model, .victims = g->swap().victims, .because = g->swap().because, .since = now - g->swap_since()};
  return out;
}

Picture Dispatch::picture(Time now) const {
  Picture out;
  for (const RoleSettings& role : settings_->roles) out.roles.push_back(role_picture(role, now));
  for (const NodeBelief& belief : fleet_.nodes) out.nodes.push_back(node_picture(belief, now));
  int place = 0;
  for (const Waiter& w : line_) {
    WaitingPicture p{.id = w.ask.id, .role = w.ask.role, .for_what = "", .place = ++place, .waited = now - w.arrived, .expected = {}};
    const Gate* g = gate(w.node);
    const bool resident = g && g->find(w.ask.model) && !g->find(w.ask.model)->leaving;
    for (const auto& [id, running] : running_)
      if (running.node == w.node && (!resident || running.model == w.ask.model)) {
        p.for_what = spoken(*settings_, running.model) + " " + id_text(id) + " to finish";
        break;
      }
    if (!resident) {
      if (g && g->phase() == SwapPhase::loading && g->swap().model == w.ask.model) p.for_what = "its model to load";
      else p.for_what += (p.for_what.empty() ? "" : ", then ") + std::string("a swap");
      p.expected = expected_load(w.node, w.ask.model);
    }
    out.waiting.push_back(std::move(p));
  }
  out.in_flight = in_flight();
  for (const NodeBelief& node : fleet_.nodes) {
    if (node.state == NodeState::down) out.warnings.push_back(node.name + " is down: " + node.why);
    if (!node.inventory_known) continue;
    for (const RoleSettings& role : settings_->roles)
      if (std::find(role.nodes.begin(), role.nodes.end(), node.name) != role.nodes.end() && !node.find(role.model))
        out.warnings.push_back(role.model.spelt() + " of role " + role.name + " is not on " + node.name + "; there: ollama pull " + role.model.spelt());
  }
  return out;
}

// Remembers since when each role is in its state, so that /health can tell a hiccup from an outage.
void Dispatch::note_roles(Time now) {
  for (const RoleSettings& role : settings_->roles) {
    const std::string state = role_picture(role, now).state;
    auto& known = role_state_[role.name];
    if (known.first != state) known = {state, now};
  }
}

}  // namespace rr
