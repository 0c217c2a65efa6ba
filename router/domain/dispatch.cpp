#include "domain/dispatch.hpp"

#include <algorithm>

namespace rr {

namespace {
std::string at(const NodeName& node, const ModelName& model) { return node + "/" + model.key(); }
}  // namespace

Dispatch::Dispatch(Snapshot settings, Time now) : settings_(std::move(settings)) {
  for (const NodeSettings& node : settings_->nodes) {
    fleet_.nodes.push_back({.name = node.name, .since = now});
    gates_[node.name];
  }
  note_roles(now);
}

std::vector<Command> Dispatch::on(const Event& event, Time now) {
  out_.clear();
  policy_wake_.reset();
  std::visit([&](const auto& e) { on_event(e, now); }, event);
  wake(now);
  return std::move(out_);
}

void Dispatch::on_event(const Arrived& e, Time now) {
  ++ledger_.arrived;
  enter({.ask = e.ask, .node = {}, .arrived = now}, now);
}

void Dispatch::enter(Waiter waiter, Time now) {
  auto placed = place(waiter.ask, fleet_, *settings_);
  if (!placed) return refuse(waiter.ask, placed.error());
  waiter.node = placed->node;
  if (settings_->policy == PolicyName::passthrough) return grant(waiter, now);
  if (static_cast<int>(line_.size()) >= settings_->limits.waiting)
    return refuse(waiter.ask, {.code = "line_full", .side = Side::router, .status = 503,
                               .sentence = std::to_string(line_.size()) + " requests wait already (limits.waiting); ask again later, "
                                           "or see /health for what they wait for",
                               .retry_after_s = 10});
  const NodeName node = waiter.node;
  line_.push_back(std::move(waiter));
  ledger_.waiting = static_cast<int>(line_.size());
  advance(node, now);
}

void Dispatch::grant(Waiter& waiter, Time now) {
  const Ask& ask = waiter.ask;
  const ModelSettings& model = settings_->model(ask.model);
  Grant grant{.id = ask.id, .node = waiter.node, .model = ask.model, .num_ctx = ask.num_ctx, .keep_alive = {}, .use_mmap = model.use_mmap};
  if (const NodeBelief* node = fleet_.node(waiter.node))
    if (const Installed* installed = node->find(ask.model)) grant.model = installed->name;  // the node's own spelling
  if (settings_->policy != PolicyName::passthrough) {
    grant.keep_alive = settings_->keep_alive(ask.model, ask.role);
    gate_of(waiter.node).grant(ask.model, *grant.keep_alive, now);
  }
  grant.queued = now - waiter.arrived;
  grant.swapped = waiter.swapped;
  running_[ask.id] = {.ask = ask, .node = waiter.node, .model = ask.model, .granted = now};
  ledger_.granted = static_cast<int>(running_.size());
  out_.push_back(std::move(grant));
}

void Dispatch::refuse(const Ask& ask, Refusal refusal) {
  ++ledger_.refused[refusal.code];
  out_.push_back(Refuse{ask.id, std::move(refusal)});
}

void Dispatch::on_event(const Left& e, Time now) {
  const auto found = std::find_if(line_.begin(), line_.end(), [&](const Waiter& w) { return w.ask.id == e.id; });
  if (found == line_.end()) return;
  ++ledger_.left;
  const NodeName node = found->node;
  const ModelName model = found->ask.model;
  line_.erase(found);
  ledger_.waiting = static_cast<int>(line_.size());
  Gate& gate = gate_of(node);
  const bool wanted = std::any_of(line_.begin(), line_.end(), [&](const Waiter& w) { return w.node == node && w.ask.model == model; });
  if (!wanted && gate.phase() == SwapPhase::draining && gate.swap().model == model) gate.drop(now);
  advance(node, now);
}

void Dispatch::on_event(const Ended& e, Time now) {
  const auto found = running_.find(e.id);
  if (found == running_.end()) return;
  const Running was = found->second;
  running_.erase(found);
  ledger_.granted = static_cast<int>(running_.size());
  const Outcome& outcome = e.outcome;
  switch (outcome.ending) {
    case Ending::ok: ++ledger_.answered; break;
    case Ending::refused: ++ledger_.answered; break;
    case Ending::client_left: ++ledger_.left; break;
    case Ending::node_failed: ++ledger_.failed; break;
  }
  if (outcome.prompt_tokens > 200 && outcome.prompt_time > std::chrono::milliseconds(1)) {
    const double tps = static_cast<double>(outcome.prompt_tokens) / std::chrono::duration<double>(outcome.prompt_time).count();
    double& known = ledger_.prefill_tps[at(was.node, was.model)];
    known = known > 0 ? 0.8 * known + 0.2 * tps : tps;
  }
  if (settings_->policy == PolicyName::passthrough) return;
  const bool in_prompt = outcome.ending == Ending::client_left && outcome.sent && !outcome.content_began && was.ask.purpose == Purpose::answer;
  if (const Duration rest = in_prompt ? prompt_rest(was, now) : Duration::zero(); rest > Duration::zero()) {
    ghosts_.push_back({.node = was.node, .model = was.model, .until = now + rest});
  } else {
    run(was.node, gate_of(was.node).ended(was.model, facts(was.node), now), now);
  }
  advance(was.node, now);
}

// A request that is cancelled in its prompt goes on to the prompt's end inside the node (reference/ollama-measured.md).
Duration Dispatch::prompt_rest(const Running& was, Time now) const {
  const auto known = ledger_.prefill_tps.find(at(was.node, was.model));
  const double tps = known == ledger_.prefill_tps.end() ? 200.0 : known->second;
  const auto whole = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(static_cast<double>(was.ask.tokens) / tps));
  return std::clamp(whole - (now - was.granted), Duration::zero(), settings_->prefill_grace);
}

