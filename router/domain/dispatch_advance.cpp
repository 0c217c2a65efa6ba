// How a node moves on after an event: who waits and can be granted is; then the policy is asked; the gate's steps become commands.
#include "domain/dispatch.hpp"

#include <algorithm>
#include <utility>

namespace rr {

GateFacts Dispatch::facts(const NodeName& name) const {
  GateFacts out{.limit = 0, .swap_timeout = settings_->swap_timeout, .models = {}};
  if (const NodeSettings* node = settings_->node(name)) out.limit = node->gpu_memory;
  const auto add = [&](const ModelName& model) {
    if (std::any_of(out.models.begin(), out.models.end(), [&](const auto& m) { return m.name == model; })) return;
    const ModelSettings& m = settings_->model(model);
    const KeepAlive keep = settings_->keep_alive(model, "");
    out.models.push_back({.name = model, .need = footprint(*settings_, fleet_, name, model).total, .parallel = m.parallel,
                          .num_ctx = m.num_ctx, .pinned = settings_->pinned(model, name), .lease = keep.zero() ? for_ever : keep});
  };
  for (const Waiter& w : line_)
    if (w.node == name) add(w.ask.model);
  if (const Gate* g = gate(name)) {
    for (const Held& h : g->held()) add(h.model);
    if (g->phase() != SwapPhase::steady && !g->swap().model.empty()) add(g->swap().model);
  }
  return out;
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

void Dispatch::advance(const NodeName& node, Time now) {
  const auto found = gates_.find(node);
  if (found == gates_.end() || settings_->policy == PolicyName::passthrough) return;
  Gate& gate = found->second;
  if (const NodeBelief* belief = fleet_.node(node); belief && belief->state == NodeState::unknown) {
    out_.push_back(Look{node});  // nothing is granted before the first word of what is resident
    return;
  }
  if (auto failure = gate.take_failure()) {
    ++ledger_.swaps_given_up;
    refuse_waiters(node, failure->model,
                   {.code = "load_failed", .side = Side::node, .status = 503,
                    .sentence = failure->model.spelt() + " could not be loaded on " + node + ": " + failure->why +
                                "; see the log of Ollama there, then ask again",
                    .retry_after_s = 30});
  }
  note_swaps(node, gate, now);
  const GateFacts known = facts(node);
  for (auto it = line_.begin(); it != line_.end();) {
    if (it->node == node && gate.may_grant(it->ask.model, known, now)) {
      Waiter waiter = std::move(*it);
      it = line_.erase(it);
      grant(waiter, now);
    } else {
      ++it;
    }
  }
  ledger_.waiting = static_cast<int>(line_.size());
  if (gate.phase() == SwapPhase::steady) propose(node, gate, now);
  note_swaps(node, gate, now);  // from here on the time of who waits for it is the swap's
}

void Dispatch::propose(const NodeName& node, Gate& gate, Time now) {
  const GateFacts known = facts(node);
  for (auto it = unloads_.begin(); it != unloads_.end();) {
    if (it->node != node) {
      ++it;
      continue;
    }
    const Proposal asked{ModelName{}, {it->model}, "its unload was asked for"};
    it = unloads_.erase(it);
    if (!gate.refuses(asked, known, now)) return run(node, gate.begin(asked, known, now), now);
  }
  const std::vector<Waiting> waiting = waiting_on(node);
  const Wish wish = next(settings_->policy, {gate, known, waiting, *settings_, node}, now);
  if (auto* until = std::get_if<WaitUntil>(&wish)) {
    policy_wake_ = policy_wake_ ? std::min(*policy_wake_, until->at) : until->at;
    return;
  }
  const auto* proposal = std::get_if<Proposal>(&wish);
  if (!proposal) return;
  if (auto why_not = gate.refuses(*proposal, known, now)) {
    if (!proposal->model.empty() && gate.hopeless(proposal->model, known)) {
      refuse_waiters(node, proposal->model,
                     {.code = "never_fits", .side = Side::router, .status = 503,
                      .sentence = *why_not + " on " + node + "; give the role another node, a smaller model, or unpin what stays for ever"});
      return advance(node, now);
    }
    if (std::exchange(last_refusal_[node], *why_not) != *why_not)
      out_.push_back(Note{Note::Level::info, node + ": not yet: " + *why_not});
    return;
  }
  last_refusal_.erase(node);
  if (!proposal->model.empty())
    out_.push_back(Note{Note::Level::info, node + ": " + (proposal->victims.empty() ? "load " : "swap to ") + proposal->model.spelt() + ", " + proposal->because});
  run(node, gate.begin(*proposal, known, now), now);
}

void Dispatch::refuse_waiters(const NodeName& node, const ModelName& model, const Refusal& refusal) {
  for (auto it = line_.begin(); it != line_.end();) {
    if (it->node == node && it->ask.model == model) {
      refuse(it->ask, refusal);
      it = line_.erase(it);
    } else {
      ++it;
    }
  }
  ledger_.waiting = static_cast<int>(line_.size());
}

void Dispatch::run(const NodeName& node, const std::vector<GateStep>& steps, Time now) {
  for (const GateStep& step : steps) {
    switch (step.what) {
      case GateStep::What::look: out_.push_back(Look{node}); break;
      case GateStep::What::unload: out_.push_back(Unload{node, step.model}); break;
      case GateStep::What::load: {
        const ModelSettings& model = settings_->model(step.model);
        const KeepAlive keep = settings_->keep_alive(step.model, "");
        Load load{.node = node, .model = step.model, .num_ctx = model.num_ctx, .keep_alive = keep.zero() ? for_ever : keep, .use_mmap = model.use_mmap};
        if (const NodeBelief* belief = fleet_.node(node))
          if (const Installed* installed = belief->find(step.model)) {
            load.model = installed->name;
            load.embedding = installed->capabilities.count("embedding") && !installed->capabilities.count("completion");
          }
        load_began_[node + "/" + step.model.key()] = now;
        out_.push_back(std::move(load));
        break;
      }
    }
  }
}

// How much of a waiter's time went into the swap for its model.
void Dispatch::note_swaps(const NodeName& node, const Gate& gate, Time now) {
  const bool swapping = gate.phase() != SwapPhase::steady;
  for (Waiter& w : line_) {
    if (w.node != node) continue;
    if (w.swap_seen) w.swapped += now - *w.swap_seen;
    w.swap_seen = swapping && gate.swap().model == w.ask.model ? std::optional(now) : std::nullopt;
  }
}

void Dispatch::wake(Time now) {
  std::optional<Time> at = policy_wake_;
  const auto sooner = [&](Time t) { at = at ? std::min(*at, t) : t; };
  for (const auto& [name, gate] : gates_)
    if (auto t = gate.wake()) sooner(*t);
  for (const Ghost& ghost : ghosts_) sooner(ghost.until);
  if (at) out_.push_back(WakeAt{std::max(*at, now)});
}

}  // namespace rr
