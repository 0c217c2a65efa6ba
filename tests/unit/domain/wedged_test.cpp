// A granted request that gets no first byte in its time while the node is well: a slot has leaked, or a runner is wedged. Only an
// unload frees it: unload, confirm, load, and then whoever wants the model.
#include "talk.hpp"

#include <doctest/doctest.h>

namespace wedged_test {

using namespace rr;
using namespace rr::test;

namespace {

Outcome silence() { return {.ending = Ending::node_failed, .silent = true}; }

}  // namespace

TEST_CASE("a model that was silent is unloaded, confirmed gone, loaded, and granted again, under either policy") {
  for (const PolicyName policy : {PolicyName::seed, PolicyName::smart}) {
    Settings set = macs();
    set.policy = policy;
    Talk t(set);
    const std::string keep = policy == PolicyName::smart ? "-1" : "2h";
    coder_idle(t);
    CHECK(t.ask(2, "coder") == "grant 2 mini coder-m 4096 keep " + keep);
    CHECK(t.tell(Ended{2, silence()}) == "");  // nobody wants it now
    CHECK(t.noted("no first byte"));
    CHECK(t.ask(2, "coder") == "unload mini coder-m");  // the same request once more
    CHECK(t.unloaded("mini", coder) == "");
    CHECK(t.seen("mini", {there(coder, middle)}) == "");  // an answer is no confirmation
    t.seen("mini", {});
    CHECK(t.seen("mini", {}) == "load mini coder-m 4096 keep " + keep);
    CHECK(t.loaded("mini", coder) == "grant 2 mini coder-m 4096 keep " + keep);
    t.ended(2);
    t.seen("mini", {there(coder, middle)});
    CHECK(t.ask(3, "coder") == "grant 3 mini coder-m 4096 keep " + keep);  // it is well again
    CHECK(t.balances());
  }
}

TEST_CASE("a pinned model that was silent is loaded anew as well") {
  Talk t;
  t.seen("book", {there(router, tiny)});
  REQUIRE(t.ask(1, "router") == "grant 1 book router-m 4096 keep -1");
  t.tell(Ended{1, silence()});
  CHECK(t.ask(2, "router") == "unload book router-m");
}

TEST_CASE("who runs on other slots of a silent model ends first, and nobody is granted there meanwhile") {
  Settings set = macs();
  set.models[2].parallel = 2;
  Talk t(set);
  coder_idle(t);
  t.ask(2, "coder");
  t.ask(3, "coder");
  t.tell(Ended{2, silence()});
  CHECK(t.ask(4, "coder") == "");
  CHECK(t.ended(3) == "unload mini coder-m");
}

TEST_CASE("silence of a node that is down, or that nobody manages, unloads nothing") {
  Talk down;
  coder_idle(down);
  down.ask(2, "coder");
  down.tell(Lost{"mini", "no answer"});
  down.tell(Ended{2, silence()});
  CHECK(down.seen("mini", {there(coder, middle)}) == "");
  CHECK(down.ask(3, "coder").find("unload") == std::string::npos);

  Settings set = macs();
  set.policy = PolicyName::passthrough;
  Talk through(set);
  through.seen("mini", {there(coder, middle)});
  through.ask(1, "coder");
  through.tell(Ended{1, silence()});
  CHECK(through.ask(2, "coder") == "grant 2 mini coder-m 4096");
}

TEST_CASE("an unload of a silent model that is never confirmed is given up, told as 503, and tried again for the next") {
  Talk t;
  coder_idle(t);
  t.ask(2, "coder");
  t.tell(Ended{2, silence()});
  CHECK(t.ask(3, "coder") == "unload mini coder-m");
  t.unloaded("mini", coder);
  t.seen("mini", {there(coder, middle)});
  CHECK(t.tick(t.set.swap_timeout) == "unload mini coder-m");
  t.unloaded("mini", coder);
  CHECK(t.tick(t.set.swap_timeout) == "refuse 3 load_failed");
  CHECK(t.refusal->status == 503);
  CHECK(t.refusal->retry_after_s == 30);
  CHECK(t.ask(4, "coder") == "unload mini coder-m");
}

TEST_CASE("a load that fails is told as what it was: full, the node's own no, or no answer") {
  struct Row { int status; const char* code; int told; std::optional<int> again; };
  for (const Row& row : {Row{503, "node_full", 503, 5}, Row{429, "node_full", 503, 5}, Row{500, "load_failed", 502, {}}, Row{0, "load_failed", 503, 2}}) {
    CAPTURE(row.status);
    Talk t;
    t.seen("mini", {});
    t.ask(1, "coder");
    t.tell(LoadEnded{"mini", coder, "its own words", row.status});
    t.seen("mini", {});
    t.seen("mini", {});
    CHECK(t.tell(LoadEnded{"mini", coder, "its own words", row.status}) == std::string("refuse 1 ") + row.code);
    CHECK(t.refusal->status == row.told);
    CHECK(t.refusal->retry_after_s == row.again);
    CHECK(t.refusal->sentence.find("its own words") != std::string::npos);
    CHECK(t.refusal->sentence.find("mini") != std::string::npos);
  }
}

}  // namespace wedged_test