void Dispatch::on_event(const Observed& e, Time now) {
  NodeBelief* node = fleet_.node(e.node);
  if (!node) return;
  if (node->state != NodeState::up) {
    if (node->state == NodeState::down) out_.push_back(Note{Note::Level::info, "node " + e.node + " answers again"});
    node->state = NodeState::up;
    node->since = now;
    node->why.clear();
  }
  node->heard = now;
  node->rtt = e.rtt;
  node->residents = e.residents;
  Gate& gate = gate_of(e.node);
  run(e.node, gate.observed(e.residents, facts(e.node), now), now);
  advance(e.node, now);
  note_roles(now);
}

void Dispatch::on_event(const Inventory& e, Time now) {
  NodeBelief* node = fleet_.node(e.node);
  if (!node) return;
  node->version = e.version;
  node->installed = e.models;
  node->inventory_known = true;
  for (const RoleSettings& role : settings_->roles)
    if (std::find(role.nodes.begin(), role.nodes.end(), e.node) != role.nodes.end() && !node->find(role.model) && !node->heard)
      out_.push_back(Note{Note::Level::warn, "role " + role.name + ": " + role.model.spelt() + " is not on " + e.node + "; there: ollama pull " +
                                                 role.model.spelt()});
  note_roles(now);
}

void Dispatch::on_event(const Lost& e, Time now) {
  NodeBelief* node = fleet_.node(e.node);
  if (!node) return;
  if (node->state != NodeState::down) {
    out_.push_back(Note{Note::Level::warn, "node " + e.node + " is down: " + e.why});
    node->since = now;
  }
  node->state = NodeState::down;
  node->why = e.why;
  node->residents.clear();
  gate_of(e.node).lost(now);
  move_waiters_from(e.node, now);
  note_roles(now);
}

