#include "domain/policy/policy.hpp"

#include <algorithm>

namespace rr::seed {

namespace {

struct Choice {
  std::vector<ModelName> victims{};
  bool enough = false;  // with them gone it fits
};

KeepAlive lease(const PolicyView& view, const ModelName& model) { return view.settings.keep_alive(model, ""); }

bool awaited(const PolicyView& view, const ModelName& model) {
  return std::any_of(view.waiting.begin(), view.waiting.end(), [&](const Waiting& w) { return w.model == model; });
}

// Shortest keep_alive first, and of equals the longest unused, until the model fits.
Choice make_room(const PolicyView& view, const ModelName& model, bool busy_too) {
  std::vector<const Held*> can;
  for (const Held& h : view.gate.held())
    if (h.model != model && !view.facts.pinned(h.model) && !h.leaving && (busy_too || h.in_flight == 0)) can.push_back(&h);
  std::stable_sort(can.begin(), can.end(), [&](const Held* a, const Held* b) {
    if ((a->in_flight > 0) != (b->in_flight > 0)) return a->in_flight == 0;
    const KeepAlive ka = lease(view, a->model), kb = lease(view, b->model);
    return ka == kb ? a->used < b->used : longer(kb, ka);
  });
  Choice choice;
  Bytes rest = view.gate.used();
  const Bytes need = view.facts.need(model);
  choice.enough = need == 0 || fits(view.facts.limit, rest, need);
  for (const Held* h : can) {
    if (choice.enough) break;
    choice.victims.push_back(h->model);
    rest -= h->bytes;
    choice.enough = fits(view.facts.limit, rest, need);
  }
  return choice;
}

std::string names(const std::vector<ModelName>& models) {
  std::string out;
  for (const ModelName& m : models) out += (out.empty() ? "" : " and ") + m.spelt();
  return out;
}

}  // namespace

Wish next(const PolicyView& view, Time now) {
  std::optional<Time> later;
  for (const Waiting& w : view.waiting) {
    if (view.gate.ready(w.model, view.facts, now)) continue;  // only a slot is wanted
    if (const Held* own = view.gate.find(w.model)) {
      if (own->leaving || own->doubted) continue;
      if (own->num_ctx != view.facts.num_ctx(w.model) && view.facts.num_ctx(w.model) > 0) {
        if (own->in_flight == 0) return Proposal{w.model, {w.model}, "it was loaded with another context"};
        continue;
      }
      return Proposal{w.model, {}, "its lease ends"};
    }
    if (lease(view, w.model).zero()) {  // the architect: everybody else leaves at once
      std::vector<ModelName> all;
      for (const Held& h : view.gate.held())
        if (!view.facts.pinned(h.model) && !h.leaving) all.push_back(h.model);
      const std::string because = all.empty() ? "it is wanted" : names(all) + " make room at once";
      return Proposal{w.model, std::move(all), because};
    }
    const Time due = w.oldest + view.settings.max_wait;
    Choice choice = make_room(view, w.model, now >= due);
    if (choice.enough)
      return Proposal{w.model, choice.victims, choice.victims.empty() ? "it is wanted and fits" : names(choice.victims) + " make room"};
    if (view.gate.hopeless(w.model, view.facts)) return Proposal{w.model, {}, "it is wanted"};  // the gate says why not
    if (now < due) later = later ? std::min(*later, due) : due;
  }
  for (const Held& h : view.gate.held())
    if (h.in_flight == 0 && !h.leaving && !h.doubted && lease(view, h.model).zero() && !awaited(view, h.model))
      return Proposal{ModelName{}, {h.model}, "its role gives the memory back"};
  if (later) return WaitUntil{*later};
  return std::monostate{};
}

}  // namespace rr::seed
