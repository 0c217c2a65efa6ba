#include "domain/gate.hpp"

#include <algorithm>
#include <utility>

namespace rr {

namespace {

constexpr Duration lease_margin = std::chrono::seconds(2);  // a lease that ends sooner is renewed before it is used

bool among(const std::vector<ModelName>& names, const ModelName& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::string_view to_text(SwapPhase phase) {
  switch (phase) {
    case SwapPhase::steady: return "steady";
    case SwapPhase::draining: return "draining";
    case SwapPhase::unloading: return "unloading";
    case SwapPhase::loading: return "loading";
  }
  return "steady";
}

const GateFacts::Model& GateFacts::model(const ModelName& name) const {
  static const Model unknown;
  for (const Model& m : models)
    if (m.name == name) return m;
  return unknown;
}
Bytes GateFacts::need(const ModelName& m) const { return model(m).need; }
int GateFacts::parallel(const ModelName& m) const { return model(m).parallel; }
int GateFacts::num_ctx(const ModelName& m) const { return model(m).num_ctx; }
bool GateFacts::pinned(const ModelName& m) const { return model(m).pinned; }

const Held* Gate::find(const ModelName& model) const {
  for (const Held& h : held_)
    if (h.model == model) return &h;
  return nullptr;
}
Held* Gate::find(const ModelName& model) { return const_cast<Held*>(std::as_const(*this).find(model)); }

Bytes Gate::used() const {
  Bytes sum = 0;
  for (const Held& h : held_) sum += h.bytes;
  return sum;
}

bool Gate::victim(const ModelName& model) const { return phase_ != SwapPhase::steady && among(swap_.victims, model); }

bool Gate::other_context(const Held& h, const GateFacts& facts) const {
  const int wanted = facts.num_ctx(h.model);
  return wanted > 0 && h.num_ctx != wanted;
}

bool Gate::ready(const ModelName& model, const GateFacts& facts, Time now) const {
  const Held* h = find(model);
  if (!h || h->leaving || h->missed > 0 || victim(model) || other_context(*h, facts)) return false;
  if (phase_ == SwapPhase::loading && swap_.model == model) return false;
  return h->in_flight > 0 || !h->expires || *h->expires > now + lease_margin || h->renewed == now;
}

bool Gate::may_grant(const ModelName& model, const GateFacts& facts, Time now) const {
  return ready(model, facts, now) && find(model)->in_flight < facts.parallel(model);
}

void Gate::grant(const ModelName& model, KeepAlive sent, Time now) {
  Held* h = find(model);
  if (!h) h = &held_.emplace_back(Held{.model = model, .used = now});  // passthrough: the node loads it by itself
  ++h->in_flight;
  h->next = sent;
}

std::vector<GateStep> Gate::ended(const ModelName& model, const GateFacts& facts, Time now, bool sent) {
  std::vector<GateStep> steps;
  if (Held* h = find(model); h && h->in_flight > 0) {
    h->used = now;
    if (sent) {
      h->sent = h->next;
      h->touched = true;
    }
    if (--h->in_flight == 0) {
      h->settled = false;
      if (h->missed > 0) {
        h->missed = 1;
        look(now, steps);
      }
      if (std::exchange(h->touched, false)) {
        h->expires.reset();
        if (h->sent.zero()) {
          h->leaving = true;
          h->leaving_since = now;
          look(now, steps);
        } else if (!h->sent.forever()) {
          h->expires = now + h->sent.value;
        }
      }
    }
  }
  advance(facts, now, steps);
  return steps;
}

std::optional<std::string> Gate::refuses(const Proposal& p, const GateFacts& facts, Time now) const {
  if (phase_ != SwapPhase::steady) return "a swap is under way";
  if (p.model.empty() && p.victims.empty()) return "it proposes nothing";
  if (!p.model.empty() && ready(p.model, facts, now)) return p.model.spelt() + " is ready already";
  const Held* own = find(p.model);
  for (const ModelName& v : p.victims) {
    const Held* h = find(v);
    if (!h) return v.spelt() + " is not resident";
    const bool reload = h == own && other_context(*h, facts);
    if (facts.pinned(v) && !reload) return v.spelt() + " stays for ever (keep_alive -1)";
  }
  if (p.model.empty()) return std::nullopt;
  if (!ordered_.empty() && now < ordered_at_ + 4 * facts.swap_timeout) return "the load of " + ordered_.spelt() + " has not ended yet";
  if (own && !among(p.victims, p.model)) {
    if (own->leaving || own->missed > 0) return p.model.spelt() + " is leaving: it must be gone first";
    if (other_context(*own, facts)) return p.model.spelt() + " has another context: it must be unloaded first";
    return std::nullopt;  // its lease is renewed: no room is needed
  }
  const Bytes need = facts.need(p.model);
  if (facts.limit > 0 && need > facts.limit)
    return p.model.spelt() + " needs " + to_gib(need) + " GiB of " + to_gib(facts.limit) + ": it can never fit";
  Bytes rest = 0;
  for (const Held& h : held_)
    if (!among(p.victims, h.model)) rest += h.bytes;
  if (need > 0 && !fits(facts.limit, rest, need))
    return p.model.spelt() + " needs " + to_gib(need) + " GiB beside " + to_gib(rest) + " of " + to_gib(facts.limit) + ": it would not fit even then";
  return std::nullopt;
}

bool Gate::hopeless(const ModelName& model, const GateFacts& facts) const {
  Bytes pinned = 0;
  for (const Held& h : held_)
    if (facts.pinned(h.model) && h.model != model) pinned += h.bytes;
  return facts.need(model) > 0 && !fits(facts.limit, pinned, facts.need(model));
}

std::vector<GateStep> Gate::begin(const Proposal& p, const GateFacts& facts, Time now) {
  std::vector<GateStep> steps;
  if (refuses(p, facts, now)) return steps;
  swap_ = p;
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
  looks_ = -1;
}

// The one place where a swap moves on.
void Gate::advance(const GateFacts& facts, Time now, std::vector<GateStep>& steps) {
  if (phase_ == SwapPhase::draining) {
    for (const ModelName& v : swap_.victims)
      if (const Held* h = find(v); h && h->in_flight > 0) return;
    enter(SwapPhase::unloading, now);
    drained_ = now;
    for (const ModelName& v : swap_.victims) {
      Held* h = find(v);
      if (!h) continue;
      h->leaving = true;
      h->leaving_since = now;
      steps.push_back({GateStep::What::unload, v});
    }
    if (!steps.empty()) look(now, steps);
  }
  if (phase_ == SwapPhase::unloading) {
    for (const ModelName& v : swap_.victims)
      if (find(v)) return;
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
  looks_ = -1;
  load_ctx_ = facts.num_ctx(swap_.model);
  ordered_ = swap_.model;
  ordered_at_ = now;
  steps.push_back({GateStep::What::load, swap_.model});
}

std::vector<GateStep> Gate::loaded(const ModelName& model, const GateFacts& facts, Time now) {
  std::vector<GateStep> steps;
  if (ordered_ == model) ordered_ = {};
  if (phase_ == SwapPhase::loading && swap_.model == model) finish(facts, now);
  look(now, steps);  // how much it really takes
  return steps;
}

void Gate::finish(const GateFacts& facts, Time now) {
  Held* h = find(swap_.model);
  if (!h) h = &held_.emplace_back(Held{.model = swap_.model, .bytes = facts.need(swap_.model)});
  h->ours = true;
  h->leaving = false;
  h->missed = h->shown_ctx = 0;
  h->num_ctx = load_ctx_;
  h->sent = facts.model(swap_.model).lease;
  h->expires.reset();
  if (!h->sent.forever()) h->expires = now + h->sent.value;
  h->settled = false;
  h->used = h->renewed = now;
  enter(SwapPhase::steady, now);
}

std::vector<GateStep> Gate::failed(const ModelName& model, std::string why, Time now) {
  std::vector<GateStep> steps;
  const bool load = phase_ == SwapPhase::loading && swap_.model == model;
  if (ordered_ == model && !(phase_ == SwapPhase::unloading && victim(model))) ordered_ = {};
  const bool unload = phase_ == SwapPhase::unloading && victim(model);
  if (!load && !unload) return steps;
  if (failures_++ > 0) {
    give_up(std::move(why), true, now, steps);
    return steps;
  }
  if (load) looks_ = 0;  // it may be there all the same: looked at first, then loaded once more
  else steps.push_back({GateStep::What::unload, model});
  look(now, steps);
  return steps;
}

void Gate::give_up(std::string why, bool refused, Time now, std::vector<GateStep>& steps) {
  for (const ModelName& v : swap_.victims)
    if (Held* h = find(v)) {
      h->leaving = false;
      h->missed = 1;     // looked for first
      h->expires = now;  // and renewed by a load before it is granted: it may still be leaving
    }
  failure_ = Failure{swap_.model, std::move(why), refused};
  enter(SwapPhase::steady, now);
  look(now, steps);
}

std::optional<Gate::Failure> Gate::take_failure() { return std::exchange(failure_, std::nullopt); }

}  // namespace rr
