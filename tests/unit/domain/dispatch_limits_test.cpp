// What the line bears, and what is said over it.
#include "talk.hpp"

#include <doctest/doctest.h>

namespace dispatch_limits_test {

using namespace rr;
using namespace rr::test;

namespace {

template <class Change>
Settings changed(Change change) {
  Settings s = macs();
  change(s.limits);
  return s;
}

}  // namespace

TEST_CASE("the line has an end") {
  Talk t([] {
    Settings s = macs();
    s.limits.waiting = 2;
    return s;
  }());
  t.seen("mini", {});
  t.ask(1, "coder");
  t.ask(2, "coder");
  CHECK(t.ask(3, "coder") == "refuse 3 line_full");
  REQUIRE(t.refusal->retry_after_s.has_value());
  CHECK(*t.refusal->retry_after_s >= 1);
  CHECK(*t.refusal->retry_after_s <= 30);
  t.loaded("mini", coder);
  CHECK(t.ask(4, "coder") == "");
  CHECK(t.balances());
}

TEST_CASE("who needs no waiting is served however long the line is") {
  Talk t([] {
    Settings s = macs();
    s.limits.waiting = 1;
    return s;
  }());
  t.seen("mini", {});
  t.seen("book", {there(router, tiny)});
  t.ask(1, "coder");
  CHECK(t.ask(2, "router") == "grant 2 book router-m 4096 keep -1");
}

TEST_CASE("a role has a bound of its own: another role's requests still come in") {
  Talk t(changed([](Limits& l) { l.per_role = 2; }));
  t.seen("mini", {});
  t.seen("book", {there(router, tiny)});
  t.ask(1, "coder");
  t.ask(2, "coder");
  CHECK(t.ask(3, "coder") == "refuse 3 line_full");
  CHECK(t.refusal->sentence.find("2 requests of role coder") == 0);
  CHECK(t.refusal->sentence.find("limits.per_role") != std::string::npos);
  CHECK(t.refusal->retry_after_s.value_or(0) >= 1);
  CHECK(t.ask(4, "router") == "grant 4 book router-m 4096 keep -1");
  t.loaded("mini", coder);  // 1 runs, 2 waits: both count
  CHECK(t.ask(5, "coder") == "refuse 5 line_full");
  t.ended(1);
  CHECK(t.ask(6, "coder") == "");
  CHECK(t.balances());
}

TEST_CASE("a machine has a bound of its own: who may run elsewhere goes there") {
  Talk t(changed([](Limits& l) { l.per_node = 1; }));
  t.seen("mini", {});
  t.seen("book", {});
  CHECK(t.ask(1, "coder") == "load mini coder-m 4096 keep 2h");
  CHECK(t.ask(2, "tester") == "load book tester-m 4096 keep 30m");
  CHECK(t.ask(3, "tester") == "refuse 3 line_full");
  CHECK(t.refusal->sentence.find("1 requests wait or run on mini already (limits.per_node)") == 0);
  CHECK(t.ask(4, "coder") == "refuse 4 line_full");
  t.loaded("mini", coder);
  t.ended(1);
  CHECK(t.ask(5, "coder") == "grant 5 mini coder-m 4096 keep 2h");
  CHECK(t.balances());
}

TEST_CASE("a machine that is drained takes nothing because the other one is full") {
  Talk t(changed([](Limits& l) { l.per_node = 1; }));
  t.seen("mini", {});
  t.seen("book", {});
  t.tell(DrainWanted{"book", true});
  CHECK(t.ask(1, "tester") == "load mini tester-m 4096 keep 30m");
  CHECK(t.ask(2, "tester") == "refuse 2 line_full");
  CHECK(t.balances());
}

TEST_CASE("nobody waits longer than limits.wait, and the clock says when") {
  Talk t(changed([](Limits& l) { l.wait = 10min; }));
  coder_idle(t);
  t.ask(2, "coder");  // runs, and takes its time
  const Time began = t.now;
  t.now += 1min;
  t.ask(3, "coder");
  REQUIRE(t.wake.has_value());
  CHECK(*t.wake <= began + 11min);
  CHECK(t.tick(9min) == "");
  CHECK(t.tick(1min) == "refuse 3 line_too_long");
  CHECK(t.refusal->status == 503);
  CHECK(t.refusal->sentence == "coder-m on mini had no place for this request in 10m (limits.wait); /health says what runs there; ask again later");
  CHECK(t.ended(2) == "");
  CHECK(t.balances());
  CHECK(t.dispatch.waiting() == 0);
}

TEST_CASE("a swap that only the refused one waited for is dropped") {
  Talk t(changed([](Limits& l) { l.wait = 1min; }));
  coder_idle(t);
  t.ask(2, "coder");
  t.ask(3, "architect");  // the coder's model is busy: it drains
  CHECK(t.tick(61s) == "refuse 3 line_too_long");
  CHECK(t.dispatch.gate("mini")->phase() == SwapPhase::steady);
  CHECK(t.ask(4, "coder") == "");
  CHECK(t.ended(2) == "grant 4 mini coder-m 4096 keep 2h");
}

}  // namespace dispatch_limits_test
