// Every order of events in small worlds: one node, two models, three requests, twelve events. Beside the gate runs the truth, a
// node that does whatever a node may do; the gate sees of it only answers, which may be late. Two policies drive the gate: `seed`,
// and an adversary that proposes anything at any time. After each event the promises of gate.hpp are held against the truth, and
// from each state found, when only what is under way is completed, everybody who waits is granted or refused.
#include "domain/policy/policy.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_set>

using namespace rr;
using namespace std::chrono_literals;

namespace {

constexpr int models = 2, requests = 3, depth = 12;
const std::array<ModelName, models> name{ModelName("a"), ModelName("b")};

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
    const Wish wish = seed::next({s.gate, w.facts, waiting, w.settings, "n"}, s.now);
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

constexpr int events = 2 * models + 5 * models + 2 + 4 + 4 * models + models + 3 + 2 + 1 + 12;

// The n-th thing that may happen, with its name; false: it cannot now.
bool happen(int n, Play& p, bool adversary, std::string* told = nullptr) {
  const auto say = [&](std::string what) {
    if (told) *told = std::move(what);
  };
  const auto which = [](int m) { return std::string(m ? " b" : " a"); };
  if (n < models) return say("arrive" + which(n)), p.arrive(n);
  n -= models;
  if (n < models) return say("leave" + which(n)), p.leave(n);
  n -= models;
  if (n < models) return say("end" + which(n)), p.end(n, Reached::yes, true);
  n -= models;
  if (n < models) return say("end unsent" + which(n)), p.end(n, Reached::no, false);
  n -= models;
  if (n < models) return say("end in doubt, applied" + which(n)), p.end(n, Reached::unsure, true);
  n -= models;
  if (n < models) return say("end in doubt, not applied" + which(n)), p.end(n, Reached::unsure, false);
  n -= models;
  if (n < models) return say("gone" + which(n)), p.gone(n);
  n -= models;
  if (n < 2) return say(n ? "late answer of ps" : "answer of ps"), p.observe(n == 1);
  n -= 2;
  if (n < 4) return say("load answered " + std::to_string(n)), n != 1 && p.load_answered(n < 2, n != 3);
  n -= 4;
  if (n < 4 * models) {
    const int kind = n / models;
    return say("unload answered " + std::to_string(kind) + which(n % models)), kind != 1 && p.unload_answered(n % models, kind < 2, kind != 3);
  }
  n -= 4 * models;
  if (n < 3) {
    constexpr Duration spans[] = {1s, 11s, 200s};
    return say("tick " + to_text(spans[n])), p.tick(spans[n]);
  }
  n -= 3;
  if (n < 2) return say(n ? "crash" : "lost"), p.lost(n == 1);
  n -= 2;
  if (n < 1) return say("back"), p.back();
  n -= 1;
  if (n < 12) return say("adversary " + std::to_string(n)), adversary && p.adversary(n / 4, n % 4);
  return false;
}

std::string key(const State& s) {
  std::string out = s.gate.state(s.now);
  char text[64];
  int at = 0;
  const auto add = [&](int n) { text[at++] = static_cast<char>('0' + n); };
  add('|' - '0');
  for (int m = 0; m < models; ++m) {
    add(static_cast<int>(s.truth.is[m]));
    for (const int n : {s.truth.runs[m], s.truth.zeroed[m], s.truth.unloads[m], s.waiting[m], s.tickets[m]}) add(n);
  }
  for (const int n : {s.truth.load + 1, s.truth.reachable ? 1 : 0, s.last_list, s.up ? 1 : 0, int{s.arrived}, int{s.faults}, int{s.ticks}, int{s.proposals}})
    add(n);
  out.append(text, static_cast<std::size_t>(at));
  return out;
}

struct Found {
  std::size_t states = 0, transitions = 0;
  std::string broken, story;
};

class Search {
 public:
  explicit Search(World world) : world_(std::move(world)) { world_.finish(); }

