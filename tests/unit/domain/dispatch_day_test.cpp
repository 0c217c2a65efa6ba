// A day of virtual time, and a thousand short lives with every fault, under both policies: nobody is stuck, everybody is answered once.
#include "support/long_run.hpp"
#include "support/stage.hpp"

#include <doctest/doctest.h>

#include <random>

namespace dispatch_day_test {

using namespace rr;
using namespace rr::test;

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// One client: it asks, reads, thinks, asks again; some of its requests it abandons.
struct Client {
  Stage& stage;
  std::mt19937 dice;
  Time stop{};
  TicketId mine = 0;
  int asked = 0;

  int pick(int n) { return static_cast<int>(dice() % static_cast<unsigned>(n)); }
  void next() {
    if (stage.clock.now >= stop) return;
    static const char* turns[] = {"router", "coder", "router", "tester", "router", "coder", "router", "architect"};
    const RoleName role = pick(10) == 0 ? turns[pick(8)] : turns[asked % 8];
    ++asked;
    std::optional<Duration> patience;
    if (pick(12) == 0) patience = milliseconds(pick(2) ? pick(60'000) : pick(600'000));
    const bool small = role == "router";
    mine = stage.ask(role, small ? 400 : 1000 + pick(12'000), seconds(small ? 1 : 4 + pick(40)), patience);
  }
  void heard(TicketId id) {
    if (id != mine) return;
    mine = 0;
    const Duration think = pick(40) == 0 ? Duration(minutes(5 + pick(180))) : Duration(milliseconds(50 + pick(8000)));
    stage.clock.after(think, [this] { next(); });
  }
};


Settings under(PolicyName policy) {
  Settings s = two_macs();
  s.policy = policy;
  return s;
}

void day(PolicyName policy) {
  Stage stage(under(policy));
  std::vector<std::unique_ptr<Client>> clients;
  for (unsigned i = 0; i < 8; ++i)
    clients.push_back(std::make_unique<Client>(Client{.stage = stage, .dice = std::mt19937(i + 1), .stop = stage.clock.now + hours(24)}));
  stage.over = [&](const Life& life) {
    for (auto& c : clients) c->heard(life.ask.id);
  };
  for (auto& c : clients) c->next();
  stage.clock.run_until(Time{} + hours(24));
  stage.clock.run_until(Time{} + hours(26));

  for (const auto& c : stage.complaints) FAIL_CHECK(c);
  CHECK(stage.open() == 0);
  CHECK(stage.dispatch.waiting() == 0);
  CHECK(stage.dispatch.in_flight() == 0);
  std::map<std::string, int> by_role;
  Duration longest{};
  for (const auto& [id, life] : stage.lives) {
    CHECK(life.refusals == 0);
    CHECK(life.grants <= 1);
    ++by_role[life.ask.role];
    longest = std::max(longest, (life.grants ? life.granted : life.ended) - life.arrived);
    if (life.grants) CHECK(life.grant.keep_alive == (policy == PolicyName::smart ? for_ever : stage.settings->keep_alive(life.ask.model, life.ask.role)));
  }
  MESSAGE(stage.lives.size() << " requests, longest wait " << to_text(longest) << ", " << stage.dispatch.ledger().loads << " loads");
  CHECK(stage.lives.size() > 1000);
  for (const char* role : {"router", "architect", "coder", "tester"}) CHECK(by_role[role] > 100);
  for (const auto& [name, node] : stage.nodes) {
    CAPTURE(name);
    CHECK(node->jobs() == 0);
    CHECK(node->seen.queued_for_load == 0);
    CHECK(node->seen.overfull == 0);
    CHECK(node->seen.evicted_by_itself == 0);
    CHECK(node->seen.parallel_loads == 0);
    CHECK(node->seen.unloaded_busy == 0);
    CHECK(node->seen.unloaded["qwen3:1.7b"] == 0);
  }
}

// A short life: a few requests and whatever can go wrong, then quiet. Every fault is followed by its end. False: look at its notes.
bool short_life(PolicyName policy, unsigned seed) {
  CAPTURE(seed);
  const PolicyName other = policy == PolicyName::smart ? PolicyName::seed : PolicyName::smart;
  std::mt19937 dice(seed);
  const auto pick = [&](int n) { return static_cast<int>(dice() % static_cast<unsigned>(n)); };
  Settings settings = under(policy);
  settings.max_wait = seconds(30 + pick(300));
  settings.limits.waiting = pick(4) ? 256 : 3;
  if (pick(3) == 0) settings.models[2].parallel = 2;
  if (pick(4) == 0) settings.roles[3].keep_alive = KeepAlive{milliseconds(pick(5000))};
  Stage stage(settings, pick(3) ? 2.5 : 0.7);
  static const char* roles[] = {"router", "coder", "tester", "architect"};
  static const char* machines[] = {"macbook", "mac-mini"};
  for (int i = 0; i < 30; ++i) {
    const Duration when = milliseconds(pick(240'000));
    const NodeName machine = machines[pick(2)];
    switch (pick(14)) {
      case 0: {
        stage.clock.after(when, [&stage, machine] { stage.nodes[machine]->faults.down = true, stage.nodes[machine]->crash(); });
        stage.clock.after(when + milliseconds(pick(60'000)), [&stage, machine] { stage.nodes[machine]->faults.down = false; });
        break;
      }
      case 1: stage.clock.after(when, [&stage, machine, n = 1 + pick(3)] { stage.nodes[machine]->faults.fail_loads += n; }); break;
      case 2: stage.clock.after(when, [&stage, machine, n = 1 + pick(3)] { stage.nodes[machine]->faults.fail_unloads += n; }); break;
      case 3: stage.clock.after(when, [&stage, machine, n = 1 + pick(3)] { stage.nodes[machine]->faults.keep_unloaded += n; }); break;
      case 4: stage.clock.after(when, [&stage, i] { stage.on(UnloadWanted{stage.settings->roles[static_cast<std::size_t>(i % 4)].model}); }); break;
      case 5: {
        Settings next = settings;
        next.max_wait = seconds(10 + pick(100));
        next.models[static_cast<std::size_t>(pick(4))].num_ctx = 4096 << pick(3);
        if (pick(3) == 0) next.roles[2].nodes = {"macbook"};
        if (pick(5) == 0) next.policy = PolicyName::passthrough;
        else if (pick(4) == 0) next.policy = other;
        stage.clock.after(when, [&stage, next] { stage.adopt(next); });
        stage.clock.after(when + minutes(1), [&stage, settings] { stage.adopt(settings); });
        break;
      }
      case 6: stage.clock.after(when, [&stage, machine] { stage.nodes[machine]->crash(); }); break;
      default: {
        const char* role = roles[pick(4)];
        const auto patience = pick(3) == 0 ? std::optional<Duration>(milliseconds(pick(120'000))) : std::nullopt;
        const Duration answer = milliseconds(100 + pick(60'000));
        const int tokens = 100 + pick(8000);
        stage.clock.after(when, [&stage, role, patience, answer, tokens] { stage.ask(role, tokens, answer, patience); });
      }
    }
  }
  stage.clock.run_until(Time{} + minutes(5));
  for (auto& [name, node] : stage.nodes) node->faults = {};
  for (int minute = 6; minute < 240 && (stage.open() > 0 || (stage.jobs() > 0 && !stage.foreign) || minute < 8); ++minute) stage.clock.run_until(Time{} + minutes(minute));
  for (const auto& c : stage.complaints) FAIL_CHECK(c);
  CHECK(stage.open() == 0);
  CHECK(stage.dispatch.waiting() == 0);
  CHECK(stage.dispatch.in_flight() == 0);
  for (const auto& [id, life] : stage.lives) CHECK(life.grants + life.refusals + (life.left ? 1 : 0) >= 1);
  if (!stage.foreign)  // a node that was left to itself may hang for ever, as the real one does
    for (const auto& [name, node] : stage.nodes) CHECK(node->jobs() == 0);
  const bool well = stage.open() + (stage.foreign ? 0 : stage.jobs()) == 0 && stage.complaints.empty();
  if (!well)
    for (const auto& n : stage.notes) MESSAGE(n);
  return well;
}

void short_lives(PolicyName policy) {
  const unsigned lives = long_run() ? 50'000 : 500;
  for (unsigned seed = 1; seed <= lives; ++seed)
    if (!short_life(policy, seed)) break;  // one is enough to look at
}

}  // namespace

TEST_CASE("a day of eight clients that send keep_alive on each request: nobody is stuck, each is answered once") {
  SUBCASE("seed") { day(PolicyName::seed); }
  SUBCASE("smart") { day(PolicyName::smart); }
}

// RR_LONG makes a hundred thousand of them.
TEST_CASE("a thousand seeded lives with crashes, failing loads, leaving clients and new settings: all end well") {
  SUBCASE("seed") { short_lives(PolicyName::seed); }
  SUBCASE("smart") { short_lives(PolicyName::smart); }
}

// Each of these once ended badly.
TEST_CASE("seeded lives that are remembered") {
  CHECK(short_life(PolicyName::seed, 4799));
  CHECK(short_life(PolicyName::smart, 3276));
}

}  // namespace dispatch_day_test
