#include "domain/gate.hpp"

#include <algorithm>
#include <utility>

namespace rr {

namespace {
constexpr Duration lease_margin = std::chrono::seconds(2);       // a lease that ends sooner is renewed before it is used
constexpr Duration look_again = std::chrono::milliseconds(250);  // while something is expected to leave
constexpr Duration leaving_doubt = std::chrono::seconds(10);     // still listed after so long: it was kept by somebody else
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

bool Gate::victim(const ModelName& model) const {
  return phase_ != SwapPhase::steady && std::find(swap_.victims.begin(), swap_.victims.end(), model) != swap_.victims.end();
}

bool Gate::ready(const ModelName& model, const GateFacts& facts, Time now) const {
  const Held* h = find(model);
  if (!h || h->leaving || h->doubted || victim(model)) return false;
  if (phase_ == SwapPhase::loading && swap_.model == model) return false;
  if (const int wanted = facts.num_ctx(model); wanted > 0 && h->num_ctx != wanted) return false;
  return h->in_flight > 0 || !h->expires || *h->expires > now + lease_margin;
}

bool Gate::may_grant(const ModelName& model, const GateFacts& facts, Time now) const {
  return ready(model, facts, now) && find(model)->in_flight < facts.parallel(model);
}

void Gate::grant(const ModelName& model, KeepAlive sent, Time now) {
  Held* h = find(model);
  if (!h) return;
  ++h->in_flight;
  h->ours = true;
  h->sent = sent;
  h->used = now;
  h->expires.reset();
}

std::vector<GateStep> Gate::ended(const ModelName& model, const GateFacts& facts, Time now) {
  std::vector<GateStep> steps;
  if (Held* h = find(model); h && h->in_flight > 0) {
    h->used = now;
    if (--h->in_flight == 0) {
      if (h->sent.zero()) {
        h->leaving = true;
        h->leaving_since = now;
        look(now, steps);
      } else if (!h->sent.forever()) {
        h->expires = now + h->sent.value;
      }
    }
  }
  advance(facts, now, steps);
  return steps;
}

std::optional<std::string> Gate::refuses(const Proposal& p, const GateFacts& facts, Time now) const {
  if (phase_ != SwapPhase::steady) return "a swap is under way";
  if (p.model.empty() && p.victims.empty()) return "it proposes nothing";
  Bytes rest = used();
  for (const ModelName& v : p.victims) {
    const Held* h = find(v);
    if (!h) return v.spelt() + " is not resident";
    if (facts.pinned(v) && v != p.model) return v.spelt() + " stays for ever (keep_alive -1)";
    rest -= h->bytes;
  }
  if (p.model.empty()) return std::nullopt;
  const Held* own = find(p.model);
  const bool reload = std::find(p.victims.begin(), p.victims.end(), p.model) != p.victims.end();
  if (ready(p.model, facts, now)) return p.model.spelt() + " is ready already";
  if (own && !reload) {
    if (own->leaving || own->doubted) return p.model.spelt() + " is leaving: it must be gone first";
    if (own->num_ctx != facts.num_ctx(p.model) && facts.num_ctx(p.model) > 0) return p.model.spelt() + " must be unloaded first";
    return std::nullopt;  // its lease is renewed: no room is needed
  }
  const Bytes need = facts.need(p.model);
  if (facts.limit > 0 && need > facts.limit)
    return p.model.spelt() + " needs " + to_gib(need) + " GiB of " + to_gib(facts.limit) + ": it can never fit";
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
  swap_ = p;
  phase_ = SwapPhase::draining;
  since_ = swap_since_ = now;
  tries_ = 0;
  timeout_ = facts.swap_timeout;
  std::vector<GateStep> steps;
  advance(facts, now, steps);
  return steps;
}

bool Gate::drop(Time now) {
  if (phase_ != SwapPhase::draining) return false;
  phase_ = SwapPhase::steady;
  since_ = now;
  return true;
}

// The one place where a swap moves on.
void Gate::advance(const GateFacts& facts, Time now, std::vector<GateStep>& steps) {
  if (phase_ == SwapPhase::draining) {
    for (const ModelName& v : swap_.victims)
      if (const Held* h = find(v); h && h->in_flight > 0) return;
    for (const ModelName& v : swap_.victims) {
      Held* h = find(v);
      if (!h) continue;
      h->leaving = true;
      h->leaving_since = now;
      steps.push_back({GateStep::What::unload, v});
    }
    phase_ = SwapPhase::unloading;
    since_ = looked_ = now;
  }
  if (phase_ == SwapPhase::unloading) {
    for (const ModelName& v : swap_.victims)
      if (find(v)) return;
    since_ = now;
    tries_ = 0;
    if (swap_.model.empty()) {
      phase_ = SwapPhase::steady;
      return;
    }
    // What is resident may have changed since the proposal (somebody else loaded a model): the bound is checked again.
    if (!find(swap_.model) && facts.need(swap_.model) > 0 && !fits(facts.limit, used(), facts.need(swap_.model))) {
      phase_ = SwapPhase::steady;
      return;
    }
    phase_ = SwapPhase::loading;
    steps.push_back({GateStep::What::load, swap_.model});
  }
}

std::vector<GateStep> Gate::observed(const std::vector<Resident>& seen, const GateFacts& facts, Time now) {
  std::vector<GateStep> steps;
  const auto listed = [&](const ModelName& m) {
    return std::find_if(seen.begin(), seen.end(), [&](const Resident& r) { return r.name == m; });
  };
  for (Held& h : held_) {
    const auto found = listed(h.model);
    if (found == seen.end()) continue;
    h.doubted = false;
    h.bytes = found->size;
    h.digest = found->digest;
    if (!h.ours) {
      h.num_ctx = found->num_ctx;
      if (h.in_flight == 0) h.expires = found->expires;
    }
    if (h.leaving && phase_ == SwapPhase::steady && now - h.leaving_since > leaving_doubt) {
      h.leaving = false;  // somebody else's keep_alive holds it: it is simply resident
      h.expires = found->expires;
    }
  }
  std::erase_if(held_, [&](Held& h) {
    if (listed(h.model) != seen.end() || h.in_flight > 0) return false;  // a busy one may be reloading
    if (phase_ == SwapPhase::loading && swap_.model == h.model) return false;
    if (h.leaving || h.doubted) return true;  // gone; a doubted one was missing twice running
    h.doubted = true;                         // the list may be older than our own load
    look(now, steps);
    return false;
  });
  for (const Resident& r : seen) {
    if (find(r.name)) continue;
    held_.push_back({.model = r.name, .bytes = r.size, .num_ctx = r.num_ctx, .in_flight = 0, .used = now, .expires = r.expires,
                     .leaving = false, .digest = r.digest});
  }
  advance(facts, now, steps);
  return steps;
}

std::vector<GateStep> Gate::loaded(const ModelName& model, const GateFacts& facts, Time now) {
  std::vector<GateStep> steps;
  if (phase_ == SwapPhase::loading && swap_.model == model) {
    Held* h = find(model);
    if (!h) h = &held_.emplace_back(Held{.model = model, .bytes = facts.need(model)});
    h->ours = true;
    h->doubted = h->leaving = false;
    h->num_ctx = facts.num_ctx(model);
    h->sent = facts.model(model).lease;
    h->used = now;
    if (h->in_flight == 0 && !h->sent.forever()) h->expires = now + h->sent.value;
    else h->expires.reset();
    phase_ = SwapPhase::steady;
    since_ = now;
  }
  look(now, steps);
  return steps;
}

void Gate::give_up(std::string why, Time now, std::vector<GateStep>& steps) {
  for (const ModelName& v : swap_.victims)
    if (Held* h = find(v)) h->leaving = false, h->doubted = true;  // not granted before /api/ps lists it again
  if (!swap_.model.empty()) failure_ = Failure{swap_.model, std::move(why)};
  phase_ = SwapPhase::steady;
  since_ = now;
  look(now, steps);
}

std::vector<GateStep> Gate::failed(const ModelName& model, std::string why, Time now) {
  std::vector<GateStep> steps;
  const bool load = phase_ == SwapPhase::loading && swap_.model == model;
  const bool unload = phase_ == SwapPhase::unloading && victim(model);
  if (!load && !unload) return steps;
  if (tries_++ == 0) {
    since_ = now;
    look(now, steps);
    steps.push_back({load ? GateStep::What::load : GateStep::What::unload, model});
  } else {
    give_up(std::move(why), now, steps);
  }
  return steps;
}

void Gate::lost(Time now) {
  std::erase_if(held_, [](const Held& h) { return h.in_flight == 0; });
  phase_ = SwapPhase::steady;
  since_ = now;
}

void Gate::look(Time now, std::vector<GateStep>& steps) {
  looked_ = now;
  steps.push_back({GateStep::What::look, {}});
}

std::vector<GateStep> Gate::tick(const GateFacts& facts, Time now) {
  std::vector<GateStep> steps;
  const bool waits = phase_ == SwapPhase::unloading || phase_ == SwapPhase::loading;
  if (waits && now - since_ >= timeout_) {
    const bool load = phase_ == SwapPhase::loading;
    if (tries_++ == 0) {
      since_ = now;
      look(now, steps);
      if (load) steps.push_back({GateStep::What::load, swap_.model});
      for (const ModelName& v : swap_.victims)
        if (!load && find(v)) steps.push_back({GateStep::What::unload, v});
    } else {
      give_up((load ? "not loaded within " : "not unloaded within ") + to_text(timeout_) + ", twice", now, steps);
    }
    return steps;
  }
  if (now - looked_ >= look_again && std::any_of(held_.begin(), held_.end(), [](const Held& h) { return h.leaving || h.doubted; })) look(now, steps);
  advance(facts, now, steps);
  return steps;
}

std::optional<Time> Gate::wake() const {
  std::optional<Time> at;
  if (phase_ == SwapPhase::unloading || phase_ == SwapPhase::loading) at = since_ + timeout_;
  if (std::any_of(held_.begin(), held_.end(), [](const Held& h) { return h.leaving || h.doubted; }))
    at = at ? std::min(*at, looked_ + look_again) : looked_ + look_again;
  return at;
}

std::optional<Gate::Failure> Gate::take_failure() { return std::exchange(failure_, std::nullopt); }

}  // namespace rr
