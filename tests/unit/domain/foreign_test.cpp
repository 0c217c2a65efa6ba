// A second router, or a person, loads models on a node behind this router's back.
#include "talk.hpp"

#include <doctest/doctest.h>

namespace foreign_test {

using namespace rr;
using namespace rr::test;

namespace {

const ModelName theirs("theirs-m");  // of no role

int swaps(const Talk& t) {
  for (const NodePicture& node : t.dispatch.picture(t.now).nodes)
    if (node.belief.name == "mini") return node.foreign_swaps;
  return -1;
}
bool warns(const Talk& t) {
  for (const std::string& warning : t.dispatch.picture(t.now).warnings)
    if (warning.find("somebody else swaps models there") != std::string::npos) return true;
  return false;
}

// The other one takes the coder's place with the architect; this router takes it back.
void taken_and_taken_back(Talk& t, TicketId id) {
  t.seen("mini", {});
  t.now += 20s;
  t.seen("mini", {there(theirs, big)});
  t.seen("mini", {there(theirs, big)});
  REQUIRE(t.ask(id, "coder") == "unload mini theirs-m");
  t.tell(UnloadEnded{"mini", theirs, {}});
  t.seen("mini", {});
  CHECK(t.seen("mini", {}) == "load mini coder-m 4096 keep 2h");
  CHECK(t.loaded("mini", coder).starts_with("grant " + std::to_string(id)));
  t.seen("mini", {there(coder, middle)});
  t.ended(id);
  t.seen("mini", {there(coder, middle)});
}

}  // namespace

TEST_CASE("what is there at the start, what this router loads and unloads, and what it asks for, are no foreign swaps") {
  Talk t;
  t.seen("mini", {there(theirs, big)});
  t.seen("mini", {there(theirs, big)});
  t.ask(1, "coder");
  t.tell(UnloadEnded{"mini", theirs, {}});
  t.seen("mini", {}), t.seen("mini", {});
  t.loaded("mini", coder);
  t.seen("mini", {there(coder, middle)});
  t.ended(1);
  t.seen("mini", {});  // its keep_alive ended
  t.ask(2, "coder");
  CHECK(swaps(t) == 0);
}

TEST_CASE("a model that goes while this router loads it anew, or asks it, comes back as its own") {
  Talk t;
  coder_idle(t);
  t.ask(2, "coder");
  t.tell(Ended{2, {.ending = Ending::node_failed}});  // in doubt: it is loaded before it is used again
  t.seen("mini", {there(coder, middle)});
  CHECK(t.ask(3, "coder") == "load mini coder-m 4096 keep 2h");
  t.seen("mini", {});  // it went meanwhile
  CHECK(t.loaded("mini", coder).starts_with("grant 3"));
  t.seen("mini", {there(coder, middle)});
  CHECK(swaps(t) == 0);
  t.seen("mini", {});  // and again, under a request, for which the node brings it back
  t.seen("mini", {there(coder, middle)});
  t.ended(3);
  t.seen("mini", {there(coder, middle)});
  CHECK(swaps(t) == 0);
}

TEST_CASE("a model that somebody else loads is counted, told in the log, and adopted; one reversal is taken back") {
  Talk t;
  t.seen("mini", {there(coder, middle)});
  taken_and_taken_back(t, 1);
  CHECK(swaps(t) == 1);
  CHECK_FALSE(warns(t));
  CHECK(std::find(t.notes.begin(), t.notes.end(), "mini: somebody else has loaded theirs-m") != t.notes.end());
}

TEST_CASE("after two reversals in five minutes this router keeps off: what is not there waits until it is quiet") {
  Talk t;
  t.seen("mini", {there(coder, middle)});
  taken_and_taken_back(t, 1);
  t.now += 60s;
  t.seen("mini", {});
  t.now += 20s;
  t.seen("mini", {there(theirs, big)});
  t.seen("mini", {there(theirs, big)});
  CHECK(swaps(t) == 2);
  CHECK(warns(t));
  CHECK(t.ask(2, "coder").empty());
  CHECK(t.dispatch.picture(t.now).waiting.front().for_what == "mini to be left alone by somebody else, who swaps models there");
  t.now += 4min;
  CHECK(t.tell(Ticked{}).empty());
  t.now += 61s;
  CHECK(t.tell(Ticked{}).find("mini theirs-m") != std::string::npos);  // quiet for five minutes
  CHECK_FALSE(warns(t));
}

TEST_CASE("two reversals that lie further apart than five minutes are no fight") {
  Talk t;
  t.seen("mini", {there(coder, middle)});
  taken_and_taken_back(t, 1);
  t.now += 6min;
  taken_and_taken_back(t, 2);
  CHECK(swaps(t) == 2);
  CHECK_FALSE(warns(t));
}

TEST_CASE("a name that leads to another machine now: what that one holds is nobody's doing") {
  Talk t;
  t.seen("mini", {there(coder, middle)});
  Settings moved = t.set;
  moved.nodes[1].addresses = {{"10.0.0.9", 11434}};
  t.tell(Adopted{std::make_shared<const Settings>(moved)});
  t.seen("mini", {there(theirs, big)});
  CHECK(swaps(t) == 0);
}

}  // namespace foreign_test
