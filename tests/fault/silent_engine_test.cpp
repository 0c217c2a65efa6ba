// An engine that says nothing while everything looks well: its model is unloaded, confirmed gone, loaded, and the request asked once more.
#include "support/behind.hpp"

#include <doctest/doctest.h>

namespace silent_engine_test {

using namespace rr;
using namespace rr::test;
using What = sim::Fault::What;

namespace {

const std::string coder = "qwen3-coder:30b";

// Only a stream says that its node is silent: a whole answer may take its time.
std::string streamed(const std::string& role) {
  return R"({"model":")" + role + R"(","stream":true,"messages":[{"role":"user","content":"hi"}]})";
}

void flood(sim::NodeSpec& node) { node.script = {says("flood", std::vector<std::string>(60, std::string(512 * 1024, 'x')))}; }

// What the node saw of a model, in order: L = it was loaded, U = an unload order, C = a chat.
std::string story(Town& town, const std::string& model) {
  std::string out;
  for (const sim::Seen& s : town.seen(town.mini)) {
    if (s.model != model) continue;
    if (s.target == "/api/chat") out += "C";
    else if (s.body.find("\"keep_alive\":0") != std::string::npos) out += "U";
    else if (s.loaded_for_it) out += "L";
  }
  return out;
}

// Its time is up while the node answers everything else; long enough for a slow machine's healthy answers.
const std::string impatient = "first_byte: 4s\n";

}  // namespace

TEST_CASE("a runner that computes nothing more: unloaded, confirmed, loaded, and the request is answered after all") {
  for (const char* path : {"/api/chat", "/v1/chat/completions"}) {
    CAPTURE(path);
    Town town(impatient);
    served(town, "coder");
    const std::string before = story(town, coder);
    town.fault(town.mini, {.what = What::wedge, .times = 1});
    RawClient hit(town.router->port()), waits(town.router->port());
    hit.send(request_text("POST", path, streamed("coder")));
    REQUIRE(comes([&] { return story(town, coder) == before + "C"; }));
    waits.send(request_text("POST", path, streamed("coder")));
    for (int i = 0; i < 3; ++i) CHECK(town.ask("GET", "/health").status == 200);
    CHECK(hit.answer().status == 200);
    CHECK(waits.answer().status == 200);
    const std::string after = story(town, coder).substr(before.size());
    CAPTURE(after);
    CHECK(after.starts_with("CULC"));  // nothing was sent to it between the silence and the load
    CHECK(settled(town));
  }
}

TEST_CASE("a runner that computes nothing however often it is loaded: told in the end, after one replay, and another model is served") {
  Town town("first_byte: 2s\n");
  served(town, "coder");
  town.fault(town.mini, {.what = What::wedge, .times = -1});
  const std::string before = story(town, coder);
  const Answer a = town.ask("POST", "/api/chat", streamed("coder"));
  CHECK(a.status == 504);
  CHECK(a.body.find("node_silent") != std::string::npos);
  const std::string after = story(town, coder).substr(before.size());
  CHECK(after == "CULC");
  town.fault(town.mini, {});
  served(town, "tester");
  served(town, "coder");
  CHECK(settled(town));
}

TEST_CASE("a slot that leaked behind the router's back: the request that finds none is answered after an unload and a load") {
  Town town(impatient, 400, flood);
  served(town, "coder");
  {
    RawClient stranger(town.mini->port());  // reads nothing of a large answer, and leaves: its slot never comes back
    stranger.send(request_text("POST", "/api/chat", direct(coder, 32768, "flood")));
    REQUIRE(town.until([&] { return town.mini->open_streams() == 1; }));
    REQUIRE(town.until([&] { return town.mini->stalled() == 1; }));
    stranger.reset();
  }
  REQUIRE(town.until([&] { return town.mini->open_streams() == 0; }));
  CHECK(town.on_loop([&] { return town.mini->resident(); }) == std::vector<std::string>{coder});  // nothing shows it
  const std::string before = story(town, coder);
  const Answer a = town.ask("POST", "/api/chat", streamed("coder"));
  CHECK(a.status == 200);
  CHECK(story(town, coder).substr(before.size()) == "CULC");
  CHECK(settled(town));
}

}  // namespace silent_engine_test
