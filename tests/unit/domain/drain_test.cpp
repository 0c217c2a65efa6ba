// The operator drains a node: nothing new goes there, what runs ends, who has no other node waits, and after undrain all is as before.
#include "talk.hpp"

#include <doctest/doctest.h>

namespace drain_test {

using namespace rr;
using namespace rr::test;

TEST_CASE("a drained node gets nothing new: another node of the role serves, who has none waits until it is given back") {
  Talk t;
  t.seen("mini", {there(coder, middle), there(tester, small)});
  t.seen("book", {there(tester, small)});
  CHECK(t.ask(1, "tester") == "grant 1 mini tester-m 4096 keep 30m");
  CHECK(t.tell(DrainWanted{"mini", true}).empty());
  CHECK(t.dispatch.at_work("mini") == 1);
  CHECK(t.ask(2, "tester") == "grant 2 book tester-m 4096 keep 30m");
  CHECK(t.ask(3, "coder").empty());
  CHECK(t.dispatch.picture(t.now).waiting.front().for_what == "mini to be given back: role-router undrain mini");
  CHECK(t.ended(1).empty());
  CHECK(t.dispatch.at_work("mini") == 0);
  CHECK(t.seen("mini", {there(coder, middle), there(tester, small)}).empty());  // it goes on being watched
  for (const RolePicture& role : t.dispatch.picture(t.now).roles)
    if (role.name == "coder") CHECK(role.why == "mini is drained; back with: role-router undrain mini");
  CHECK(t.tell(DrainWanted{"mini", false}) == "grant 3 mini coder-m 4096 keep 2h");
  t.ended(2), t.ended(3);
  CHECK(t.ask(4, "tester") == "grant 4 mini tester-m 4096 keep 30m");
  t.ended(4);
  CHECK(t.balances());
}

TEST_CASE("who waits at a node when it is drained moves to another one of its role; no swap is begun there before it is given back") {
  Talk t;
  t.seen("mini", {there(coder, middle)});
  t.seen("book", {});
  CHECK(t.ask(1, "coder") == "grant 1 mini coder-m 4096 keep 2h");
  CHECK(t.ask(2, "architect").empty());
  CHECK(t.ask(3, "tester").find("book") == std::string::npos);
  const std::string moved = t.tell(DrainWanted{"mini", true});
  CHECK(moved == "load book tester-m 4096 keep 30m");
  CHECK(t.loaded("book", tester) == "grant 3 book tester-m 4096 keep 30m");
  CHECK(t.ended(1).empty());
  CHECK(t.tell(Ticked{}).empty());
  CHECK(t.tell(DrainWanted{"mini", false}) == "unload mini coder-m");
}

TEST_CASE("drained stays drained through a loss, a sleep and new settings") {
  Talk t;
  t.seen("mini", {there(coder, middle)});
  t.tell(DrainWanted{"mini", true});
  t.tell(Lost{"mini", "asleep"});
  t.seen("mini", {there(coder, middle)});
  t.tell(Woke{8h});
  t.seen("mini", {there(coder, middle)});
  t.tell(Adopted{std::make_shared<const Settings>(t.set)});
  CHECK(t.ask(1, "coder").empty());
  CHECK(t.dispatch.fleet().node("mini")->drained);
}

}  // namespace drain_test
