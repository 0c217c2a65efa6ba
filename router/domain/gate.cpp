#include "domain/gate.hpp"

#include <algorithm>
#include <utility>

namespace rr {

namespace {

constexpr Duration lease_margin = std::chrono::seconds(2);  // a lease that ends sooner is renewed before it is used

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
bool GateFacts::pinned(const ModelName& m) const { return !loads || model(m).pinned; }

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

bool Gate::unload_out(const ModelName& model) const { return among(unloads_out_, model); }

bool Gate::to_reload(const Held& h, const GateFacts& facts) const {
  if (h.wedged) return true;
  const GateFacts::Model& wanted = facts.model(h.model);
  if (wanted.num_ctx > 0 && h.num_ctx != wanted.num_ctx) return true;
  return h.ours && wanted.num_ctx > 0 && h.use_mmap != wanted.use_mmap;
}

bool Gate::ready(const ModelName& model, const GateFacts& facts, Time now) const {
  const Held* h = find(model);
  if (!h || h->leaving || h->unsure || h->missed > 0 || victim(model) || unload_out(model) || to_reload(*h, facts)) return false;
  if (phase_ == SwapPhase::loading && swap_.model == model) return false;
  return h->in_flight > 0 || !h->expires || *h->expires > now + lease_margin || h->renewed == now;
}

bool Gate::may_grant(const ModelName& model, const GateFacts& facts, Time now) const {
  return ready(model, facts, now) && find(model)->in_flight < facts.parallel(model);
}

void Gate::wedged(const ModelName& model) {
  if (Held* h = find(model)) h->wedged = true;
}

void Gate::grant(const ModelName& model, KeepAlive sent, Time now) {
  Held* h = find(model);
  if (!h) h = &held_.emplace_back(Held{.model = model, .used = now});  // passthrough: the node loads it by itself
  ++h->in_flight;
  h->next = sent;
}

std::vector<GateStep> Gate::ended(const ModelName& model, const GateFacts& facts, Time now, Reached reached) {
  std::vector<GateStep> steps;
  if (Held* h = find(model); h && h->in_flight > 0) {
    h->used = now;
    if (reached == Reached::yes) {
      h->sent = h->next;
      h->touched = true;
    }
    if (reached == Reached::unsure && facts.leases) h->in_doubt = true;
    if (--h->in_flight == 0) idle(*h, now, steps);
  }
  advance(facts, now, steps);
  return steps;
}

// Its last request has ended: the node's lease begins to run.
void Gate::idle(Held& h, Time now, std::vector<GateStep>& steps) {
  h.settled = false;
  if (h.missed > 0) {
    h.missed = 1;
    look(now, steps);
  }
  const bool touched = std::exchange(h.touched, false);
  if (std::exchange(h.in_doubt, false)) {
    h.unsure = true;
    look(now, steps);
  } else if (touched) {
    h.expires.reset();
    if (h.sent.zero()) {
      h.leaving = true;
      h.leaving_since = now;
      look(now, steps);
    } else if (!h.sent.forever()) {
      h.expires = now + h.sent.value;
    }
  }
}

std::optional<std::string> Gate::refuses(const Proposal& p, const GateFacts& facts, Time now) const {
  if (phase_ != SwapPhase::steady) return "a swap is under way";
  if (load_out_ && now < load_at_ + 4 * facts.swap_timeout) return "the load of " + load_.name.spelt() + " has not ended yet";
  if (p.model.empty() && p.victims.empty()) return "it proposes nothing";
  if (!facts.loads) return "its server keeps its own models: none is loaded or unloaded there";
  if (!p.model.empty() && ready(p.model, facts, now)) return p.model.spelt() + " is ready already";
  if (!p.model.empty() && unload_out(p.model)) return "the unload of " + p.model.spelt() + " has not been answered yet";
  const Held* own = find(p.model);
  for (const ModelName& v : p.victims) {
    const Held* h = find(v);
    if (!h) return v.spelt() + " is not resident";
    const bool reload = h == own && to_reload(*h, facts);
    if (facts.pinned(v) && !reload) return v.spelt() + " stays for ever (keep_alive -1)";
  }
  if (p.model.empty()) return std::nullopt;
  if (answers_wanted_ > 0) return "a load has failed: /api/ps has to tell first what is there";
  if (own && !among(p.victims, p.model)) {
    if (own->leaving || own->missed > 0) return p.model.spelt() + " is leaving: it must be gone first";
    if (to_reload(*own, facts)) return p.model.spelt() + (own->wedged ? " is wedged" : " has other options") + ": it must be unloaded first";
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

}  // namespace rr
