// When those who wait may expect their turn: a copy of the dispatch is played on in virtual time, with answers, loads and unloads as
// long as they usually are here, and without anybody who has not come yet.
#include "domain/dispatch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

namespace rr {

namespace {

constexpr Duration hop = std::chrono::milliseconds(5);      // to a node and back
constexpr Duration leaves = std::chrono::milliseconds(600);  // a model, from its unload on
constexpr double least_rest = 0.3;    // of an answer that has taken longer than usual: it goes on for a part of what is usual
constexpr double late_weight = 0.2, most_late = 2, least_telling = 0.5;  // of the log; seconds
constexpr Duration between_bets = std::chrono::seconds(2);
constexpr int most_work = 4000;       // events x who waits: a forecast of a full line is cut short, not slow
constexpr std::size_t most_waiting = 24;  // of a line: who is behind them is told nothing, and costs nothing

struct Coming {
  Time at{};
  int order = 0;
  Event event{};
  bool operator<(const Coming& o) const { return at != o.at ? at > o.at : order > o.order; }
};

}  // namespace

// Seconds of work: what is not cached of the prompt, then the answer.
Dispatch::Work Dispatch::usual_work(const Ask& ask, const NodeName& node, const ModelName& model, bool cached_now) const {
  const GateFacts::Model& m = facts(node).model(model);
  std::int64_t cached = 0;
  if (cached_now && ask.chain) cached = seen_.cache(node, model).cached(*ask.chain, seen_.room_of(node, model, m.kv_per_token));
  const double prompt = static_cast<double>(std::max<std::int64_t>(0, ask.tokens - cached)) / seen_.pace.prefill_tps(node, model, m.file);
  const double output = ask.purpose == Purpose::answer && !ask.needs.embedding ? seen_.pace.mean_output(ask.role) / seen_.pace.decode_tps(node, model, m.file) : 0;
  return {prompt, output};
}

class Forecast {
 public:
  Forecast(const Dispatch& from, Time now) : play_(from), now_(now) {
    play_.stories_ = {};
    play_.foreseeing_ = true;
    if (auto& line = play_.line_; line.size() > most_waiting) line.erase(line.begin() + most_waiting, line.end());
    for (const auto& [id, r] : from.running_) begin(id, r, now);
    for (const auto& [name, gate] : from.gates_) orders(from, name, gate);
    carry_out(WakeAt{now}, now);
  }

  void arrive(const Ask& ask) {
    last_ = ask.id;
    at(now_, Arrived{ask});
  }

  // By id; who is not in it was not granted within the bound of the play.
  std::map<TicketId, Expected> run() {
    const Time began = now_;
    const int most_events = most_work / (60 + play_.waiting());
    for (int n = 0; n < most_events && !coming_.empty() && (play_.waiting() > 0 || last_ > 0); ++n) {
      const Coming next = coming_.top();
      coming_.pop();
      if (std::holds_alternative<Ticked>(next.event)) {
        if (wake_ != next.at) continue;  // another time was said meanwhile
        wake_.reset();
      }
      now_ = std::max(now_, next.at);
      if (const auto* ended = std::get_if<Ended>(&next.event); ended && !play_.running_.count(ended->id)) continue;
      for (const Command& c : play_.on(next.event, now_)) std::visit([&](const auto& what) { carry_out(what, began); }, c);
    }
    return std::move(granted_);
  }

 private:
  void at(Time t, Event e) { coming_.push({.at = t, .order = ++order_, .event = std::move(e)}); }

  // How many models are at work there: each gets its part of the machine.
  double crowd(const NodeName& node) const {
    int n = 0;
    if (const Gate* g = play_.gate(node))
      for (const Held& h : g->held()) n += h.in_flight > 0;
    return std::max(1, n);
  }

  Dispatch::Work begin(TicketId id, const Dispatch::Running& r, Time now) {
    const Dispatch::Work work = play_.usual_work(r.ask, r.node, r.model, r.depth < PromptCache::never);
    const double elapsed = in_seconds(now - r.granted), whole = (work.prompt + work.output) * crowd(r.node);
    const double rest = std::max(whole - elapsed, std::min(whole, work.output * crowd(r.node)) * least_rest);
    at(now + from_seconds(rest), Ended{id, {.ending = Ending::ok, .content_began = true, .prompt_tokens = r.ask.tokens,
                                       .output_tokens = static_cast<std::int64_t>(play_.seen_.pace.mean_output(r.ask.role))}});
    return work;
  }

  void orders(const Dispatch& from, const NodeName& name, const Gate& gate) {
    if (gate.phase() == SwapPhase::loading) {
      const Duration whole = from.expected_load(name, gate.swap().model), done = now_ - gate.phase_since();
      at(now_ + std::max(whole - done, whole / 10), LoadEnded{name, gate.swap().model, {}});
    }
    for (const Held& h : gate.held())
      if (h.leaving) leave(name, h.model, std::max(now_, h.leaving_since + leaves));
  }

  void leave(const NodeName& node, const ModelName& model, Time when) {
    at(when, UnloadEnded{node, model, {}});
    gone_[{node, model}] = when;
  }

