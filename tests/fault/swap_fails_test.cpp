// Swaps that do not end: who waits hears a 503 in his own dialect, and the machine serves again without a restart.
#include "api/json.hpp"
#include "support/behind.hpp"

#include <doctest/doctest.h>

namespace swap_fails_test {

using namespace rr;
using namespace rr::test;
using What = sim::Fault::What;

namespace {

// Both dialects wait for the same model.
struct Both {
  explicit Both(Town& town, const std::string& role) : native(town.router->port()), openai(town.router->port()) {
    native.send(request_text("POST", "/api/chat", whole(role)));
    openai.send(request_text("POST", "/v1/chat/completions", whole(role)));
  }
  RawClient native, openai;

  void told_503(const std::string& code) {
    const Answer a = native.answer(), b = openai.answer();
    for (const Answer* answer : {&a, &b}) {
      CHECK(answer->status == 503);
      CHECK(std::atoi(std::string(answer->field("Retry-After")).c_str()) >= 1);
      CHECK(answer->clean);
    }
    CHECK(api::Json::parse(a.body)["error"].is_string());
    CHECK(api::Json::parse(a.body)["code"] == code);
    CHECK(api::Json::parse(b.body)["error"]["message"].get<std::string>().find("mac-mini") != std::string::npos);
    CHECK(api::Json::parse(b.body)["error"]["code"] == code);
  }
};

}  // namespace

TEST_CASE("a load that is not confirmed in swap_timeout: its waiters are told, and the next request is served") {
  Town town("smart_swap: { policy: seed, swap_timeout: 1s }\n");
  town.fault(town.mini, {.what = What::hang, .times = -1, .path = "/api/generate"});
  Both both(town, "coder");
  both.told_503("load_failed");
  town.fault(town.mini, {});
  served(town, "coder");
  CHECK(settled(town));
}

TEST_CASE("an unload that is not confirmed in swap_timeout: its waiters are told; once the model is gone the swap succeeds") {
  Town town("smart_swap: { policy: seed, swap_timeout: 1s }\n", 400, endless);
  served(town, "coder");
  RawClient stranger(town.mini->port());  // keeps the coder busy, and the router does not know of it
  stranger.send(request_text("POST", "/api/chat", direct("qwen3-coder:30b", 32768, "endless")));
  REQUIRE(stranger.head().status == 200);
  Both both(town, "architect");
  both.told_503("load_failed");
  CHECK(town.on_loop([&] { return town.mini->resident(); }) == std::vector<std::string>{"qwen3-coder:30b"});
  stranger.close();
  served(town, "architect");
  CHECK(settled(town));
}

TEST_CASE("a machine whose own queue is full says so, with the time to come back") {
  Town town;
  town.fault(town.mini, {.what = What::status, .status = 503, .times = -1, .path = "/api/generate"});
  Both both(town, "coder");
  both.told_503("node_full");
  town.fault(town.mini, {});
  served(town, "coder");
  CHECK(settled(town));
}

TEST_CASE("a load that fails for want of memory is told with the machine's own words, and costs the others nothing") {
  Town town;
  served(town, "tester");
  town.fault(town.mini, {.what = What::status, .status = 500, .times = -1, .path = "/api/generate"});
  const Answer a = town.ask("POST", "/api/chat", whole("coder"));
  CHECK(a.status == 502);
  CHECK(a.body.find("simulated failure 500") != std::string::npos);
  town.fault(town.mini, {});
  served(town, "tester");
  served(town, "coder");
  CHECK(settled(town));
}

}  // namespace swap_fails_test
