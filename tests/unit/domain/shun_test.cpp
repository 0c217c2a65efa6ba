// A node that answers its probes and fails what it is asked.
#include "talk.hpp"

#include <doctest/doctest.h>

namespace shun_test {

using namespace rr;
using namespace rr::test;

namespace {

Settings at_once() {  // nobody waits for a look: what is promised is the same under every policy
  Settings s = macs();
  s.policy = PolicyName::passthrough;
  return s;
}

struct Failing : Talk {
  Failing() : Talk(at_once()) {}
  TicketId last = 0;
  std::string where(const char* role, Ending ending) {
    const TicketId id = ++last;
    granted.reset();
    ask(id, role);
    if (!granted) return "nowhere";
    const NodeName node = granted->node;
    tell(Ended{id, {.ending = ending}});
    look();  // as the dispatch wants it after a failure
    return node;
  }
  void look() {
    seen("mini", {there(tester, small), there(coder, middle)});
    seen("book", {there(tester, small)});
  }
};

}  // namespace

TEST_CASE("after five failures in a row other nodes go first for 30 s, then one request finds out; a failure shuns it again, longer") {
  Failing t;
  t.look();
  for (int i = 0; i < 4; ++i) CHECK(t.where("tester", Ending::node_failed) == "mini");
  CHECK(t.where("tester", Ending::ok) == "mini");  // in a row
  for (int i = 0; i < 5; ++i) CHECK(t.where("tester", Ending::node_failed) == "mini");
  CHECK(t.where("tester", Ending::ok) == "book");
  CHECK(t.where("coder", Ending::node_failed) == "mini");  // nobody else has it: never the last one
  REQUIRE(t.wake);
  t.now += 30s;
  t.tell(Ticked{});
  CHECK(t.where("tester", Ending::node_failed) == "mini");
  CHECK(t.where("tester", Ending::ok) == "book");
  t.now += 30s;
  t.tell(Ticked{});
  CHECK(t.where("tester", Ending::ok) == "book");  // twice as long
  t.now += 30s;
  t.tell(Ticked{});
  CHECK(t.where("tester", Ending::ok) == "mini");
  CHECK(t.where("tester", Ending::ok) == "mini");
  CHECK(t.balances());
}

TEST_CASE("a client that leaves and an answer that says no are no failures of a node") {
  Failing t;
  t.look();
  for (int i = 0; i < 20; ++i) CHECK(t.where("tester", i % 2 ? Ending::refused : Ending::client_left) == "mini");
}

TEST_CASE("when both nodes fail, both go on being asked") {
  Failing t;
  t.look();
  std::set<std::string> asked;
  for (int i = 0; i < 30; ++i) asked.insert(t.where("tester", Ending::node_failed));
  CHECK(asked == std::set<std::string>{"mini", "book"});
}

TEST_CASE("where a model idles a tiny request of the router's own finds out, and no client's") {
  for (const PolicyName policy : {PolicyName::smart, PolicyName::seed}) {
    CAPTURE(to_text(policy));
    Failing t;
    t.look();
    for (int i = 0; i < 5; ++i) CHECK(t.where("tester", Ending::node_failed) == "mini");
    t.set.policy = policy;
    t.adopt();
    t.look();
    CHECK(t.where("tester", Ending::ok) == "book");
    const std::string tried = t.tick(30s);
    REQUIRE(tried.starts_with("try mini "));
    CHECK(t.where("tester", Ending::ok) == "book");  // it is not back yet
    CHECK(t.tick(1s).find("try") == std::string::npos);  // one at a time
    const TicketId trial = ~TicketId{1};
    t.tell(Ended{trial, {.ending = Ending::node_failed, .error = "CUDA is gone"}});
    CHECK(t.noted("CUDA is gone"));
    t.look();
    t.look();
    CHECK(t.where("tester", Ending::ok) == "book");
    CHECK(t.tick(31s).find("try") == std::string::npos);  // twice as long
    CHECK(t.dispatch.fleet().node("mini")->shunned);
    if (t.tick(30s).starts_with("try mini ")) t.tell(Ended{trial - 1, {.ending = Ending::ok}});
    CHECK_FALSE(t.dispatch.fleet().node("mini")->shunned);
    CHECK(t.balances());
  }
}

}  // namespace shun_test