  Found run() {
    std::string broken;
    State first;
    {
      Play p(world_, first, broken);
      p.observe(false);
    }
    std::vector<Node> level{{first, {}}};
    seen_.insert(key(first));
    for (int d = 0; d <= depth && found_.broken.empty(); ++d) {
      std::vector<Node> next;
      for (const Node& node : level) {
        completes(node);
        if (!found_.broken.empty()) return found_;
        if (d == depth) continue;
        const int first = d == 0 && world_.alike() ? 1 : 0;  // of two models alike the first to be asked for is a
        State state = node.state;
        for (int n = 0; n < events; ++n) {
          if (first && n == 1) continue;
          Play p(world_, state, broken);
          if (!happen(n, p, world_.adversary)) continue;  // and then it changed nothing
          p.go_on();
          ++found_.transitions;
          if (!broken.empty()) return fail(broken, node.path, n);
          if (seen_.insert(key(state)).second) {
            next.push_back({std::move(state), node.path});
            next.back().path.push_back(static_cast<char>(n));
          }
          state = node.state;
        }
      }
      level = std::move(next);
    }
    found_.states = seen_.size();
    return found_;
  }

 private:
  struct Node {
    State state;
    std::string path;
  };

  // Fair completion: no new requests and no new faults, time passes, `seed` proposes; whatever is under way ends.
  void completes(const Node& node) {
    World calm = world_;
    calm.adversary = false;
    calm.faults = 1000;
    State s = node.state;
    std::string broken;
    Play p(calm, s, broken);
    std::vector<std::string> path;
    for (int round = 0; round < 120; ++round) {
      p.go_on();
      std::string k = key(s);
      const bool nobody = s.waiting[0] + s.waiting[1] + s.tickets[0] + s.tickets[1] == 0;
      if (nobody || live_.count(k)) break;
      path.push_back(std::move(k));
      if (round == 119) return fail_now("somebody waits for ever", node.path);
      p.back();
      for (int m = 0; m < models; ++m) {
        if (!p.end(m, Reached::yes, true)) p.end(m, Reached::unsure, false);
        p.unload_answered(m, true, true);
        p.gone(m);
      }
      p.load_answered(true, true);
      p.go_on();
      p.observe(false);
      p.go_on();
      p.pass(1s);
      if (!broken.empty()) return fail_now(broken + ", when only what is under way is completed", node.path);
    }
    for (std::string& k : path) live_.insert(std::move(k));
  }

  Found fail(const std::string& broken, std::string path, int last) {
    path.push_back(static_cast<char>(last));
    fail_now(broken, path);
    return found_;
  }
  void fail_now(const std::string& broken, const std::string& path) {
    found_.broken = broken;
    State s;
    std::string ignored;
    Play p(world_, s, ignored);
    p.observe(false);
    for (const char n : path) {
      std::string told;
      happen(n, p, world_.adversary, &told);
      p.go_on();
      found_.story += told + "\n    " + key(s) + "\n";
    }
  }

  World world_;
  Found found_;
  std::unordered_set<std::string> seen_, live_;
};

void search(const char* what, World world) {
  for (const bool adversary : {false, true}) {
    world.adversary = adversary;
    world.faults = world.ticks = 1;
    if (const char* is_long = std::getenv("RR_LONG"); is_long && *is_long && !adversary) world.faults = world.ticks = 2;
    const Found found = Search(world).run();
    std::printf("gate search: %s, %s: %zu states, %zu transitions\n", what, adversary ? "adversary" : "seed", found.states, found.transitions);
    INFO(what);
    INFO(found.story);
    CHECK(found.broken == "");
    CHECK((found.states > 10000 || !found.broken.empty()));
  }
}

}  // namespace

TEST_CASE("in every order of events: two models that do not fit together") { search("two models, one fits", {}); }

TEST_CASE("in every order of events: one of the two is pinned") { search("one pinned", {.pinned = 0}); }

TEST_CASE("in every order of events: one of the two has keep_alive 0") { search("one with keep_alive 0", {.zero = 1}); }

TEST_CASE("in every order of events: both fit") { search("both fit", {.need = {40, 40}}); }
