// The line and its grants: who is served, when, with which lease.
#include "talk.hpp"

#include <doctest/doctest.h>

namespace dispatch_test {

using namespace rr;
using namespace rr::test;
using namespace std::chrono_literals;

TEST_CASE("a request waits for the first word of its node, then for one load, and all who wait share it") {
  Talk t;
  CHECK(t.ask(1, "coder") == "");
  CHECK(t.looks == 1);
  CHECK(t.ask(2, "coder") == "");
  CHECK(t.seen("mini", {}) == "load mini coder-m 4096 keep 2h");
  CHECK(t.ask(3, "coder") == "");
  CHECK(t.loaded("mini", coder) == "grant 1 mini coder-m 4096 keep 2h");
  CHECK(t.dispatch.waiting() == 2);
  CHECK(t.ended(1) == "grant 2 mini coder-m 4096 keep 2h");  // one slot: one at a time, in order
  CHECK(t.ended(2) == "grant 3 mini coder-m 4096 keep 2h");
  CHECK(t.ended(3) == "");
  CHECK(t.balances());
  CHECK(t.dispatch.ledger().granted == 0);
  CHECK(t.dispatch.ledger().loads == 1);
}

TEST_CASE("as many are granted at once as the model has slots") {
  Talk t([] {
    Settings s = macs();
    s.models[2].parallel = 2;
    return s;
  }());
  t.seen("mini", {});
  t.ask(1, "coder");
  t.ask(2, "coder");
  t.ask(3, "coder");
  CHECK(t.loaded("mini", coder) == "grant 1 mini coder-m 4096 keep 2h | grant 2 mini coder-m 4096 keep 2h");
  CHECK(t.ended(2) == "grant 3 mini coder-m 4096 keep 2h");
}

TEST_CASE("a grant carries the longest lease of the model's roles and the model's own context") {
  Talk t([] {
    Settings s = macs();
    s.roles.push_back({.name = "reviewer", .nodes = {"mini"}, .model = coder, .keep_alive = {5h}});
    return s;
  }());
  t.seen("mini", {});
  CHECK(t.ask(1, "coder") == "load mini coder-m 4096 keep 5h");
  CHECK(t.loaded("mini", coder) == "grant 1 mini coder-m 4096 keep 5h");
}

TEST_CASE("what is found loaded at start is adopted: no load, and its lease is ours from the first grant on") {
  Talk t;
  CHECK(t.seen("mini", {there(coder, middle)}) == "");
  CHECK(t.ask(1, "coder") == "grant 1 mini coder-m 4096 keep 2h");
}

TEST_CASE("a lease that ends within two seconds is renewed by a load before the model is used") {
  Talk t;
  coder_idle(t);
  t.now += 2h - 1s;
  CHECK(t.ask(2, "coder") == "load mini coder-m 4096 keep 2h");
  CHECK(t.loaded("mini", coder) == "grant 2 mini coder-m 4096 keep 2h");
  CHECK(t.ended(2) == "");
  t.now += 1h;
  CHECK(t.ask(3, "coder") == "grant 3 mini coder-m 4096 keep 2h");
}

TEST_CASE("a request that never reached its node renews no lease") {
  Talk t;
  coder_idle(t);
  t.now += 1h;
  t.ask(2, "coder");
  t.tell(Ended{2, {.ending = Ending::client_left, .sent = false}});
  t.now += 1h - 1s;
  CHECK(t.ask(3, "coder") == "load mini coder-m 4096 keep 2h");
}

TEST_CASE("an error answer leaves it open whether the lease began: a load comes before the next grant") {
  Talk t;
  coder_idle(t);
  t.ask(2, "coder");
  CHECK(t.tell(Ended{2, {.ending = Ending::refused}}) == "");
  CHECK(t.ask(3, "coder") == "load mini coder-m 4096 keep 2h");
  CHECK(t.loaded("mini", coder) == "grant 3 mini coder-m 4096 keep 2h");
}

TEST_CASE("one old answer of /api/ps does not make an idle model go; two running do") {
  Talk t;
  coder_idle(t);
  t.seen("mini", {});
  CHECK(t.ask(2, "coder") == "");  // doubted: not granted, not loaded
  CHECK(t.seen("mini", {there(coder, middle)}) == "grant 2 mini coder-m 4096 keep 2h");
  t.ended(2);
  t.seen("mini", {});
  CHECK(t.seen("mini", {}) == "");
  CHECK(t.ask(3, "coder") == "load mini coder-m 4096 keep 2h");
}

TEST_CASE("a wanted unload is done when the model is idle, and a pinned one stays") {
  Talk t;
  coder_idle(t);
  t.seen("book", {there(router, tiny)});
  CHECK(t.tell(UnloadWanted{router}) == "");
  CHECK(t.noted("pins it"));
  t.ask(2, "coder");
  CHECK(t.tell(UnloadWanted{coder}) == "");
  CHECK(t.ended(2) == "unload mini coder-m");
}

TEST_CASE("what went into the swap is told apart from what went into the line") {
  Talk t;
  t.seen("mini", {there(coder, middle)});
  t.ask(1, "coder");
  t.ask(2, "architect");
  t.now += 10s;  // drained
  t.ended(1);
  t.now += 1s;
  t.unloaded("mini", coder);
  t.seen("mini", {});
  t.seen("mini", {});
  t.now += 20s;
  t.loaded("mini", architect);
  REQUIRE(t.granted.has_value());
  CHECK(t.granted->id == 2);
  CHECK(t.granted->queued == 31s);
  CHECK(t.granted->swapped == 21s);
}

TEST_CASE("an event for an unknown node, model or ticket does nothing") {
  Talk t;
  t.seen("mini", {});
  CHECK(t.tell(Left{99}) == "");
  CHECK(t.tell(Ended{99, {}}) == "");
  CHECK(t.loaded("mini", coder) == "");
  CHECK(t.loaded("nowhere", coder) == "");
  CHECK(t.unloaded("nowhere", coder) == "");
  CHECK(t.seen("nowhere", {}) == "");
  CHECK(t.tell(Lost{"nowhere", "x"}) == "");
  CHECK(t.tell(Inventory{"nowhere", "", {}}) == "");
  CHECK(t.dispatch.gate("nowhere") == nullptr);
  CHECK(t.balances());
}

}  // namespace dispatch_test
