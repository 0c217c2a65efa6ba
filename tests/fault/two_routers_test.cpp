// Two routers with the same YAML in front of one machine, one on each Mac: each notices what it did not load, and they do not fight.
#include "support/town.hpp"

#include "api/json.hpp"

#include <doctest/doctest.h>

namespace two_routers_test {

using namespace rr;
using namespace rr::test;

TEST_CASE("two routers that want two models by turns: after two reversals one keeps off, says so, and its request waits") {
  const std::string smart = "smart_swap: { policy: smart }\n";
  Town town(smart);
  std::unique_ptr<app::Router> second;
  town.on_loop([&] { second = std::move(*app::Router::open(town.io, settings_of(two_macs(town.macbook->port(), town.mini->port(), smart)))); });
  const auto up = [&](app::Router& router) {
    return [&router] {
      const NodeBelief* node = router.house().desk.dispatch().fleet().node("mac-mini");
      return node->state == NodeState::up && node->inventory_known;
    };
  };
  REQUIRE(town.until(up(*second)));
  const auto health = [&](app::Router& router) { return api::Json::parse(ask(router.port(), "GET", "/health").body); };
  const auto keeps_off = [&](app::Router& router) {
    const auto said = health(router);
    for (const auto& warning : said["warnings"])
      if (warning.get<std::string>().find("mac-mini: somebody else swaps models there") == 0) return true;
    return false;
  };
  const auto wants = [](const char* role) { return R"({"model":")" + std::string(role) + R"(","stream":false,"messages":[{"role":"user","content":"[[say:hi]]"}]})"; };
  app::Router *off = nullptr, *other = nullptr;
  int turns = 0;
  for (; turns < 20 && !off; ++turns) {
    app::Router& asked = turns % 2 == 0 ? *town.router : *second;
    const Answer a = ask(asked.port(), "POST", "/api/chat", wants(turns % 2 == 0 ? "coder" : "architect"));
    CHECK(a.status == 200);
    // until the one that was not asked has seen what is there now
    app::Router& watching = turns % 2 == 0 ? *second : *town.router;
    const ModelName there(turns % 2 == 0 ? "qwen3-coder:30b" : "qwen3-coder-next:q4_K_M");
    CHECK(town.until([&] {
      const auto& residents = watching.house().desk.dispatch().fleet().node("mac-mini")->residents;
      return residents.size() == 1 && residents.front().name == there;
    }));
    for (app::Router* router : {town.router.get(), second.get()})
      if (keeps_off(*router)) off = router;
  }
  REQUIRE(off);
  CHECK(turns <= 8);
  other = off == second.get() ? town.router.get() : second.get();
  CHECK(health(*off)["nodes"]["mac-mini"]["foreign_swaps"].get<int>() >= 2);
  RawClient waiting(off->port());
  waiting.send(request_text("POST", "/api/chat", wants(off == second.get() ? "architect" : "coder")));
  REQUIRE(town.until([&] { return off->house().desk.dispatch().waiting() == 1; }));
  CHECK(health(*off)["waiting"][0]["for"] == "mac-mini to be left alone by somebody else, who swaps models there");
  CHECK(ask(other->port(), "POST", "/api/chat", wants(off == second.get() ? "coder" : "architect")).status == 200);  // undisturbed
  waiting.close();
  CHECK(town.until([&] { return off->house().desk.dispatch().waiting() == 0 && off->house().answering == 0; }));
  town.on_loop([&] { second.reset(); });
}

}  // namespace two_routers_test
