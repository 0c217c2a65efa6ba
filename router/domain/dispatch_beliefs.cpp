// What nodes, the clock and the operator tell the dispatch: beliefs, finished orders, new settings.
#include "domain/dispatch.hpp"

#include "domain/alias.hpp"

#include <algorithm>
#include <utility>

namespace rr {

namespace {

std::string missing_line(const RoleSettings& role, const NodeName& node, const Settings& settings) {
  return "role " + role.name + ": " + role.model.spelt() + " is not on " + node + "; " + to_bring(role.model, node, settings);
}

// Other addresses beside one that stays are the same machine's.
bool meet(const std::vector<Address>& a, const std::vector<Address>& b) {
  return std::any_of(a.begin(), a.end(), [&](const Address& one) { return std::find(b.begin(), b.end(), one) != b.end(); });
}

std::string others_line(const NodeName& node, const Foreign& foreign) {
  return node + ": somebody else swaps models there (" + std::to_string(foreign.swaps()) + " so far, the last " + foreign.last().spelt() +
         "): this router swaps nothing there until it has been quiet for 5 minutes. If it is another role-router, let one lead: point the clients of the other one at it";
}

bool lists(const RoleSettings& role, const NodeName& node) {
  return std::find(role.nodes.begin(), role.nodes.end(), node) != role.nodes.end();
}

}  // namespace

void Dispatch::on_event(const Observed& e, Time now) {
  NodeBelief* node = fleet_.node(e.node);
  Gate* gate = gate_of(e.node);
  if (!node || !gate) return;
  if (node->state != NodeState::up) {
    if (node->state == NodeState::down)
      out_.push_back(Note{Note::Level::info, "node " + e.node + " answers again after " + to_text(now - node->since)});
    node->state = NodeState::up;
    node->since = now;
    node->why.clear();
  }
  node->heard = now;
  node->rtt = e.rtt;
  node->residents = e.residents;
  for (const Resident& r : e.residents) node->measure(r);
  Foreign& foreign = foreign_[e.node];
  const bool kept_off = foreign.keeps_off(now);
  for (const Resident& r : e.residents)  // the same weights under another of their names
    for (const Installed& i : node->installed)
      if (!r.digest.empty() && i.digest == r.digest && foreign.is_ours(i.name)) foreign.ours(r.name);
  for (const Held& h : std::as_const(*gate).held())  // under a request: where it went, the node brings it back for that
    if (h.in_flight > 0) foreign.ours(h.model);
  if (!passthrough() && settings_->runs(e.node).loads && foreign.observed(e.residents, now)) {
    out_.push_back(Note{Note::Level::info, e.node + ": somebody else has loaded " + foreign.last().spelt()});
    if (!kept_off && foreign.keeps_off(now)) out_.push_back(Note{Note::Level::warn, others_line(e.node, foreign)});
  }
  facts_.clear();
  run(e.node, gate->observed(e.residents, facts(e.node), now), now);
  seen_.forget_if([&](const auto& c) {  // of a model that is not there any more
    return c.first.starts_with(e.node + "/") && std::none_of(gate->held().begin(), gate->held().end(), [&](const Held& h) { return pace_key(e.node, h.model) == c.first; });
  });
  for (Ghost& ghost : ghosts_) {  // a prompt is not computed in an engine that is gone
    const Held* held = ghost.node == e.node ? std::as_const(*gate).find(ghost.model) : nullptr;
    if (held && held->missed >= 2) ghost.until = now;
  }
  end_ghosts(now);
  advance(e.node, now);
  note_roles(now);
}

void Dispatch::on_event(const Inventory& e, Time now) {
  NodeBelief* node = fleet_.node(e.node);
  if (!node) return;
  for (const RoleSettings& role : settings_->roles) {
    if (!lists(role, e.node)) continue;
    const bool there = std::any_of(e.models.begin(), e.models.end(), [&](const Installed& i) { return i.name == role.model; });
    const bool was = !node->inventory_known || node->find(role.model);
    if (!there && was) out_.push_back(Note{Note::Level::warn, missing_line(role, e.node, *settings_)});
  }
  node->version = e.version;
  node->installed = e.models;
  node->inventory_known = true;
  facts_.clear();
  node->heard = now;
  std::vector<ModelName> missing;
  for (const Waiter& w : line_)
    if (w.node == e.node && !node->find(w.ask.model)) missing.push_back(w.ask.model);
  for (const ModelName& model : missing) move_waiters(e.node, &model, std::nullopt, now);
  advance(e.node, now);
  note_roles(now);
}

void Dispatch::on_event(const Lost& e, Time now) {
  NodeBelief* node = fleet_.node(e.node);
  Gate* gate = gate_of(e.node);
  if (!node || !gate) return;
  if (node->state != NodeState::down) {
    out_.push_back(Note{Note::Level::warn, "node " + e.node + " is down: " + e.why});
    node->since = now;
  }
  node->state = NodeState::down;
  node->why = e.why;
  node->residents.clear();
  facts_.clear();
  gate->lost(now);
  foreign_[e.node].forget();
  seen_.node_lost(e.node);
  std::erase_if(unloads_, [&](const Order& o) { return o.node == e.node; });
  move_waiters(e.node, nullptr, std::nullopt, now);
  note_roles(now);
}

void Dispatch::on_event(const LoadEnded& e, Time now) {
  Gate* gate = gate_of(e.node);
  if (!gate) return;
  const std::string key = e.node + "/" + e.model.key();
  stories_.load_ended(e.node, e.model, !e.failed, now);
  const auto began = load_began_.find(key);
  if (e.failed) {
    out_.push_back(Note{Note::Level::warn, "loading " + e.model.spelt() + " on " + e.node + " failed: " + *e.failed});
    run(e.node, gate->load_failed(e.model, *e.failed, now, e.status), now);
  } else {
    ++ledger_.loads;
    foreign_[e.node].ours(e.model);  // also when it was seen to go meanwhile
    if (began != load_began_.end()) {
      seen_.pace.loaded(e.node, e.model, facts(e.node).model(e.model).file, in_seconds(now - began->second));
      out_.push_back(Note{Note::Level::info, e.node + ": loaded " + e.model.spelt() + " in " + to_text(now - began->second)});
    }
    note_swap_time(e.node, e.model, *gate, now);
    run(e.node, gate->loaded(e.model, facts(e.node), now), now);
  }
  if (began != load_began_.end()) load_began_.erase(began);
  forget_gate(e.node);
  advance(e.node, now);
  note_roles(now);
}

void Dispatch::on_event(const UnloadEnded& e, Time now) {
  Gate* gate = gate_of(e.node);
  if (!gate) return;
  if (e.failed) {
    out_.push_back(Note{Note::Level::warn, "unloading " + e.model.spelt() + " on " + e.node + " failed: " + *e.failed});
    run(e.node, gate->unload_failed(e.model, *e.failed, now, e.status), now);
  } else {
    ++ledger_.unloads;
    run(e.node, gate->unloaded(e.model, now), now);
  }
  forget_gate(e.node);
  advance(e.node, now);
}

void Dispatch::on_event(const UnloadWanted& e, Time now) {
  for (const auto& [node, gate] : gates_) {
    const NodeBelief* belief = fleet_.node(node);
    const ModelName model = belief && !passthrough() ? counted_as(e.model, *belief, *settings_) : e.model;
    if (!gate.find(model) || !settings_->node(node)) continue;
    if (passthrough() && settings_->runs(node).loads) {
      out_.push_back(Unload{node, model});
    } else if (!settings_->runs(node).loads) {
      out_.push_back(Note{Note::Level::info, model.spelt() + " stays on " + node + ": its server keeps its own models"});
    } else if (settings_->pinned(model, node)) {
      out_.push_back(Note{Note::Level::info, model.spelt() + " stays on " + node + ": a role pins it (keep_alive -1)"});
    } else {
      unloads_.push_back({.node = node, .model = model});
    }
  }
  advance_all(now);
}

void Dispatch::on_event(const Adopted& e, Time now) {
  const Snapshot before = std::exchange(settings_, e.settings);
  Fleet next;
  for (const NodeSettings& node : settings_->nodes) {
    NodeBelief* known = fleet_.node(node.name);
    const NodeSettings* was = before->node(node.name);
    const bool same = known && was && was->type == node.type && meet(was->addresses, node.addresses);
    next.nodes.push_back(same ? std::move(*known) : NodeBelief{.name = node.name, .since = now});
    next.nodes.back().links.settings(node.addresses, now);
    if (known && !same) {  // another machine answers to this name
      gates_[node.name].lost(now);
      foreign_[node.name].forget();
      seen_.node_lost(node.name);
    }
    gates_[node.name];
  }
  std::vector<NodeName> elsewhere;
  for (const NodeBelief& node : fleet_.nodes)
    if (!settings_->node(node.name)) elsewhere.push_back(node.name);
  fleet_ = std::move(next);
  facts_.clear();
  for (const NodeName& name : elsewhere) {
    if (Gate* gate = gate_of(name)) gate->lost(now);
    forget_gate(name);
    std::erase_if(unloads_, [&](const Order& o) { return o.node == name; });
    policy_wake_.erase(name);
  }
  std::vector<std::pair<NodeName, ModelName>> astray;  // their role runs elsewhere now, or their node is gone
  for (Waiter& w : line_) {
    const RoleSettings* role = settings_->role(w.ask.role);
    if (role && role->model == w.ask.model) w.ask.nodes = role->nodes;
    const bool listed = w.ask.nodes.empty() || std::find(w.ask.nodes.begin(), w.ask.nodes.end(), w.node) != w.ask.nodes.end();
    if (!listed || !settings_->node(w.node)) astray.emplace_back(w.node, w.ask.model);
  }
  for (const auto& [node, model] : astray) move_waiters(node, &model, std::nullopt, now);
  last_refusal_.clear();
  std::erase_if(role_state_, [&](const auto& r) { return !settings_->role(r.first); });
  advance_all(now);
  note_roles(now);
}

void Dispatch::end_ghosts(Time now) {
  for (std::size_t i = 0; i < ghosts_.size();) {
    if (ghosts_[i].until > now) {
      ++i;
      continue;
    }
    const Ghost ghost = ghosts_[i];
    ghosts_.erase(ghosts_.begin() + static_cast<std::ptrdiff_t>(i));
    if (Gate* gate = gate_of(ghost.node)) run(ghost.node, gate->ended(ghost.model, facts(ghost.node), now), now);
    forget_gate(ghost.node);
  }
}

void Dispatch::on_event(const Ticked&, Time now) {
  end_ghosts(now);
  end_shunning(now);
  end_waiting(now);
  for (auto& [name, gate] : gates_)
    if (is_up(name)) run(name, gate.tick(facts(name), now), now);
  advance_all(now);
  note_roles(now);
}

bool Dispatch::is_up(const NodeName& name) const {
  const NodeBelief* node = fleet_.node(name);
  return node && node->state == NodeState::up;
}

void Dispatch::forget_gate(const NodeName& name) {
  const Gate* gate = gate_of(name);
  if (!gate || settings_->node(name)) return;
  const bool running = std::any_of(running_.begin(), running_.end(), [&](const auto& r) { return r.second.node == name; });
  const bool ghosts = std::any_of(ghosts_.begin(), ghosts_.end(), [&](const Ghost& g) { return g.node == name; });
  if (running || ghosts || gate->orders_out()) return;
  gates_.erase(name);
  shares_.erase(name);
  foreign_.erase(name);
}

// Of a model that a role may use on several nodes: whether they have the same one.
std::string Dispatch::differing(const RoleSettings& role) const {
  const Installed* first = nullptr;
  NodeName where;
  for (const NodeName& name : role.nodes) {
    const NodeBelief* node = fleet_.node(name);
    const Installed* here = node ? node->find(role.model) : nullptr;
    if (!here || here->digest.empty()) continue;
    if (first && first->digest != here->digest)
      return "role " + role.name + ": " + role.model.spelt() + " is not the same on " + where + " (" + first->digest.substr(0, 12) + ") and " + name + " (" +
             here->digest.substr(0, 12) + "): ollama pull it on both";
    if (!first) first = here, where = name;
  }
  return "";
}

std::vector<std::string> Dispatch::warnings(Time now) const {
  std::vector<std::string> out;
  for (const RoleSettings& role : settings_->roles)
    if (std::string words = differing(role); !words.empty()) out.push_back(std::move(words));
  for (const NodeBelief& node : fleet_.nodes) {
    if (node.state == NodeState::down) out.push_back(node.name + " is down: " + node.why);
    if (const auto other = foreign_.find(node.name); other != foreign_.end() && other->second.keeps_off(now)) out.push_back(others_line(node.name, other->second));
    if (node.shunned) out.push_back(node.name + " failed " + std::to_string(node.failures) + " answers in a row: other machines go first for a while; see Ollama's log there");
    if (node.drained) out.push_back(node.name + " is drained; back with: role-router undrain " + node.name);
    if (node.state == NodeState::up)
      for (const Resident& r : node.residents)
        if (r.size > 0 && r.size_vram > 0 && r.size_vram < r.size)
          out.push_back(r.name.spelt() + " on " + node.name + " is only " + std::to_string(100 * r.size_vram / r.size) +
                        " % on the GPU: lower its num_ctx or give it more gpu_memory");
    if (!node.inventory_known) continue;
    for (const RoleSettings& role : settings_->roles)
      if (lists(role, node.name) && !node.find(role.model)) out.push_back(missing_line(role, node.name, *settings_));
  }
  return out;
}

}  // namespace rr
