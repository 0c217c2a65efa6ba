// A small world for the gate: beside it runs the truth, a node that does whatever a node may do. The gate sees of it only answers,
// which may be late. What the gate orders is carried out and held against the truth.
#pragma once

#include "domain/policy/policy.hpp"

#include <array>
#include <string>

namespace rr::test {

using namespace std::chrono_literals;

constexpr int models = 2, requests = 3;
inline const std::array<ModelName, models> name{ModelName("a"), ModelName("b")};

struct World {  // what does not change in a search
  std::array<Bytes, models> need{60, 60};
  int pinned = -1;       // a role keeps it for ever
  int zero = -1;         // its role says keep_alive 0
  bool adversary = false;
  int slots = 1;
  int faults = 1;        // failed orders, crashes, outages, ends in doubt: so many in one story
  int ticks = 1;
  int proposals = 2;     // of the adversary
  Settings settings{};
  GateFacts facts{};

  void finish() {
    for (int m = 0; m < models; ++m) {
      const KeepAlive keep = m == pinned ? for_ever : m == zero ? KeepAlive{0s} : KeepAlive{100h};
      settings.roles.push_back({.name = m ? "rb" : "ra", .nodes = {"n"}, .model = name[m], .keep_alive = keep});
      settings.models.push_back({.name = name[m], .num_ctx = 4096, .parallel = slots});
      facts.models.push_back({.name = name[m], .need = need[m], .parallel = slots, .num_ctx = 4096, .pinned = m == pinned,
                              .lease = keep.zero() ? for_ever : keep});
    }
    settings.nodes = {{.name = "n", .gpu_memory = 100}};
    facts.limit = 100;
    facts.swap_timeout = 3min;
  }
  bool alike() const { return pinned < 0 && zero < 0 && need[0] == need[1]; }
  KeepAlive sent(int m) const { return settings.roles[static_cast<std::size_t>(m)].keep_alive; }
};

enum class Is : char { absent, loading, resident, leaving };

struct Truth {
  std::array<Is, models> is{Is::absent, Is::absent};
  std::array<char, models> runs{};     // requests that compute
  std::array<char, models> zeroed{};   // keep_alive 0 or an unload came while it was busy
  int load = -1;                       // the load order that has not been answered
  std::array<char, models> unloads{};  // unload orders that have not been answered
  bool reachable = true;

  int listed() const {
    int out = 0;
    for (int m = 0; m < models; ++m)
      if (is[m] == Is::resident || is[m] == Is::leaving) out |= 1 << m;
    return out;
  }
  void settle() {  // an idle model that was told to go goes
    for (int m = 0; m < models; ++m)
      if (is[m] == Is::resident && runs[m] == 0 && zeroed[m]) is[m] = Is::leaving, zeroed[m] = 0;
  }
};

struct State {
  Gate gate{};
  Truth truth{};
  int last_list = 0;                   // what the node would have listed when the last answer arrived: as old as the next may be
  bool up = true;                      // as the router believes
  std::array<char, models> waiting{}, tickets{};
  char arrived = 0, faults = 0, ticks = 0, proposals = 0;
  Time now = Time{} + 1000h;
};

class Play {
 public:
  Play(const World& world, State& state, std::string& broken) : w(world), s(state), broken_(broken) {}

  // ---- what the gate wants done, done and watched
  void carry_out(const std::vector<GateStep>& steps) {
    for (const GateStep& step : steps) {
      if (step.what == GateStep::What::look) continue;
      const int m = step.model == name[0] ? 0 : 1;
      if (step.what == GateStep::What::load) load(m);
      else unload(m);
    }
  }
  void load(int m) {
    if (s.truth.load >= 0) broke("two loads at one time");
    Bytes beside = 0;
    for (int o = 0; o < models; ++o)
      if (o != m && s.truth.is[o] != Is::absent) beside += w.need[o];
    if (beside + w.need[m] > 100) broke("the memory is exceeded");
    if (s.truth.runs[m] > 0) broke("a busy model is loaded over");
    s.truth.load = m;
    if (s.truth.is[m] == Is::absent) s.truth.is[m] = Is::loading;
  }
  void unload(int m) {
    if (s.truth.runs[m] > 0 || s.tickets[m] > 0) broke("a busy model is unloaded");
    if (m == w.pinned) broke("a pinned model is unloaded");
    ++s.truth.unloads[m];
  }
  void grant(int m) {
    if (s.truth.is[m] != Is::resident) broke("granted a model that is absent, loading or leaving");
    if (s.truth.zeroed[m]) broke("granted a model that was told to leave");
    if (!s.truth.reachable) broke("granted on a node that is down");
    if (s.truth.runs[m] >= w.slots) broke("granted without a free slot");
    s.gate.grant(name[m], w.sent(m), s.now);
    --s.waiting[m];
    ++s.tickets[m];
    ++s.truth.runs[m];
    if (w.sent(m).zero()) s.truth.zeroed[m] = 1;
  }