  void carry_out(const GiveUp&, Time) {}
  void carry_out(const Try&, Time) {}  // a forecast makes none
  void carry_out(const Note&, Time) {}
  void carry_out(const Refuse& r, Time) {
    if (r.id == last_) last_ = 0;
  }
  void carry_out(const Look& l, Time) { at(now_ + hop, Observed{l.node, residents(l.node), hop}); }
  void carry_out(const WakeAt& w, Time) {
    if (wake_ == w.at) return;
    wake_ = w.at;
    at(w.at, Ticked{});
  }
  void carry_out(const Unload& u, Time) { leave(u.node, u.model, now_ + leaves); }
  void carry_out(const Load& l, Time) { at(now_ + play_.expected_load(l.node, l.model), LoadEnded{l.node, l.model, {}}); }
  void carry_out(const Grant& g, Time began) {
    if (g.id == last_) last_ = 0;
    const auto found = play_.running_.find(g.id);
    if (found == play_.running_.end()) return;
    const Dispatch::Work work = begin(g.id, found->second, now_);
    granted_[g.id] = {now_ - began, now_ - began + from_seconds(work.prompt * crowd(g.node))};
  }

  std::vector<Resident> residents(const NodeName& node) const {
    std::vector<Resident> out;
    const NodeBelief* belief = play_.fleet().node(node);
    if (const Gate* g = play_.gate(node))
      for (const Held& h : g->held()) {
        const auto end = gone_.find({node, h.model});
        if (h.leaving && h.in_flight == 0 && (end == gone_.end() || end->second <= now_)) continue;
        Resident r{.name = h.model, .size = h.bytes, .size_vram = h.bytes, .num_ctx = h.shown_ctx > 0 ? h.shown_ctx : h.num_ctx, .digest = h.digest, .expires = h.expires};
        if (belief)
          for (const Resident& known : belief->residents)
            if (known.name == h.model) r.size = known.size, r.size_vram = known.size_vram;
        out.push_back(std::move(r));
      }
    return out;
  }

  Dispatch play_;
  Time now_;
  std::priority_queue<Coming> coming_{};
  std::map<std::pair<NodeName, ModelName>, Time> gone_{};
  std::map<TicketId, Expected> granted_{};
  std::optional<Time> wake_{};
  TicketId last_ = 0;
  int order_ = 0;
};

std::map<TicketId, Expected> Dispatch::forecast(Time now) const {
  if (line_.empty() || passthrough()) return {};
  auto out = Forecast(*this, now).run();
  for (const Waiter& w : line_)
    if (const auto own = out.find(w.ask.id); own != out.end()) put_right(own->second, w.node, w.ask.model, now);
  return out;
}

std::optional<Expected> Dispatch::expected(Ask ask, Time now) const {
  if (passthrough()) return std::nullopt;
  if (line_.size() > most_waiting) return std::nullopt;
  ask.id = std::numeric_limits<TicketId>::max();
  Forecast forecast(*this, now);
  forecast.arrive(ask);
  const auto all = forecast.run();
  const auto own = all.find(ask.id);
  if (own == all.end()) return std::nullopt;
  Expected out = own->second;
  if (const auto node = where(ask, now)) put_right(out, *node, ask.model, now);
  return out;
}

// Who comes later may make a wait longer: not that for a load that is under way, but that for a slot, and that for busy victims.
std::string Dispatch::chancy(const NodeName& node, const ModelName& model, Time now) const {
  const Gate* g = gate(node);
  if (!g || ((g->phase() == SwapPhase::loading || g->phase() == SwapPhase::unloading) && g->swap().model == model)) return "";
  return pace_key(node, model) + (g->ready(model, facts(node), now) ? " slot" : " swap");
}

void Dispatch::put_right(Expected& e, const NodeName& node, const ModelName& model, Time now) const {
  const auto known = late_.find(chancy(node, model, now));
  if (known == late_.end()) return;
  const Duration more = from_seconds(in_seconds(e.granted) * (std::exp(known->second) - 1));
  e.granted += more;
  e.first_token += more;
}

void Dispatch::bet(const Waiter& w, Time now) {
  const std::string on = chancy(w.node, w.ask.model, now);
  if (on.empty() || passthrough()) return;
  const auto open = bets_.find(on);
  if (open != bets_.end() && now - open->second.at < between_bets) return;
  if (open != bets_.end() && std::any_of(line_.begin(), line_.end(), [&](const Waiter& x) { return x.ask.id == open->second.id; })) return;
  const auto all = Forecast(*this, now).run();
  if (const auto own = all.find(w.ask.id); own != all.end()) bets_[on] = {.id = w.ask.id, .at = now, .expected = own->second.granted};
}

void Dispatch::settle(TicketId id, Time now) {
  for (auto at = bets_.begin(); at != bets_.end(); ++at) {
    if (at->second.id != id) continue;
    const double ratio = std::log(std::max(least_telling, in_seconds(now - at->second.at)) / std::max(least_telling, in_seconds(at->second.expected)));
    double& late = late_[at->first];
    late += late_weight * (std::clamp(ratio, -most_late, most_late) - late);
    at->second.id = 0;
    return;
  }
}

}  // namespace rr
