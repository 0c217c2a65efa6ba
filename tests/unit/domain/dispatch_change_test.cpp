// What changes under way: nodes that are lost and come back, new settings, another policy.
#include "talk.hpp"

#include <doctest/doctest.h>

namespace dispatch_change_test {

using namespace rr;
using namespace rr::test;
using namespace std::chrono_literals;

TEST_CASE("when its node is lost a waiter goes to another node of its role, or hears node_down") {
  Talk t;
  t.seen("mini", {});
  t.seen("book", {});
  t.ask(1, "tester");
  t.ask(2, "coder");
  CHECK(t.tell(Lost{"mini", "connection refused"}) == "refuse 2 node_down | load book tester-m 4096 keep 30m");
  CHECK(t.loaded("book", tester) == "grant 1 book tester-m 4096 keep 30m");
  CHECK(t.balances());
}

TEST_CASE("a waiter that is placed again keeps its turn") {
  Talk t;
  t.seen("mini", {});
  t.seen("book", {});
  t.ask(1, "tester");   // at the mini, and older
  t.tell(Lost{"mini", "gone"});
  t.ask(2, "tester");
  CHECK(t.loaded("book", tester) == "grant 1 book tester-m 4096 keep 30m");
  CHECK(t.granted->queued == 0s);
}

TEST_CASE("a node that comes back mid-load gets no second load until the first is answered") {
  Talk t;
  t.seen("mini", {});
  t.ask(1, "coder");
  CHECK(t.tell(Lost{"mini", "no answer"}) == "refuse 1 node_down");
  CHECK(t.seen("mini", {}) == "");
  CHECK(t.ask(2, "architect") == "");
  CHECK(t.loaded("mini", coder) == "unload mini coder-m");  // it is there after all, and has to make room
}

TEST_CASE("a node lost while it unloads keeps who is on its way out ungranted when it is back") {
  Talk t;
  coder_idle(t);
  CHECK(t.ask(2, "architect") == "unload mini coder-m");
  CHECK(t.tell(Lost{"mini", "no answer"}) == "refuse 2 node_down");
  t.seen("mini", {there(coder, middle)});
  CHECK(t.ask(3, "coder") == "");
  t.unloaded("mini", coder);
  t.seen("mini", {});
  CHECK(t.seen("mini", {}) == "load mini coder-m 4096 keep 2h");
}

TEST_CASE("a node lost while requests run counts them until they end, and grants nothing on what is not there") {
  Talk t;
  coder_idle(t);
  t.ask(2, "coder");
  t.tell(Lost{"mini", "connection refused"});
  t.seen("mini", {});
  CHECK(t.ask(3, "coder") == "");
  CHECK(t.tell(Ended{2, {.ending = Ending::node_failed}}) == "");
  CHECK(t.seen("mini", {}) == "load mini coder-m 4096 keep 2h");
  CHECK(t.loaded("mini", coder) == "grant 3 mini coder-m 4096 keep 2h");
}

TEST_CASE("new settings hold from the next grant on; what runs ends as it began") {
  Talk t;
  coder_idle(t);
  t.ask(2, "coder");
  t.set.roles[2].keep_alive = {1h};
  CHECK(t.adopt() == "");
  CHECK(t.ended(2) == "");
  CHECK(t.ask(3, "coder") == "grant 3 mini coder-m 4096 keep 1h");
}

TEST_CASE("a new context is loaded when the model is idle and wanted, and grants say what is loaded") {
  Talk t;
  coder_idle(t);
  t.ask(2, "coder");
  t.set.models[2].num_ctx = 8192;
  t.adopt();
  CHECK(t.ask(3, "coder") == "");  // asked under the old settings or the new: it goes with what is loaded
  CHECK(t.ended(2) == "unload mini coder-m");
  t.unloaded("mini", coder);
  t.seen("mini", {});
  CHECK(t.seen("mini", {}) == "load mini coder-m 8192 keep 2h");
  CHECK(t.loaded("mini", coder) == "grant 3 mini coder-m 8192 keep 2h");
}

TEST_CASE("a context that changes while the model loads: what was ordered is what is loaded") {
  Talk t;
  t.seen("mini", {});
  t.ask(1, "coder");
  t.set.models[2].num_ctx = 8192;
  t.adopt();
  CHECK(t.loaded("mini", coder) == "unload mini coder-m");
}

TEST_CASE("a use_mmap that changes reloads: no request ever makes the node do it") {
  Talk t;
  coder_idle(t);
  t.set.models[2].use_mmap = false;
  t.adopt();
  CHECK(t.ask(2, "coder") == "unload mini coder-m");
}

TEST_CASE("a victim that new settings pin while it is drained stays") {
  Talk t;
  coder_idle(t);
  t.ask(2, "coder");
  t.ask(3, "architect");
  CHECK(t.dispatch.gate("mini")->phase() == SwapPhase::draining);
  t.set.roles[2].keep_alive = for_ever;
  t.adopt();
  CHECK(t.ended(2) == "refuse 3 never_fits");
  CHECK(t.dispatch.gate("mini")->find(coder) != nullptr);
}

TEST_CASE("a role that moves takes its waiters along") {
  Talk t;
  t.seen("mini", {});
  t.seen("book", {});
  t.ask(1, "architect");  // the mini loads for it
  t.ask(2, "tester");
  t.set.roles[3].nodes = {"book"};
  CHECK(t.adopt() == "load book tester-m 4096 keep 30m");
}

TEST_CASE("a node that leaves the configuration takes nobody down with it, and comes back clean") {
  Talk t;
  t.seen("mini", {});
  t.seen("book", {});
  t.ask(1, "tester");
  t.ask(2, "coder");
  t.loaded("mini", tester);  // request 1 runs there
  const Settings both = t.set;
  t.set.nodes.pop_back();
  for (auto& role : t.set.roles) role.nodes = {"book"};
  t.adopt();
  CHECK(t.dispatch.waiting() + (t.refusal ? 1 : 0) == 1);
  CHECK(t.dispatch.gate("mini") != nullptr);  // still counted: one runs there
  t.ended(1);
  t.load_failed("mini", coder);
  CHECK(t.dispatch.gate("mini") == nullptr);
  t.set = both;
  t.adopt();
  t.seen("mini", {});
  CHECK(t.ask(5, "architect") == "load mini architect-m 4096 keep -1");
  CHECK(t.balances());
}

TEST_CASE("passthrough grants at once, with the client's own keep_alive, and loads nothing") {
  Talk t([] {
    Settings s = macs();
    s.policy = PolicyName::passthrough;
    return s;
  }());
  CHECK(t.ask(1, "coder") == "grant 1 mini coder-m 4096");
  t.seen("mini", {});
  CHECK(t.ask(2, "architect") == "grant 2 mini architect-m 4096");
  CHECK(t.ask(3, "coder") == "grant 3 mini coder-m 4096");
  CHECK(t.ended(1) == "");
  CHECK(t.ended(2) == "");
  CHECK(t.ended(3) == "");
  CHECK(t.tick(10min) == "");
  CHECK(t.balances());
}

TEST_CASE("from seed to passthrough who waits is granted; back again, who passed through is counted to its end") {
  Talk t;
  t.seen("mini", {});
  t.ask(1, "coder");
  t.set.policy = PolicyName::passthrough;
  CHECK(t.adopt() == "grant 1 mini coder-m 4096");
  t.set.policy = PolicyName::seed;
  t.adopt();
  CHECK(t.ask(2, "architect") == "");
  t.load_failed("mini", coder);
  CHECK(t.ended(1).find("unload") == std::string::npos);
  t.seen("mini", {});
  t.seen("mini", {});
  CHECK(t.dispatch.gate("mini")->phase() == SwapPhase::loading);
}

TEST_CASE("what /api/ps measures, on whatever node, counts at the next decision") {
  Talk t;
  t.seen("mini", {there(coder, middle)});
  t.ask(1, "coder");
  CHECK(t.seen("book", {there(tester, 30 * gib)}) == "");
  CHECK(t.ask(2, "tester") == "");  // 30 GiB do not fit beside the busy coder
  t.tell(Left{2});
  t.seen("book", {there(tester, small)});
  CHECK(t.ask(3, "tester") == "load mini tester-m 4096 keep 30m");
}

}  // namespace dispatch_change_test