  // ---- as the dispatch does after each event
  void go_on() {
    if (!s.up) return;
    for (int round = 0; round < 8; ++round) {
      if (auto failure = s.gate.take_failure()) {
        for (int m = 0; m < models; ++m)
          if (failure->model == name[m]) s.waiting[m] = 0;
        continue;
      }
      if (s.gate.phase() == SwapPhase::draining && !s.gate.swap().model.empty() && !waits(s.gate.swap().model)) s.gate.drop(s.now);
      for (int m = 0; m < models; ++m)
        while (s.waiting[m] > 0 && s.gate.may_grant(name[m], w.facts, s.now)) grant(m);
      if (w.adversary || s.gate.phase() != SwapPhase::steady || !propose()) return;
    }
  }
  bool waits(const ModelName& m) const { return s.waiting[m == name[0] ? 0 : 1] > 0; }
  bool propose() {
    std::vector<Waiting> waiting;
    for (int m = 0; m < models; ++m)
      if (s.waiting[m] > 0) waiting.push_back({.model = name[m], .count = s.waiting[m], .oldest = s.now});
    const Wish wish = seed::next({s.gate, w.facts, waiting, w.settings, "n", {}}, s.now);
    const auto* p = std::get_if<Proposal>(&wish);
    if (!p) return false;
    if (!s.gate.refuses(*p, w.facts, s.now)) {
      carry_out(s.gate.begin(*p, w.facts, s.now));
      return true;
    }
    if (p->model.empty() || !s.gate.hopeless(p->model, w.facts)) return false;
    s.waiting[p->model == name[0] ? 0 : 1] = 0;  // refused: never_fits
    return true;
  }

  // ---- what may happen. Each returns false when it cannot happen now.
  bool arrive(int m) {
    if (s.arrived >= requests || !s.up) return false;
    ++s.arrived;
    ++s.waiting[m];
    return true;
  }
  bool leave(int m) {
    if (s.waiting[m] == 0) return false;
    --s.waiting[m];
    return true;
  }
  bool end(int m, Reached reached, bool applied) {
    if (s.tickets[m] == 0) return false;
    const bool computes = s.truth.runs[m] > 0;
    if (!computes && reached != Reached::unsure) return false;  // it died with the node: that is a failure
    if (reached != Reached::yes && !fault(computes)) return false;
    --s.tickets[m];
    if (computes) --s.truth.runs[m];
    if (computes && s.truth.runs[m] == 0 && !applied && w.sent(m).zero()) s.truth.zeroed[m] = 0;
    s.truth.settle();
    carry_out(s.gate.ended(name[m], w.facts, s.now, reached));
    return true;
  }
  bool observe(bool late) {
    if (!s.truth.reachable) return false;
    const int list = late ? s.last_list : s.truth.listed();
    if (late && list == s.truth.listed()) return false;
    s.last_list = s.truth.listed();
    std::vector<Resident> seen;
    for (int m = 0; m < models; ++m)
      if (list >> m & 1) seen.push_back({.name = name[m], .size = w.need[m], .num_ctx = 4096});
    s.up = true;
    carry_out(s.gate.observed(seen, w.facts, s.now));
    return true;
  }
  bool load_answered(bool ok, bool done) {
    const int m = s.truth.load;
    if (m < 0 || (!ok && !fault(true))) return false;
    s.truth.load = -1;
    if (done) s.truth.is[m] = Is::resident, s.truth.zeroed[m] = 0;
    else if (s.truth.is[m] == Is::loading) s.truth.is[m] = Is::absent;
    carry_out(ok ? s.gate.loaded(name[m], w.facts, s.now) : s.gate.load_failed(name[m], "no", s.now));
    return true;
  }
  bool unload_answered(int m, bool ok, bool done) {
    if (s.truth.unloads[m] == 0 || (!ok && !fault(true))) return false;
    --s.truth.unloads[m];
    if (done && s.truth.is[m] == Is::resident) s.truth.zeroed[m] = 1;
    s.truth.settle();
    carry_out(ok ? s.gate.unloaded(name[m], s.now) : s.gate.unload_failed(name[m], "no", s.now));
    return true;
  }
  bool gone(int m) {
    if (s.truth.is[m] != Is::leaving || s.truth.load == m) return false;
    s.truth.is[m] = Is::absent;
    return true;
  }
  bool tick(Duration d) {
    if (s.ticks >= w.ticks) return false;
    ++s.ticks;
    return pass(d);
  }
  bool pass(Duration d) {
    s.now += d;
    if (s.up) carry_out(s.gate.tick(w.facts, s.now));
    return true;
  }
  bool lost(bool crash) {
    if (!s.up || !fault(true)) return false;
    s.up = false;
    s.truth.reachable = false;
    s.last_list = s.truth.listed();
    if (crash) {
      s.truth.is.fill(Is::absent);
      s.truth.runs.fill(0);
      s.truth.zeroed.fill(0);
      s.last_list = 0;
    }
    s.waiting.fill(0);  // their node is down: placed elsewhere or refused
    s.gate.lost(s.now);
    return true;
  }
  bool back() {
    if (s.truth.reachable) return false;
    s.truth.reachable = true;
    return true;
  }
  bool adversary(int model, int victims) {
    if (!s.up || s.proposals >= w.proposals) return false;
    Proposal p{model < models ? name[model] : ModelName(), {}, "why not"};
    for (int m = 0; m < models; ++m)
      if (victims >> m & 1) p.victims.push_back(name[m]);
    if (s.gate.refuses(p, w.facts, s.now)) return false;
    ++s.proposals;
    carry_out(s.gate.begin(p, w.facts, s.now));
    return true;
  }

 private:
  bool fault(bool counts) {
    if (!counts) return true;
    if (s.faults >= w.faults) return false;
    ++s.faults;
    return true;
  }
  void broke(const char* what) {
    if (broken_.empty()) broken_ = what;
  }
  const World& w;
  State& s;
  std::string& broken_;
};

}  // namespace rr::test
