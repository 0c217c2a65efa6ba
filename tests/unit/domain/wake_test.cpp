// This machine sleeps and wakes: nothing that was believed of others before counts, and nobody who waits is forgotten.
#include "domain/heartbeat.hpp"
#include "talk.hpp"

#include <doctest/doctest.h>

namespace wake_test {

using namespace rr;
using namespace rr::test;

TEST_CASE("a heart that beats late by more than five seconds has slept; a slow one or a clock that goes back has not") {
  Heartbeat heart;
  std::chrono::system_clock::time_point wall{1000000s};
  CHECK_FALSE(heart.beat(wall));
  CHECK_FALSE(heart.beat(wall += 1s));
  CHECK_FALSE(heart.beat(wall += 6s));
  CHECK(heart.beat(wall += 8h) == 8h);
  CHECK_FALSE(heart.beat(wall += 1s));
  CHECK_FALSE(heart.beat(wall -= 24h));
  CHECK_FALSE(heart.beat(wall += 1s));
}

TEST_CASE("a hundred sleeps of eight hours: no machine is called down, who waited is served by the first word") {
  Talk t;
  t.seen("mini", {there(coder, middle)});
  t.seen("book", {});
  for (int night = 0; night < 100; ++night) {
    t.tell(Lost{"book", "it slept too"});  // before the lid was closed
    t.tell(Woke{8h});
    for (const char* name : {"mini", "book"}) CHECK(t.dispatch.fleet().node(name)->state == NodeState::unknown);
    const auto id = static_cast<TicketId>(night + 1);
    CHECK(t.ask(id, "coder").empty());  // nothing is known yet
    CHECK(t.seen("mini", {there(coder, middle)}) == "grant " + std::to_string(id) + " mini coder-m 4096 keep 2h");
    t.seen("book", {});
    t.ended(id);
    for (const char* name : {"mini", "book"}) CHECK(t.dispatch.fleet().node(name)->state == NodeState::up);
  }
  CHECK(t.balances());
}

}  // namespace wake_test
