// A request whose client leaves in its prompt goes on inside the node: nothing is sent behind it.
#include "support/behind.hpp"

#include <doctest/doctest.h>

namespace cancelled_prompt_test {

using namespace rr;
using namespace rr::test;

namespace {

const std::string coder = "qwen3-coder:30b";

const Gate& gate(Town& town) { return *town.router->house().desk.dispatch().gate("mac-mini"); }

}  // namespace

TEST_CASE("a client that leaves in its prompt: the slot stays counted for the rest of it, or until its engine is gone") {
  Town town("", 1, [](sim::NodeSpec& node) {
    for (sim::ModelSpec& m : node.models) m.load_time = std::chrono::milliseconds(1);
  });
  served(town, "coder");
  const std::size_t before = town.inference(town.mini).size();
  RawClient leaves(town.router->port());
  leaves.send(request_text("POST", "/api/chat", whole("coder", std::string(80'000, 'x'))));  // a prompt of half a minute, and more as the router estimates it
  REQUIRE(comes([&] { return town.inference(town.mini).size() == before + 1; }));
  leaves.close();
  int counted = -1;
  REQUIRE(town.until([&] {
    const Ledger& ledger = town.router->house().desk.dispatch().ledger();
    if (ledger.left == 0) return false;
    counted = gate(town).find(ModelName(coder))->in_flight;
    return true;
  }));
  CHECK(counted == 1);
  RawClient next(town.router->port());
  next.send(request_text("POST", "/api/chat", whole("coder")));
  CHECK(town.until([&] { return town.router->house().desk.dispatch().waiting() == 1; }));
  CHECK(town.inference(town.mini).size() == before + 1);  // nothing is sent behind it
  CHECK(ask(town.mini->port(), "POST", "/api/generate", R"({"model":"qwen3-coder:30b","prompt":"","keep_alive":0})").status == 200);
  CHECK(next.answer().status == 200);
  CHECK(settled(town));
}

}  // namespace cancelled_prompt_test
