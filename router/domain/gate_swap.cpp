// How a swap goes: draining, unloading, loading, and what the answers to its orders mean.
#include "domain/gate.hpp"

#include <algorithm>
#include <utility>

namespace rr {

std::vector<GateStep> Gate::begin(const Proposal& p, const GateFacts& facts, Time now) {
  std::vector<GateStep> steps;
  if (refuses(p, facts, now)) return steps;
  swap_ = p;
  swap_.victims.clear();
  for (const ModelName& v : p.victims)
    if (!among(swap_.victims, v)) swap_.victims.push_back(v);
  swap_since_ = now;
  timeout_ = facts.swap_timeout;
  enter(SwapPhase::draining, now);
  advance(facts, now, steps);
  return steps;
}

bool Gate::drop(Time now) {
  if (phase_ != SwapPhase::draining) return false;
  enter(SwapPhase::steady, now);
  return true;
}

void Gate::enter(SwapPhase phase, Time now) {
  phase_ = phase;
  since_ = now;
  deadline_ = now + timeout_;
  overdue_ = false;
  failures_ = 0;
}

// The one place where a swap moves on.
void Gate::advance(const GateFacts& facts, Time now, std::vector<GateStep>& steps) {
  if (phase_ == SwapPhase::draining) {
    for (const ModelName& v : swap_.victims) {
      const Held* h = find(v);
      if (h && h->in_flight > 0) return;
      // The settings may have changed since: what has become pinned stays.
      if (h && facts.pinned(v) && !(v == swap_.model && to_reload(*h, facts))) return enter(SwapPhase::steady, now);
    }
    enter(SwapPhase::unloading, now);
    drained_ = now;
    for (const ModelName& v : swap_.victims) {
      Held* h = find(v);
      if (!h) continue;
      h->leaving = true;
      h->leaving_since = now;
      order_unload(v, steps);
    }
    if (!swap_.victims.empty()) look(now, steps);
  }
  if (phase_ == SwapPhase::unloading) {
    for (const ModelName& v : swap_.victims)
      if (find(v)) return;
    if (!swap_.model.empty() && unload_out(swap_.model)) return;  // a late one would hit the new load
    // Somebody else may have loaded a model since the proposal: the bound is checked again.
    const Bytes need = facts.need(swap_.model);
    const bool no_room = !find(swap_.model) && need > 0 && !fits(facts.limit, used(), need);
    if (swap_.model.empty() || no_room) return enter(SwapPhase::steady, now);
    enter(SwapPhase::loading, now);
    order_load(facts, now, steps);
  }
}

void Gate::order_load(const GateFacts& facts, Time now, std::vector<GateStep>& steps) {
  deadline_ = now + timeout_;
  overdue_ = false;
  load_ = facts.model(swap_.model);
  load_.name = swap_.model;
  load_out_ = true;
  load_at_ = now;
  steps.push_back({GateStep::What::load, swap_.model});
}

void Gate::order_unload(const ModelName& model, std::vector<GateStep>& steps) {
  if (unload_out(model)) return;
  unloads_out_.push_back(model);
  steps.push_back({GateStep::What::unload, model});
}

std::vector<GateStep> Gate::loaded(const ModelName& model, const GateFacts& facts, Time now) {
  std::vector<GateStep> steps;
  if (load_out_ && load_.name == model) {
    load_out_ = false;
    hold_loaded(now);  // also when nobody waits for it any more: it is there
    if (phase_ == SwapPhase::loading && swap_.model == model) enter(SwapPhase::steady, now);
  }
  look(now, steps);  // how much it really takes
  advance(facts, now, steps);
  return steps;
}

void Gate::hold_loaded(Time now) {
  Held* h = find(load_.name);
  if (!h) h = &held_.emplace_back(Held{.model = load_.name, .bytes = load_.need});
  h->ours = true;
  h->leaving = h->unsure = false;
  h->missed = h->shown_ctx = 0;
  h->num_ctx = load_.num_ctx;
  h->use_mmap = load_.use_mmap;
  h->sent = load_.lease;
  h->expires.reset();
  h->stayed.reset();
  if (!h->sent.forever()) h->expires = now + h->sent.value;
  h->settled = false;
  h->used = h->renewed = now;
}

std::vector<GateStep> Gate::load_failed(const ModelName& model, std::string why, Time now, int status) {
  std::vector<GateStep> steps;
  if (!load_out_ || load_.name != model) return steps;
  load_out_ = false;
  answers_wanted_ = 2;  // it may be there all the same, and the next answer of /api/ps may be older than this
  look(now, steps);
  if (phase_ != SwapPhase::loading || swap_.model != model) return steps;
  if (failures_++ > 0) give_up(std::move(why), status, now, steps);
  // else: looked at first, then loaded once more (gate_look.cpp)
  return steps;
}

std::vector<GateStep> Gate::unloaded(const ModelName& model, Time now) {
  std::vector<GateStep> steps;
  std::erase(unloads_out_, model);
  look(now, steps);
  return steps;
}

std::vector<GateStep> Gate::unload_failed(const ModelName& model, std::string why, Time now, int status) {
  std::vector<GateStep> steps;
  std::erase(unloads_out_, model);
  look(now, steps);
  const Held* h = find(model);
  if (phase_ != SwapPhase::unloading || !victim(model) || !h || h->in_flight > 0) return steps;
  if (failures_++ > 0) give_up(std::move(why), status, now, steps);
  else order_unload(model, steps);
  return steps;
}

void Gate::give_up(std::string why, int status, Time now, std::vector<GateStep>& steps) {
  for (const ModelName& v : swap_.victims)
    if (Held* h = find(v)) {
      h->leaving = false;
      h->unsure = true;  // it may still be on its way out
      h->stayed = now;
    }
  failure_ = Failure{swap_.model, std::move(why), status, overdue_};
  enter(SwapPhase::steady, now);
  look(now, steps);
}

std::optional<Gate::Failure> Gate::take_failure() { return std::exchange(failure_, std::nullopt); }

}  // namespace rr
