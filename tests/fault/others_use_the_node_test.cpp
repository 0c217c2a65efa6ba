// Somebody uses a machine behind the router's back, or leaves it: the gate finds out by /api/ps, and who asks here is served.
#include "support/behind.hpp"

#include <doctest/doctest.h>

namespace others_use_the_node_test {

using namespace rr;
using namespace rr::test;

namespace {

const std::string coder = "qwen3-coder:30b", architect = "qwen3-coder-next:q4_K_M";

const Gate& gate(Town& town) { return *town.router->house().desk.dispatch().gate("mac-mini"); }

}  // namespace

TEST_CASE("somebody's own `ollama run` evicts a role's model: the gate holds what is there, and the role gets its machine back") {
  for (const char* policy : {"seed", "smart"}) {
    CAPTURE(policy);
    Town town(std::string("smart_swap: { policy: ") + policy + " }\n");
    served(town, "coder");
    CHECK(ask(town.mini->port(), "POST", "/api/chat", direct(architect, 8192, "hi", R"(,"stream":false)")).status == 200);
    CHECK(town.until([&] { return !gate(town).find(ModelName(coder)); }));
    served(town, "coder");
    served(town, "architect");
    CHECK(settled(town));
  }
}

TEST_CASE("somebody reloads a role's model with another context: it is loaded with the role's before the role uses it again") {
  Town town;
  served(town, "coder");
  CHECK(ask(town.mini->port(), "POST", "/api/chat", direct(coder, 4096, "hi", R"(,"stream":false)")).status == 200);
  REQUIRE(town.until([&] {
    const Held* held = gate(town).find(ModelName(coder));
    return held && held->missed == 0 && held->shown_ctx == 4096;
  }));
  served(town, "coder");
  CHECK(settled(town));
  CHECK(town.on_loop([&] { return gate(town).find(ModelName(coder))->shown_ctx; }) == 32768);
  for (const sim::Seen& s : town.seen(town.mini))  // the router's own load did it, not the request
    if (s.loaded_for_it && s.target == "/api/chat") CHECK(s.num_ctx == "4096");
}

TEST_CASE("somebody's keep_alive ends a role's model: the gate sees it go, and the next request is served by a load") {
  for (const char* keep : {"0", "\"50ms\""}) {
    CAPTURE(keep);
    Town town;
    served(town, "coder");
    CHECK(ask(town.mini->port(), "POST", "/api/chat", direct(coder, 32768, "hi", std::string(R"(,"stream":false,"keep_alive":)") + keep)).status == 200);
    REQUIRE(town.until([&] { return town.mini->resident().empty(); }));
    CHECK(town.until([&] { return gate(town).held().empty(); }));
    served(town, "coder");
    CHECK(loads(town, town.mini, coder) == 2);
    CHECK(settled(town));
  }
}

TEST_CASE("a client that leaves while its swap only drains: the swap is dropped, and nothing was unloaded") {
  Town town("", 400, endless);
  served(town, "coder");
  RawClient busy(town.router->port());
  busy.send(request_text("POST", "/api/chat", R"({"model":"coder","messages":[{"role":"user","content":"endless"}]})"));
  REQUIRE(busy.head().status == 200);
  RawClient leaves(town.router->port());
  leaves.send(request_text("POST", "/api/chat", whole("architect")));
  REQUIRE(town.until([&] { return gate(town).phase() == SwapPhase::draining; }));
  leaves.close();
  CHECK(town.until([&] { return gate(town).phase() == SwapPhase::steady; }));
  CHECK(unloads(town, town.mini, coder) == 0);
  busy.close();
  served(town, "coder");
  CHECK(loads(town, town.mini, coder) == 1);
  CHECK(settled(town));
}

}  // namespace others_use_the_node_test
