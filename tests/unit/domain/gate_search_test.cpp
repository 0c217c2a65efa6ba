// Every order of events in small worlds: one node, two models, three requests, twelve events. Two policies drive the gate: `seed`,
// and an adversary that proposes anything at any time. After each event the promises of gate.hpp are held against the truth, and
// from each state found, when only what is under way is completed, everybody who waits is granted or refused.
#include "gate_world.hpp"
#include "support/long_run.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <unordered_set>

namespace gate_search_test {

using namespace rr;
using namespace rr::test;

namespace {

constexpr int depth = 12;
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
    if (long_run() && !adversary) world.faults = world.ticks = 2;
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

}  // namespace gate_search_test
