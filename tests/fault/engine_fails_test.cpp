// Engines that die or run out of memory: the request is told, the gate finds out what is there, and the machine serves again without
// a restart.
#include "support/behind.hpp"

#include <doctest/doctest.h>

namespace engine_fails_test {

using namespace rr;
using namespace rr::test;

namespace {

const std::string coder = "qwen3-coder:30b";

std::string stream_of(const std::string& role, const std::string& text) {
  return R"({"model":")" + role + R"(","messages":[{"role":"user","content":")" + text + R"("}]})";
}

void scripts(sim::NodeSpec& node) {
  const std::vector<std::string> two{"one", "two"};
  node.script = {says("dies at once", two, sim::EngineFault::crash, 0), says("dies later", two, sim::EngineFault::crash, 1),
                 says("too much", two, sim::EngineFault::crash, 1, "ggml_metal: out of memory")};
}

}  // namespace

TEST_CASE("an engine that has crashed is still listed in /api/ps, and the next request for its model is served") {
  for (const char* how : {"dies at once", "dies later"}) {
    CAPTURE(how);
    Town town("", 400, scripts);
    served(town, "coder");
    const Answer a = town.ask("POST", "/api/chat", stream_of("coder", how));
    CHECK(a.body.find("\"error\"") != std::string::npos);
    CHECK(a.body.find("\"done\":true") == std::string::npos);
    CHECK(town.on_loop([&] { return town.mini->resident(); }) == std::vector<std::string>{coder});
    served(town, "coder");
    served(town, "coder", "/v1/chat/completions");
    CHECK(loads(town, town.mini, coder) == 2);
    CHECK(settled(town));
  }
}

TEST_CASE("a machine that runs out of memory drops all its models: the gate sees it, and each is served again") {
  Town town("", 400, scripts);
  served(town, "tester");
  served(town, "coder");
  const Answer a = town.ask("POST", "/api/chat", stream_of("coder", "too much"));
  CHECK(a.body.find("out of memory") != std::string::npos);
  CHECK_FALSE(a.clean);
  REQUIRE(town.until([&] { return town.mini->resident().empty(); }));
  CHECK(town.until([&] { return town.router->house().desk.dispatch().gate("mac-mini")->held().empty(); }));
  served(town, "coder");
  served(town, "tester");
  CHECK(loads(town, town.mini, coder) == 2);
  CHECK(settled(town));
}

}  // namespace engine_fails_test
