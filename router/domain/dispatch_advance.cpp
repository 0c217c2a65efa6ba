// How a node moves on after an event: who waits and can be granted is; then the policy is asked; the gate's steps become commands.
#include "domain/dispatch.hpp"

#include <algorithm>

namespace rr {

namespace {
constexpr Duration shortest_load_lease = std::chrono::minutes(1);
}

// The policy's figures for the models that matter on this node now: of its roles, waited for, resident.
const GateFacts& Dispatch::facts(const NodeName& name) const {
  const auto [at, fresh] = facts_.try_emplace(name);
  GateFacts& out = at->second;
  const NodeBelief* belief = fleet_.node(name);
  const NodeSettings* node = settings_->node(name);
  const Engine& runs = settings_->runs(name);
  const auto add = [&](const ModelName& model) {
    if (std::any_of(out.models.begin(), out.models.end(), [&](const auto& m) { return m.name == model; })) return;
    const ModelSettings& m = settings_->model(model);
    const Installed* installed = belief ? belief->find(model) : nullptr;
    const Footprint f = footprint(*settings_, fleet_, name, model);
    out.models.push_back({.name = model, .need = runs.loads ? f.total : 0, .file = f.weights, .kv_per_token = f.kv / std::max(1, m.num_ctx * m.parallel), .parallel = std::max(1, m.parallel),
                          .num_ctx = runs.options ? m.num_ctx : 0, .use_mmap = runs.options ? m.use_mmap : std::nullopt, .pinned = settings_->pinned(model, name), .lease = load_lease(model),
                          .digest = !installed ? std::string() : installed->digest.empty() ? installed->name.key() : installed->digest});
  };
  if (fresh) {
    out.swap_timeout = settings_->swap_timeout;
    out.loads = runs.loads;
    out.leases = runs.options;
    if (node && runs.loads) out.limit = node->gpu_memory;
    for (const RoleSettings& role : settings_->roles)
      if (std::find(role.nodes.begin(), role.nodes.end(), name) != role.nodes.end()) add(role.model);
  }
  for (const Waiter& w : line_)
    if (w.node == name) add(w.ask.model);
  if (const Gate* g = gate(name)) {
    for (const Held& h : g->held()) add(h.model);
    if (g->phase() != SwapPhase::steady && !g->swap().model.empty()) add(g->swap().model);
  }
  return out;
}

KeepAlive Dispatch::load_lease(const ModelName& model) const {
  const KeepAlive keep = settings_->keep_alive(model, "");
  if (keep.zero() || settings_->policy == PolicyName::smart) return for_ever;
  return keep.forever() ? keep : KeepAlive{std::max(keep.value, shortest_load_lease)};
}

std::vector<Waiting> Dispatch::waiting_on(const NodeName& node) const {
  std::vector<Waiting> out;  // the line is in order of arrival: heads come out longest-waiting first
  for (const Waiter& w : line_) {
    if (w.node != node) continue;
    const auto same = std::find_if(out.begin(), out.end(), [&](const Waiting& x) { return x.model == w.ask.model; });
    if (same == out.end()) out.push_back({.model = w.ask.model, .count = 1, .oldest = w.arrived});
    else ++same->count;
  }
  return out;
}

bool Dispatch::awaited(const NodeName& node, const ModelName& model) const {
  return std::any_of(line_.begin(), line_.end(), [&](const Waiter& w) { return w.node == node && w.ask.model == model; });
}

void Dispatch::advance_all(Time now) {
  for (const NodeSettings& node : settings_->nodes) advance(node.name, now);
}

void Dispatch::advance(const NodeName& node, Time now) {
  Gate* gate = gate_of(node);
  const NodeBelief* belief = fleet_.node(node);
  if (!gate || !belief) return;
  policy_wake_.erase(node);
  if (!passthrough() && belief->state != NodeState::up) return;  // nothing is granted before the first word of what is resident
  if (told_failure(node, *gate, now)) return advance(node, now);
  if (gate->phase() == SwapPhase::draining && !gate->swap().model.empty() && !awaited(node, gate->swap().model)) {
    out_.push_back(Note{Note::Level::info, node + ": nobody waits for " + gate->swap().model.spelt() + " any more, its swap is dropped"});
    gate->drop(now);
  }
  if (belief->drained) return;
  grant_ready(node, *gate, now);
  if (gate->phase() == SwapPhase::steady) propose(node, *gate, now);
}

// A swap was given up: who waits for it goes to another node, or hears why.
bool Dispatch::told_failure(const NodeName& node, Gate& gate, Time now) {
  const auto failure = gate.take_failure();
  if (!failure) return false;
  ++ledger_.swaps_given_up;
  const std::string model = failure->model.spelt();
  out_.push_back(Note{Note::Level::warn, node + ": gave up " + (model.empty() ? "an unload" : "the swap to " + model) + ": " + failure->why});
  if (model.empty()) return true;
  Refusal refusal{.code = "load_failed", .side = Side::node, .status = 503,
                  .sentence = model + " could not be loaded on " + node + ": " + failure->why + "; /health shows the node, ask again",
                  .retry_after_s = failure->overdue ? 30 : 2};  // a machine that was lost may be back at the next look
  if (failure->status == 503 || failure->status == 429) {
    refusal.code = "node_full";
    refusal.sentence = node + " takes no more requests (" + failure->why + "), so " + model + " could not be loaded there: others use it beside this router; ask again";
    refusal.retry_after_s = 5;
  } else if (failure->status != 0) {
    refusal.status = 502;
    refusal.sentence = model + " could not be loaded on " + node + ": " + failure->why;
    refusal.retry_after_s.reset();
  }
  move_waiters(node, &failure->model, refusal, now);
  return true;
}

bool Dispatch::grant_ready(const NodeName& node, Gate& gate, Time now) {
  if (std::none_of(line_.begin(), line_.end(), [&](const Waiter& w) { return w.node == node; })) return false;
  const GateFacts& known = facts(node);
  bool any = false;
  for (std::size_t i = 0; i < line_.size();) {  // in order of arrival: who comes later for a model overtakes only by `pick`
    if (line_[i].node != node || !(passthrough() || gate.may_grant(line_[i].ask.model, known, now))) {
      ++i;
      continue;
    }
    const std::size_t first = pick(i, now);
    const auto chosen = line_.begin() + static_cast<std::ptrdiff_t>(first);
    Waiter waiter = std::move(*chosen);
    line_.erase(chosen);
    int& passed = passed_over_[pace_key(node, waiter.ask.model)];
    passed = first == i ? 0 : passed + 1;
    grant(std::move(waiter), now);
    any = true;
  }
  return any;
}

void Dispatch::propose(const NodeName& node, Gate& gate, Time now) {
  const GateFacts& known = facts(node);
  for (auto it = unloads_.begin(); it != unloads_.end();) {
    if (it->node != node) {
      ++it;
      continue;
    }
    const Proposal asked{ModelName{}, {it->model}, "its unload was asked for"};
    it = unloads_.erase(it);
    if (gate.refuses(asked, known, now)) continue;
    return run(node, gate.begin(asked, known, now), now);
  }
  const std::vector<Waiting> waiting = waiting_on(node);
  const PolicyView view{gate, known, waiting, *settings_, node, seen_};
  const Wish wish = next(settings_->policy, view, now);
  if (const auto* until = std::get_if<WaitUntil>(&wish)) policy_wake_[node] = until->at;
  const auto* proposal = std::get_if<Proposal>(&wish);
  if (!proposal) return;
  if (!proposal->model.empty() && known.model(proposal->model).name.empty()) return;  // of no role, not waited for: nothing is known of it
  if (left_to_others(node, *proposal, now)) return;
  const auto why_not = gate.refuses(*proposal, known, now);
  if (!why_not) {
    last_refusal_.erase(node);
    const std::string what = proposal->model.empty() ? "unload " + proposal->victims.front().spelt()
                             : proposal->victims.empty() ? "load " + proposal->model.spelt() : "swap to " + proposal->model.spelt();
    out_.push_back(Note{Note::Level::info, node + ": " + what + ": " + proposal->because});
    if (!proposal->model.empty()) seen_.brought.insert(pace_key(node, proposal->model));
    return run(node, gate.begin(*proposal, known, now), now);
  }
  if (!proposal->model.empty() && gate.hopeless(proposal->model, known)) {
    move_waiters(node, &proposal->model,
                 Refusal{.code = "never_fits", .side = Side::router, .status = 503,
                         .sentence = *why_not + " on " + node + ", where pinned models (keep_alive -1) stay; give the role another node, "
                                     "a smaller model, or a keep_alive that ends to what is pinned there"},
                 now);
    return advance(node, now);
  }
  if (std::exchange(last_refusal_[node], *why_not) != *why_not)
    out_.push_back(Note{Note::Level::info, node + ": not yet: " + *why_not});
}

void Dispatch::run(const NodeName& node, const std::vector<GateStep>& steps, Time now) {
  for (const GateStep& step : steps) {
    tell_deed(node, step, now);
    switch (step.what) {
      case GateStep::What::look: out_.push_back(Look{node}); break;
      case GateStep::What::unload:
        seen_.unloaded(node, step.model, now);
        foreign_[node].leaves(step.model);
        out_.push_back(Unload{node, step.model});
        break;
      case GateStep::What::load: {
        const ModelSettings& model = settings_->model(step.model);
        Load load{.node = node, .model = step.model, .num_ctx = model.num_ctx, .keep_alive = load_lease(step.model), .use_mmap = model.use_mmap};
        if (const NodeBelief* belief = fleet_.node(node))
          if (const Installed* installed = belief->find(step.model)) {
            load.model = installed->name;
            load.embedding = installed->capabilities.count("embedding") && !installed->capabilities.count("completion");
          }
        load_began_[node + "/" + step.model.key()] = now;
        foreign_[node].ours(step.model);
        out_.push_back(std::move(load));
        break;
      }
    }
  }
}

// How much of a waiter's time went into the swap for its model: from the first unload on.
void Dispatch::note_swap_time(const NodeName& node, const ModelName& model, const Gate& gate, Time now) {
  if (gate.phase() != SwapPhase::loading || gate.swap().model != model) return;
  for (Waiter& w : line_)
    if (w.node == node && w.ask.model == model) w.swapped += now - std::max(w.arrived, gate.drained());
}

void Dispatch::wake(Time now) {
  std::optional<Time> at;
  const auto sooner = [&](Time t) { at = at ? std::min(*at, t) : t; };
  for (const auto& [node, t] : policy_wake_) sooner(t);
  for (const auto& [name, gate] : gates_)
    if (const auto t = gate.wake(); t && is_up(name)) sooner(*t);
  for (const Ghost& ghost : ghosts_) sooner(ghost.until);
  if (const Duration longest = settings_->limits.wait; longest > Duration::zero() && !line_.empty()) sooner(line_.front().arrived + longest);
  for (const NodeBelief& node : fleet_.nodes)
    if (node.shunned && node.trying == 0) sooner(node.shunned_until);
  if (at) out_.push_back(WakeAt{std::max(*at, now)});
}

}  // namespace rr
