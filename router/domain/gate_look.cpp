// What /api/ps and the clock tell the gate. An answer of /api/ps may be older than what the gate did meanwhile; answers come in
// the order they were asked in. So an absence counts when two answers running agree: the second was asked after the first came.
#include "domain/gate.hpp"

#include <algorithm>

namespace rr {

namespace {
constexpr Duration first_gap = std::chrono::milliseconds(250);  // while something is expected to leave or to come
constexpr Duration last_gap = std::chrono::seconds(1);
constexpr Duration leaving_doubt = std::chrono::seconds(10);    // still listed after so long: the node keeps it after all
}  // namespace

void Gate::see(const Resident& r, const GateFacts& facts, Time now) {
  ModelName name = r.name;
  if (!find(name) && facts.model(name).name.empty() && !r.digest.empty())
    for (const GateFacts::Model& m : facts.models)  // the same weights, loaded under another name
      if (m.digest == r.digest) name = m.name;
  Held* h = find(name);
  if (!h) {
    held_.push_back({.model = name, .bytes = r.size > 0 ? r.size : facts.need(name), .num_ctx = r.num_ctx, .used = now, .expires = r.expires,
                     .unsure = facts.model(name).use_mmap.has_value(), .shown_ctx = r.num_ctx, .digest = r.digest});
    return;
  }
  h->missed = 0;
  if (!facts.loads) h->leaving = h->unsure = h->wedged = false;  // what only a load or an unload could end
  if (r.size > 0) h->bytes = r.size;
  else if (h->bytes == 0) h->bytes = facts.need(name);
  h->digest = r.digest;
  if (h->shown_ctx > 0 && h->shown_ctx != r.num_ctx) {
    h->ours = false;
    h->unsure = h->unsure || facts.model(name).use_mmap.has_value();
  }
  if (!h->ours) h->num_ctx = r.num_ctx;
  h->shown_ctx = r.num_ctx;
  if (h->in_flight > 0) return;
  // Ours is the lease we sent, unless the node, asked after the model became idle, knows of a shorter one.
  if (h->settled && r.expires && (!h->expires || *r.expires < *h->expires)) h->expires = r.expires;
  h->settled = true;
  if (h->leaving && phase_ == SwapPhase::steady && !unload_out(name) && now - h->leaving_since > leaving_doubt) {
    h->leaving = false;  // somebody else keeps it, or its end is very slow: a load will tell
    h->unsure = true;
  }
}

std::vector<GateStep> Gate::observed(const std::vector<Resident>& seen, const GateFacts& facts, Time now) {
  std::vector<GateStep> steps;
  if (answers_wanted_ > 0) --answers_wanted_;
  for (Held& h : held_) ++h.missed;
  for (const Resident& r : seen) see(r, facts, now);
  const bool news = std::any_of(held_.begin(), held_.end(), [](const Held& h) { return h.missed == 1; });
  std::erase_if(held_, [](const Held& h) { return h.missed >= 2 && h.in_flight == 0; });  // a busy one may be reloading
  if (phase_ == SwapPhase::loading) {
    const Held* own = find(swap_.model);
    const bool there = own && own->missed == 0 && !own->leaving && !own->unsure;
    if (!load_out_ && there) enter(SwapPhase::steady, now);  // the order failed and yet it was done: as if found there
    else if (!load_out_ && answers_wanted_ == 0) order_load(facts, now, steps);
  }
  if (news || answers_wanted_ > 0) look(now, steps);
  advance(facts, now, steps);
  return steps;
}

void Gate::lost(Time now) {
  std::erase_if(held_, [](const Held& h) { return h.in_flight == 0 && !h.leaving && !h.unsure; });
  for (Held& h : held_) h.missed = 1;
  failure_.reset();
  enter(SwapPhase::steady, now);
}

void Gate::look(Time now, std::vector<GateStep>& steps) {
  looked_ = now;
  gap_ = first_gap;
  const GateStep step{GateStep::What::look, {}};
  if (std::find(steps.begin(), steps.end(), step) == steps.end()) steps.push_back(step);
}

bool Gate::looks_wanted() const {
  return phase_ == SwapPhase::unloading || answers_wanted_ > 0 ||
         std::any_of(held_.begin(), held_.end(), [](const Held& h) { return h.leaving || h.missed > 0; });
}

std::vector<GateStep> Gate::tick(const GateFacts& facts, Time now) {
  std::vector<GateStep> steps;
  if ((phase_ == SwapPhase::unloading || phase_ == SwapPhase::loading) && now >= deadline_) {
    const bool load = phase_ == SwapPhase::loading;
    if (overdue_) {
      give_up((load ? "its load had not ended after " : "the models before it had not left after ") + to_text(2 * timeout_), 0, now, steps);
      return steps;
    }
    overdue_ = true;  // given the same time once more
    deadline_ = now + timeout_;
    look(now, steps);
    for (const ModelName& v : swap_.victims)
      if (const Held* h = find(v); !load && h && h->in_flight == 0) order_unload(v, steps);  // passthrough may have used it meanwhile
  } else if (looks_wanted() && now >= looked_ + gap_) {
    const Duration next = std::min(2 * gap_, last_gap);
    look(now, steps);
    gap_ = next;
  }
  advance(facts, now, steps);
  return steps;
}

std::optional<Time> Gate::wake() const {
  std::optional<Time> at;
  if (phase_ == SwapPhase::unloading || phase_ == SwapPhase::loading) at = deadline_;
  if (looks_wanted()) at = at ? std::min(*at, looked_ + gap_) : looked_ + gap_;
  return at;
}

}  // namespace rr