// Their node is down or gone from the configuration: each is placed again, or told why not.
void Dispatch::move_waiters_from(const NodeName& node, Time now) {
  std::vector<Waiter> moving;
  for (auto it = line_.begin(); it != line_.end();) {
    if (it->node == node) moving.push_back(std::move(*it)), it = line_.erase(it);
    else ++it;
  }
  ledger_.waiting = static_cast<int>(line_.size());
  for (Waiter& waiter : moving) enter(std::move(waiter), now);
}

void Dispatch::on_event(const LoadEnded& e, Time now) {
  Gate& gate = gate_of(e.node);
  if (e.failed) {
    out_.push_back(Note{Note::Level::warn, "loading " + e.model.spelt() + " on " + e.node + " failed: " + *e.failed});
    run(e.node, gate.failed(e.model, *e.failed, now), now);
  } else {
    ++ledger_.loads;
    if (auto began = load_began_.find(at(e.node, e.model)); began != load_began_.end()) {
      const double took = std::chrono::duration<double>(now - began->second).count();
      double& known = ledger_.load_s[at(e.node, e.model)];
      known = known > 0 ? (known + took) / 2 : took;
      load_began_.erase(began);
      out_.push_back(Note{Note::Level::info, "loaded " + e.model.spelt() + " on " + e.node + " in " + to_text(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(took)))});
    }
    run(e.node, gate.loaded(e.model, facts(e.node), now), now);
  }
  advance(e.node, now);
  note_roles(now);
}

void Dispatch::on_event(const UnloadEnded& e, Time now) {
  Gate& gate = gate_of(e.node);
  if (e.failed) run(e.node, gate.failed(e.model, *e.failed, now), now);
  else ++ledger_.unloads, out_.push_back(Look{e.node});
  advance(e.node, now);
}

void Dispatch::on_event(const UnloadWanted& e, Time now) {
  for (const auto& [node, gate] : gates_) {
    if (!gate.find(e.model)) continue;
    if (settings_->pinned(e.model, node)) {
      out_.push_back(Note{Note::Level::info, e.model.spelt() + " stays on " + node + ": a role pins it (keep_alive -1)"});
      continue;
    }
    unloads_.push_back({.node = node, .model = e.model});
  }
  for (const NodeSettings& node : settings_->nodes) advance(node.name, now);
}

void Dispatch::on_event(const Adopted& e, Time now) {
  settings_ = e.settings;
  Fleet next;
  for (const NodeSettings& node : settings_->nodes) {
    NodeBelief* known = fleet_.node(node.name);
    next.nodes.push_back(known ? std::move(*known) : NodeBelief{.name = node.name, .since = now});
    gates_[node.name];
  }
  fleet_ = std::move(next);
  std::vector<NodeName> gone;
  for (const auto& [name, gate] : gates_)
    if (!settings_->node(name)) gone.push_back(name);
  for (const NodeName& name : gone) {
    const bool used = std::any_of(running_.begin(), running_.end(), [&](const auto& r) { return r.second.node == name; });
    if (!used) gates_.erase(name);
    move_waiters_from(name, now);
  }
  last_refusal_.clear();
  for (const NodeSettings& node : settings_->nodes) advance(node.name, now);
  note_roles(now);
}

void Dispatch::on_event(const Ticked&, Time now) {
  for (auto it = ghosts_.begin(); it != ghosts_.end();) {
    if (it->until > now) {
      ++it;
      continue;
    }
    const Ghost ghost = *it;
    it = ghosts_.erase(it);
    run(ghost.node, gate_of(ghost.node).ended(ghost.model, facts(ghost.node), now), now);
  }
  for (auto& [name, gate] : gates_) run(name, gate.tick(facts(name), now), now);
  for (const NodeSettings& node : settings_->nodes) advance(node.name, now);
  note_roles(now);
}

const Gate* Dispatch::gate(std::string_view node) const {
  const auto found = gates_.find(NodeName(node));
  return found == gates_.end() ? nullptr : &found->second;
}

int Dispatch::in_flight() const { return static_cast<int>(running_.size()); }
int Dispatch::waiting() const { return static_cast<int>(line_.size()); }

}  // namespace rr
