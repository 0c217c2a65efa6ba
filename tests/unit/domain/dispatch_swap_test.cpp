// Swaps as they go: drained, unloaded, confirmed, loaded; dropped, failed, given up.
#include "talk.hpp"

#include <doctest/doctest.h>

namespace dispatch_swap_test {

using namespace rr;
using namespace rr::test;
using namespace std::chrono_literals;

TEST_CASE("a model found with another context is reloaded only when it is wanted and idle") {
  Talk t;
  CHECK(t.seen("mini", {there(coder, middle, 8192)}) == "");
  CHECK(t.ask(1, "coder") == "unload mini coder-m");
  CHECK(t.unloaded("mini", coder) == "");
  CHECK(t.seen("mini", {}) == "");  // one answer may be older than the unload
  CHECK(t.seen("mini", {}) == "load mini coder-m 4096 keep 2h");
  CHECK(t.loaded("mini", coder) == "grant 1 mini coder-m 4096 keep 2h");
}

TEST_CASE("an architect makes everybody leave: drained first, confirmed by /api/ps, then one load without keep_alive 0") {
  Talk t;
  t.seen("mini", {there(coder, middle), there(tester, small)});
  CHECK(t.ask(1, "coder") == "grant 1 mini coder-m 4096 keep 2h");
  CHECK(t.ask(2, "architect") == "");  // the coder is busy: drained
  CHECK(t.ask(3, "coder") == "");      // and gets no more grants
  CHECK(t.ask(4, "tester") == "");
  CHECK(t.dispatch.gate("mini")->phase() == SwapPhase::draining);
  CHECK(t.ended(1) == "unload mini tester-m | unload mini coder-m");
  CHECK(t.unloaded("mini", coder) == "");
  CHECK(t.unloaded("mini", tester) == "");
  CHECK(t.seen("mini", {there(tester, small)}) == "");
  CHECK(t.seen("mini", {there(tester, small)}) == "");
  CHECK(t.seen("mini", {}) == "");
  CHECK(t.seen("mini", {}) == "load mini architect-m 4096 keep -1");
  CHECK(t.loaded("mini", architect) == "grant 2 mini architect-m 4096 keep 0");
}

TEST_CASE("after keep_alive 0 the model is leaving: looked at until it is gone, then loaded again or others come") {
  Talk t;
  t.seen("mini", {});
  CHECK(t.ask(1, "architect") == "load mini architect-m 4096 keep -1");
  CHECK(t.loaded("mini", architect) == "grant 1 mini architect-m 4096 keep 0");
  t.looks = 0;
  CHECK(t.ended(1) == "");
  CHECK(t.looks == 1);
  CHECK(t.dispatch.gate("mini")->find(architect)->leaving);
  CHECK(t.ask(2, "architect") == "");  // not granted on what leaves
  CHECK(t.ask(3, "coder") == "");
  CHECK(t.seen("mini", {there(architect, big)}) == "");
  REQUIRE(t.wake.has_value());
  CHECK(*t.wake <= t.now + 1s);
  CHECK(t.tick(1s) == "");
  CHECK(t.looks >= 2);
  CHECK(t.seen("mini", {}) == "");
  CHECK(t.seen("mini", {}) == "load mini architect-m 4096 keep -1");  // request 2 came first
}

TEST_CASE("an architect nobody waits for any more is unloaded by name") {
  Talk t;
  t.seen("mini", {});
  t.ask(1, "architect");
  t.tell(Left{1});
  CHECK(t.loaded("mini", architect) == "unload mini architect-m");
  t.unloaded("mini", architect);
  t.seen("mini", {});
  t.seen("mini", {});
  CHECK(t.dispatch.gate("mini")->find(architect) == nullptr);
  CHECK(t.dispatch.gate("mini")->phase() == SwapPhase::steady);
}

TEST_CASE("a model of somebody else counts in memory and may have to leave") {
  Talk t;
  t.seen("mini", {there(ModelName("stranger:70b"), 40 * gib)});
  CHECK(t.ask(1, "coder") == "unload mini stranger:70b");
  t.unloaded("mini", ModelName("stranger:70b"));
  t.seen("mini", {});
  CHECK(t.seen("mini", {}) == "load mini coder-m 4096 keep 2h");
}

TEST_CASE("pinned models never leave, and what they make impossible is refused at once") {
  Settings s = macs();
  s.roles.push_back({.name = "keeper", .nodes = {"mini"}, .model = ModelName("keeper-m"), .keep_alive = for_ever});
  Talk t(s);
  t.seen("mini", {there(ModelName("keeper-m"), 30 * gib)});
  CHECK(t.ask(1, "architect") == "refuse 1 never_fits");
  CHECK(t.refusal->sentence.find("mini") != std::string::npos);
  CHECK(t.dispatch.waiting() == 0);
  CHECK(t.balances());
}

TEST_CASE("a load that fails is looked at, tried once more, and then its waiters hear why") {
  Talk t;
  t.seen("mini", {});
  t.ask(1, "coder");
  t.ask(2, "coder");
  CHECK(t.load_failed("mini", coder) == "");
  t.seen("mini", {});
  CHECK(t.seen("mini", {}) == "load mini coder-m 4096 keep 2h");
  CHECK(t.load_failed("mini", coder) == "refuse 1 load_failed | refuse 2 load_failed");
  CHECK(t.refusal->sentence.find("out of memory") != std::string::npos);
  CHECK(t.dispatch.ledger().swaps_given_up == 1);
  CHECK(t.balances());
}

TEST_CASE("a load whose answer was lost and that was done all the same is used") {
  Talk t;
  t.seen("mini", {});
  t.ask(1, "coder");
  t.load_failed("mini", coder);
  CHECK(t.seen("mini", {there(coder, middle)}) == "grant 1 mini coder-m 4096 keep 2h");
}

TEST_CASE("who waits for a role with another node goes there when the load fails") {
  Talk t;
  t.seen("mini", {});
  t.seen("book", {});
  t.ask(1, "tester");
  t.load_failed("mini", tester);
  t.seen("mini", {});
  t.seen("mini", {});
  CHECK(t.load_failed("mini", tester) == "load book tester-m 4096 keep 30m");
}

TEST_CASE("a load that does not end is given up after twice swap_timeout, and no second one begins before its answer") {
  Talk t;
  t.seen("mini", {});
  t.ask(1, "coder");
  CHECK(t.tick(t.set.swap_timeout) == "");
  CHECK(t.tick(t.set.swap_timeout) == "refuse 1 load_failed");
  CHECK(t.ask(2, "tester") == "");  // the node still loads
  CHECK(t.load_failed("mini", coder) == "");
  t.seen("mini", {});
  CHECK(t.seen("mini", {}) == "load mini tester-m 4096 keep 30m");
}

TEST_CASE("a swap for which nobody waits any more is dropped while nothing has been unloaded") {
  Talk t;
  t.seen("mini", {there(coder, middle)});
  t.ask(1, "coder");
  t.ask(2, "architect");
  CHECK(t.ask(3, "coder") == "");
  CHECK(t.tell(Left{2}) == "");
  CHECK(t.dispatch.gate("mini")->phase() == SwapPhase::steady);
  CHECK(t.ended(1) == "grant 3 mini coder-m 4096 keep 2h");
}

TEST_CASE("loading is never aborted: the next one for the model finds it") {
  Talk t;
  t.seen("mini", {});
  t.ask(1, "coder");
  CHECK(t.tell(Left{1}) == "");
  CHECK(t.loaded("mini", coder) == "");
  CHECK(t.ask(2, "coder") == "grant 2 mini coder-m 4096 keep 2h");
  CHECK(t.dispatch.ledger().left == 1);
}

TEST_CASE("a cancelled prompt keeps its slot counted for the rest of it, one cut in its answer does not") {
  Talk t;
  coder_idle(t);
  t.ask(2, "coder", 2000);  // 10 s at the 200 tokens a second of a model never measured
  t.now += 4s;
  CHECK(t.tell(Ended{2, {.ending = Ending::client_left}}) == "");
  CHECK(t.in_flight("mini", coder) == 1);
  CHECK(t.ask(3, "coder") == "");
  REQUIRE(t.wake.has_value());
  CHECK(*t.wake - t.now >= 6s);
  CHECK(*t.wake - t.now < 7s);
  CHECK(t.tick(7s) == "grant 3 mini coder-m 4096 keep 2h");
  CHECK(t.tell(Ended{3, {.ending = Ending::client_left, .content_began = true}}) == "");
  CHECK(t.in_flight("mini", coder) == 0);
}

TEST_CASE("a ghost is counted no longer than prefill_grace, and not beyond its engine's end") {
  Talk t;
  coder_idle(t);
  t.ask(2, "coder", 1'000'000);
  t.tell(Ended{2, {.ending = Ending::client_left}});
  REQUIRE(t.wake.has_value());
  CHECK(*t.wake - t.now <= t.set.prefill_grace);
  t.seen("mini", {});
  t.seen("mini", {});
  t.seen("mini", {});
  t.seen("mini", {});
  CHECK(t.dispatch.gate("mini")->find(coder) == nullptr);
  CHECK(t.ask(3, "coder") == "load mini coder-m 4096 keep 2h");
}

TEST_CASE("victims are not unloaded while a cancelled prompt is still computed") {
  Talk t;
  coder_idle(t);
  t.ask(2, "coder", 2000);
  t.tell(Ended{2, {.ending = Ending::client_left}});
  CHECK(t.ask(3, "architect") == "");
  CHECK(t.dispatch.gate("mini")->phase() == SwapPhase::draining);
  CHECK(t.tick(11s) == "unload mini coder-m");
}

TEST_CASE("after max_wait the busy ones are drained, even without another event") {
  Talk t;
  t.ask(1, "architect");
  CHECK(t.seen("mini", {there(architect, big)}) == "grant 1 mini architect-m 4096 keep 0");
  t.ask(2, "coder");
  REQUIRE(t.wake.has_value());
  CHECK(*t.wake == t.now + t.set.max_wait);
  t.seen("book", {});  // what happens elsewhere does not make it forget
  REQUIRE(t.wake.has_value());
  CHECK(*t.wake <= t.now + t.set.max_wait);
  CHECK(t.tick(t.set.max_wait) == "");
  CHECK(t.dispatch.gate("mini")->phase() == SwapPhase::draining);
  CHECK(t.ask(3, "architect") == "");
}

TEST_CASE("eight teams: architect and coder alternate in the order they asked, nobody starves") {
  Talk t;
  t.seen("mini", {});
  TicketId id = 0;
  for (int team = 0; team < 8; ++team) {
    t.ask(++id, "coder");
    t.ask(++id, "architect");
  }
  std::vector<ModelName> residents;
  int served = 0, swaps = 0;
  std::optional<TicketId> runs;
  std::string out = "";
  for (int step = 0; step < 2000 && served < 16; ++step) {
    const Gate& g = *t.dispatch.gate("mini");
    t.granted.reset();
    if (g.phase() == SwapPhase::loading) {
      const ModelName m = g.swap().model;
      residents.push_back(m);
      ++swaps;
      t.loaded("mini", m);
    } else if (g.phase() == SwapPhase::unloading) {
      residents.clear();
      const auto victims = g.swap().victims;
      for (const auto& v : victims) t.unloaded("mini", v);
      t.seen("mini", {});
    } else if (runs) {
      const TicketId done = *std::exchange(runs, std::nullopt);
      const bool zero = t.dispatch.gate("mini")->find(architect) != nullptr;
      t.ended(done);
      ++served;
      if (zero) residents.clear();
    } else {
      std::vector<Resident> list;
      for (const auto& m : residents) list.push_back(there(m, m == architect ? big : middle));
      t.seen("mini", list);
    }
    if (t.granted) runs = t.granted->id;
    t.now += 1s;
  }
  CHECK(served == 16);
  CHECK(swaps <= 16);
  CHECK(t.dispatch.waiting() == 0);
}

}  // namespace dispatch_swap_test
