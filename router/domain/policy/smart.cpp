#include "domain/policy/smart.hpp"

#include <algorithm>
#include <limits>

namespace rr::smart {

namespace {

constexpr double stale_s = 600;       // a model that was idle so long is half as dear to bring back
constexpr double given_back = 0.1;    // keep_alive 0: the first to leave when somebody needs the room
constexpr double share = 2;           // other work on the machine counts twice
constexpr std::size_t most_candidates = 12;
constexpr Duration ask_again = std::chrono::minutes(1);  // after an unload that was given up

const Waiting* waiting_for(const PolicyView& view, const ModelName& model) {
  for (const Waiting& w : view.waiting)
    if (w.model == model) return &w;
  return nullptr;
}

bool in_use(const PolicyView& view, const Held& h) { return h.in_flight > 0 || waiting_for(view, h.model); }

double load_s(const PolicyView& view, const ModelName& model) {
  return view.seen.pace.load_s(view.node, model, view.facts.model(model).file);
}

// Seconds that its coming back would cost; less the longer nobody used it.
double dear(const PolicyView& view, const Held& h, Time now) {
  const double cost = load_s(view, h.model) / (1 + std::max(0.0, in_seconds(now - h.used)) / stale_s);
  return view.settings.keep_alive(h.model, "").zero() ? given_back * cost : cost;
}

// The cheapest set of residents without which `model` fits beside `staying` bytes; nothing: no set is enough.
std::optional<std::vector<const Held*>> cheapest(const PolicyView& view, const ModelName& model, Bytes staying, Time now) {
  const Bytes need = view.facts.need(model);
  std::vector<const Held*> may;
  Bytes all = staying;
  for (const Held& h : view.gate.held()) {
    if (h.model == model || h.leaving) continue;
    all += h.bytes;
    if (!view.facts.pinned(h.model)) may.push_back(&h);
  }
  const auto room = [&](Bytes resident) { return need == 0 || fits(view.facts.limit, resident, need); };
  if (room(all)) return std::vector<const Held*>{};
  std::sort(may.begin(), may.end(), [](const Held* a, const Held* b) { return a->bytes > b->bytes; });
  may.resize(std::min(may.size(), most_candidates));
  std::optional<std::vector<const Held*>> best;
  double least = std::numeric_limits<double>::infinity();
  for (unsigned set = 1; set < 1u << may.size(); ++set) {
    double cost = 0;
    Bytes rest = all;
    for (std::size_t i = 0; i < may.size(); ++i)
      if (set >> i & 1u) cost += dear(view, *may[i], now), rest -= may[i]->bytes;
    if (cost >= least || !room(rest)) continue;
    least = cost;
    best.emplace();
    for (std::size_t i = 0; i < may.size(); ++i)
      if (set >> i & 1u) best->push_back(may[i]);
  }
  return best;
}

std::string because(const PolicyView& view, const std::vector<const Held*>& victims, bool late) {
  if (victims.empty()) return "it is wanted and fits";
  std::string names;
  for (std::size_t i = 0; i < victims.size(); ++i)
    names += (i == 0 ? "" : i + 1 == victims.size() ? " and " : ", ") + victims[i]->model.spelt();
  if (late) return names + " finish and leave: somebody waited " + to_text(KeepAlive{view.settings.max_wait}) + " (max_wait)";
  return names + (victims.size() > 1 ? " are idle and make room" : " is idle and makes room");
}

// What a model that is waited for and not ready needs; a time when only patience helps.
Wish wish(const PolicyView& view, const Waiting& w, Time now) {
  const auto gone = view.seen.left.find(pace_key(view.node, w.model));
  const Time since = gone == view.seen.left.end() ? w.oldest : std::max(w.oldest, gone->second);
  const Time due = since + view.settings.max_wait;
  const bool late = now >= due;
  Bytes leaving = 0;
  for (const Held& h : view.gate.held())
    if (h.leaving) leaving += h.bytes;
  const Held* own = view.gate.find(w.model);
  if (own) {
    if (own->leaving || own->missed > 0) return std::monostate{};  // /api/ps will tell
    if (!view.gate.to_reload(*own, view.facts)) return Proposal{w.model, {}, own->unsure ? "to be sure of it" : "its lease ends"};
    if (own->in_flight > 0 && !late) return WaitUntil{due};
  }
  const auto victims = cheapest(view, w.model, leaving, now);
  if (!victims) {
    if (view.gate.hopeless(w.model, view.facts)) return Proposal{w.model, {}, "it is wanted"};  // the gate says why not
    return leaving > 0 ? Wish{std::monostate{}} : Wish{WaitUntil{due}};                         // first those who are on their way
  }
  const bool idle = std::none_of(victims->begin(), victims->end(), [&](const Held* v) { return in_use(view, *v); });
  if (!idle && !late) return WaitUntil{due};
  Proposal out{.model = w.model, .victims = {}, .because = because(view, *victims, !idle)};
  for (const Held* v : *victims) out.victims.push_back(v->model);
  if (own) {
    out.victims.push_back(w.model);
    out.because = why_reload(view, *own);
  }
  return out;
}

// The lease that the router keeps: an idle model whose roles' keep_alive is over leaves. keep_alive 0 waits until the room is needed.
Wish lease_over(const PolicyView& view, const Held& h, Time now) {
  const KeepAlive keep = view.settings.keep_alive(h.model, "");
  if (!ours(view, h) || keep.zero() || keep.forever() || h.leaving || h.missed > 0 || in_use(view, h) || view.facts.pinned(h.model)) return std::monostate{};
  Time over = h.used + keep.value;
  if (h.stayed) over = std::max(over, *h.stayed + ask_again);
  if (now < over) return WaitUntil{over};
  return Proposal{ModelName{}, {h.model}, "idle for " + to_text(keep) + " (keep_alive)"};
}

bool stays_here(const PolicyView& view, const RoleSettings& role) {
  if (view.facts.pinned(role.model)) return std::find(role.nodes.begin(), role.nodes.end(), view.node) != role.nodes.end();
  return role.nodes.size() > 1 && role.nodes.back() == view.node;
}

// What is loaded without a request when the node comes up: pinned models and those with two places, big to small, because the
// 80 % rule lets the small one in beside the big one and not the reverse.
std::optional<Proposal> bring(const PolicyView& view) {
  const RoleSettings* best = nullptr;
  for (const RoleSettings& role : view.settings.roles) {
    if (!stays_here(view, role) || view.gate.find(role.model) || view.seen.brought.count(pace_key(view.node, role.model))) continue;
    const GateFacts::Model& m = view.facts.model(role.model);
    if (m.digest.empty() || m.need == 0 || !fits(view.facts.limit, view.gate.used(), m.need)) continue;  // not known to be there, or no room
    if (!best || m.need > view.facts.need(best->model)) best = &role;
  }
  if (!best) return std::nullopt;
  return Proposal{best->model, {}, view.facts.pinned(best->model) ? "it stays for ever" : "it has its second place here"};
}

}  // namespace

Wish next(const PolicyView& view, Time now) {
  std::optional<Time> later;
  const auto note = [&](const Wish& wanted) {
    if (const auto* until = std::get_if<WaitUntil>(&wanted)) later = later ? std::min(*later, until->at) : until->at;
    return std::holds_alternative<Proposal>(wanted);
  };
  for (const Waiting& w : view.waiting) {
    if (view.gate.ready(w.model, view.facts, now)) continue;  // only a slot is wanted
    if (Wish wanted = wish(view, w, now); note(wanted)) return wanted;
  }
  if (auto proposal = bring(view)) return *proposal;
  for (const Held& h : view.gate.held())
    if (Wish wanted = lease_over(view, h, now); note(wanted)) return wanted;
  if (later) return WaitUntil{*later};
  return std::monostate{};
}

double others(const PolicyView& view, const ModelName& model, Time now) {
  double sum = 0;
  for (const Held& h : view.gate.held())
    if (h.model != model) sum += h.in_flight;
  const bool swap_wanted = std::any_of(view.waiting.begin(), view.waiting.end(),
                                       [&](const Waiting& w) { return !view.gate.ready(w.model, view.facts, now); });
  return sum + (swap_wanted ? 1 : 0);
}

double finish(const PolicyView& view, const Request& r, double extra, Time now) {
  const bool ready = view.gate.ready(r.model, view.facts, now);
  const GateFacts::Model& m = view.facts.model(r.model);
  if (!ready) {
    const bool room = m.need == 0 || fits(view.facts.limit, view.gate.used(), m.need);
    if (view.gate.phase() != SwapPhase::steady || !room || view.gate.find(r.model)) return std::numeric_limits<double>::infinity();
  }
  const Pace& pace = view.seen.pace;
  const double room = view.seen.room_of(view.node, r.model, m.kv_per_token);
  const std::int64_t cached = r.chain ? view.seen.cache(view.node, r.model).cached(*r.chain, room) : 0;
  const double work = static_cast<double>(std::max<std::int64_t>(0, r.tokens - cached)) / pace.prefill_tps(view.node, r.model, m.file) +
                      pace.mean_output(r.role) / pace.decode_tps(view.node, r.model, m.file);
  const Held* h = view.gate.find(r.model);
  const Waiting* w = waiting_for(view, r.model);
  const double ahead = static_cast<double>((h ? h->in_flight : 0) + (w ? w->count : 0)) / m.parallel;
  return (ready ? 0 : load_s(view, r.model)) + work * (1 + ahead + share * extra);
}

}  // namespace rr::smart
