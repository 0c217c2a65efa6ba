// When those who wait may expect their turn: the dispatch itself, played on with what is learnt. Here with figures that make the sums plain.
#include "talk.hpp"

#include <doctest/doctest.h>

namespace expect_test {

using namespace rr;
using namespace rr::test;
using namespace std::chrono_literals;

namespace {

// Loads of 10 s (the architect's 20), prompts of 1000 tokens and answers of 50 a second, 500 tokens an answer.
Talk town(PolicyName policy = PolicyName::smart) {
  Settings s = macs();
  s.policy = policy;
  Talk t(s);
  Pace pace;
  for (const ModelName& m : {router, architect, coder, tester})
    for (const char* node : {"book", "mini"}) {
      pace.all.load_s[pace_key(node, m)] = m == architect ? 20 : 10;
      pace.all.prefill_tps[pace_key(node, m)] = 1000;
      pace.all.decode_tps[pace_key(node, m)] = 50;
    }
  for (const char* role : {"router", "architect", "coder", "tester"}) pace.all.output[role] = 500;
  t.dispatch.pace(pace);
  return t;
}

double expected(const Talk& t, TicketId id) {
  for (const WaitingPicture& w : t.dispatch.picture(t.now).waiting)
    if (w.id == id) return w.expected ? std::chrono::duration<double>(*w.expected).count() : -1;
  return -2;
}

double expected_role(const Talk& t, const char* role) {
  for (const RolePicture& r : t.dispatch.picture(t.now).roles)
    if (r.name == role) return r.expected ? std::chrono::duration<double>(*r.expected).count() : -1;
  return -2;
}

bool about(double value, double wanted) { return value > wanted * 0.9 && value < wanted * 1.1; }

}  // namespace

TEST_CASE("who waits for a slot may expect it when those ahead have answered; then its own prompt") {
  Talk t = town();
  t.seen("mini", {there(coder, middle)});
  t.ask(1, "coder", 2000), t.ask(2, "coder", 2000), t.ask(3, "coder", 2000);
  CHECK(about(expected(t, 2), 12 + 2));
  CHECK(about(expected(t, 3), 24 + 2));
  t.now += 6s;
  CHECK(about(expected(t, 2), 6 + 2));
  t.now += 60s;  // longer than usual: it goes on for a while
  CHECK(expected(t, 2) > 2);
  CHECK(expected(t, 2) < 10);
}

TEST_CASE("a swap is expected with the rest of the answer before it, the leaving and the load; a load under way with its rest") {
  Talk t = town();
  t.seen("mini", {there(architect, big)});
  t.ask(1, "architect", 2000), t.ask(2, "coder", 3000);
  CHECK(about(expected(t, 2), 12 + 0.7 + 10 + 3));
  t.now += 12s;
  t.ended(1);
  t.unloaded("mini", architect);
  t.now += 1s;
  t.seen("mini", {}), t.seen("mini", {});
  REQUIRE(t.dispatch.gate("mini")->phase() == SwapPhase::loading);
  t.now += 4s;
  CHECK(about(expected(t, 2), 6 + 3));
  t.now += 60s;  // slower than ever: it may end any moment
  CHECK(expected(t, 2) >= 3);
  CHECK(expected(t, 2) <= 5);
}

TEST_CASE("a role that is not loaded is expected after a swap, beside who waits already, and looking changes nothing") {
  Talk t = town();
  t.seen("mini", {there(coder, middle)});
  t.seen("book", {there(router, tiny)});
  CHECK(about(expected_role(t, "architect"), 0.7 + 20));
  CHECK(expected_role(t, "coder") == -1);  // ready
  t.ask(1, "coder", 1000);
  CHECK(about(expected_role(t, "architect"), 11 + 0.7 + 20));
  const Ask ask{.role = "architect", .model = architect, .nodes = {"mini"}, .tokens = 5000, .num_ctx = 4096};
  const auto e = t.dispatch.expected(ask, t.now);
  REQUIRE(e);
  CHECK(about(std::chrono::duration<double>(e->first_token - e->granted).count(), 5));
  CHECK(t.dispatch.waiting() == 0);
  CHECK(t.dispatch.in_flight() == 1);
  CHECK(t.dispatch.gate("mini")->phase() == SwapPhase::steady);
  CHECK(t.dispatch.stories().size() == 1);
}

TEST_CASE("who is drained for after max_wait is expected then; passthrough and a node that is silent promise nothing") {
  Talk t = town();
  t.seen("mini", {there(coder, middle)});
  t.ask(1, "coder", 2000);
  for (TicketId id = 2; id < 200; ++id) t.ask(id, "coder", 2000);  // 40 minutes of work
  t.ask(1000, "architect", 1000);
  const double s = expected(t, 1000);
  CHECK((s == -1 || about(s, 15 * 60 + 20 + 6)));
  Talk plain = town(PolicyName::passthrough);
  CHECK_FALSE(plain.dispatch.expected({.role = "coder", .model = coder, .nodes = {"mini"}, .num_ctx = 4096}, plain.now).has_value());
  Talk silent = town();
  silent.ask(1, "coder");
  silent.tell(Lost{"mini", "connection refused"});
  CHECK(silent.dispatch.forecast(silent.now).empty());
}

TEST_CASE("a forecast of a full line is bounded work") {
  Talk t = town();
  t.seen("mini", {there(coder, middle)});
  for (TicketId id = 1; id <= 250; ++id) t.ask(id, id % 2 ? "coder" : "tester", 1000);
  CHECK(t.dispatch.forecast(t.now).size() <= 80);
  CHECK(expected(t, 3) > 0);
}

}  // namespace expect_test
