#include "domain/policy/policy.hpp"

#include <algorithm>

namespace rr::seed {

namespace {

constexpr Duration ask_again = std::chrono::minutes(1);  // after an unload that was given up

KeepAlive lease(const PolicyView& view, const ModelName& model) { return view.settings.keep_alive(model, ""); }

bool awaited(const PolicyView& view, const ModelName& model) {
  return std::any_of(view.waiting.begin(), view.waiting.end(), [&](const Waiting& w) { return w.model == model; });
}

bool room(const PolicyView& view, Bytes resident, Bytes need) { return need == 0 || fits(view.facts.limit, resident, need); }

std::string names(const std::vector<ModelName>& models) {
  std::string out;
  for (std::size_t i = 0; i < models.size(); ++i)
    out += (i == 0 ? "" : i + 1 == models.size() ? " and " : ", ") + models[i].spelt();
  return out;
}

// Who may be asked to leave: idle before busy, then the shortest keep_alive, then the longest unused.
std::vector<const Held*> victims(const PolicyView& view, const ModelName& model, bool busy_too) {
  std::vector<const Held*> out;
  for (const Held& h : view.gate.held())
    if (h.model != model && !h.leaving && !view.facts.pinned(h.model) && (busy_too || h.in_flight == 0)) out.push_back(&h);
  std::stable_sort(out.begin(), out.end(), [&](const Held* a, const Held* b) {
    if ((a->in_flight > 0) != (b->in_flight > 0)) return a->in_flight == 0;
    const KeepAlive ka = lease(view, a->model), kb = lease(view, b->model);
    return ka == kb ? a->used < b->used : longer(kb, ka);
  });
  return out;
}

struct Choice {
  bool enough = false;           // with them gone it fits
  std::vector<ModelName> victims{};
};

// `resident`: what is there and stays unless chosen.
Choice make_room(const PolicyView& view, const ModelName& model, Bytes resident, bool busy_too) {
  const Bytes need = view.facts.need(model);
  std::vector<const Held*> chosen;
  for (const Held* h : victims(view, model, busy_too)) {
    if (room(view, resident, need)) break;
    chosen.push_back(h);
    resident -= h->bytes;
  }
  Choice out{.enough = room(view, resident, need)};
  for (const Held* h : chosen) {  // a large one that came last may make an earlier one needless
    if (!room(view, resident + h->bytes, need)) out.victims.push_back(h->model);
    else resident += h->bytes;
  }
  return out;
}

// What one model that is waited for and not ready needs; a time when only patience helps.
Wish wish(const PolicyView& view, const Waiting& w, Time now) {
  const Time due = w.oldest + view.settings.max_wait;
  Bytes leaving = 0, resident = 0;
  for (const Held& h : view.gate.held()) (h.leaving ? leaving : resident) += h.bytes;
  if (const Held* own = view.gate.find(w.model)) {
    if (own->leaving || own->missed > 0) return std::monostate{};  // /api/ps will tell
    if (!view.gate.to_reload(*own, view.facts)) return Proposal{w.model, {}, own->unsure ? "to be sure of it" : "its lease ends"};
    if (own->in_flight > 0 && now < due) return WaitUntil{due};
    Choice choice = make_room(view, w.model, resident + leaving - own->bytes, now >= due);  // it may need more than it had
    if (!choice.enough && now < due) return WaitUntil{due};
    choice.victims.push_back(w.model);
    return Proposal{w.model, std::move(choice.victims), why_reload(view, *own)};
  }
  if (lease(view, w.model).zero()) {  // the architect: everybody else leaves at once
    std::vector<ModelName> all;
    for (const Held* h : victims(view, w.model, true)) all.push_back(h->model);
    if (leaving > 0 && !view.gate.hopeless(w.model, view.facts)) return std::monostate{};  // they are on their way
    const std::string because = all.empty() ? "it is wanted" : names(all) + (all.size() > 1 ? " make" : " makes") + " room at once";
    return Proposal{w.model, std::move(all), because};
  }
  const Bytes need = view.facts.need(w.model);
  if (room(view, resident + leaving, need)) return Proposal{w.model, {}, "it is wanted and fits"};
  if (view.gate.hopeless(w.model, view.facts)) return Proposal{w.model, {}, "it is wanted"};  // the gate says why not
  Choice choice = make_room(view, w.model, resident, now >= due);
  if (!choice.enough) {
    if (now < due) return WaitUntil{due};
    return std::monostate{};
  }
  if (leaving > 0) return std::monostate{};  // first those who are on their way
  const std::string because = names(choice.victims) + (choice.victims.size() > 1 ? " make" : " makes") + " room";
  return Proposal{w.model, std::move(choice.victims), because};
}

}  // namespace

Wish next(const PolicyView& view, Time now) {
  std::optional<Time> later;
  for (const Waiting& w : view.waiting) {
    if (view.gate.ready(w.model, view.facts, now)) continue;  // only a slot is wanted
    Wish wanted = wish(view, w, now);
    if (std::holds_alternative<Proposal>(wanted)) return wanted;
    if (const auto* until = std::get_if<WaitUntil>(&wanted)) later = later ? std::min(*later, until->at) : until->at;
  }
  for (const Held& h : view.gate.held()) {
    const KeepAlive keep = lease(view, h.model);
    const bool to_end = keep.zero() || (ours(view, h) && !view.facts.leases && !keep.forever());  // a node that takes leases ends the others itself
    if (h.in_flight > 0 || h.leaving || h.missed > 0 || !to_end || awaited(view, h.model) || view.facts.pinned(h.model)) continue;
    Time over = h.used + keep.value;
    if (h.stayed) over = std::max(over, *h.stayed + ask_again);
    if (now >= over) return Proposal{ModelName{}, {h.model}, keep.zero() ? "its role gives the memory back" : "idle for " + to_text(keep) + " (keep_alive)"};
    later = later ? std::min(*later, over) : over;
  }
  if (later) return WaitUntil{*later};
  return std::monostate{};
}

}  // namespace rr::seed
