// A node that fails before the first byte costs the client nothing when another node has the model; afterwards it is told in band
// and the connection ends uncleanly. Nothing that is not whole ever looks whole.
#include "api/json.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace node_fails_test {

using namespace rr;
using namespace rr::test;
using What = sim::Fault::What;

namespace {

const std::string tester = R"({"model":"tester","messages":[{"role":"user","content":"hi"}]})";          // on both machines
const std::string tester_whole = R"({"model":"tester","messages":[{"role":"user","content":"hi"}],"stream":false})";
const std::string coder = R"({"model":"coder","messages":[{"role":"user","content":"[[chunks:8]] hi"}]})";   // on the mini alone

}  // namespace

TEST_CASE("row 12: before the first byte the request moves to the other machine") {
  for (const What what : {What::refuse, What::die_before, What::garbage, What::status}) {
    for (const std::string& body : {tester, tester_whole}) {
      CAPTURE(static_cast<int>(what));
      Town town;
      REQUIRE(town.ask("POST", "/api/chat", tester_whole).field("X-Router-Node") == "mac-mini");
      town.fault(town.mini, {.what = what, .status = 503, .times = 1});
      const Answer a = town.ask("POST", "/api/chat", body);
      CHECK(a.status == 200);
      CHECK(a.clean);
      CHECK(a.field("X-Router-Node") == "macbook");
      CHECK(a.body.find("\"done\":true") != std::string::npos);
    }
  }
}

TEST_CASE("when the only machine fails before the first byte the client gets a status that names it") {
  for (const What what : {What::die_before, What::garbage}) {
    CAPTURE(static_cast<int>(what));
    Town town;
    town.fault(town.mini, {.what = what, .times = -1});
    const Answer a = town.ask("POST", "/api/chat", coder);
    CHECK(a.status == 503);  // not even the router's own load is answered
    CHECK(a.body.find("load_failed") != std::string::npos);
    CHECK(a.body.find("mac-mini") != std::string::npos);
    CHECK(a.clean);
  }
}

TEST_CASE("row 13: in mid-stream: an in-band error, then an unclean end, in both dialects") {
  for (const What what : {What::die_mid, What::end_early, What::error_mid}) {
    for (const bool openai : {false, true}) {
      CAPTURE(static_cast<int>(what));
      CAPTURE(openai);
      Town town;
      town.fault(town.mini, {.what = what, .after = 2, .times = 1});
      const Answer a = openai ? town.ask("POST", "/v1/chat/completions", R"({"model":"coder","stream":true,"messages":[{"role":"user","content":"[[chunks:8]] hi"}]})")
                              : town.ask("POST", "/api/chat", coder);
      CHECK(a.status == 200);
      CHECK_FALSE(a.clean);
      CHECK(a.closed);
      CHECK(a.body.find("\"error\"") != std::string::npos);
      CHECK(a.body.find("[DONE]") == std::string::npos);
      CHECK(a.body.find("\"done\":true") == std::string::npos);
      CHECK(town.until([&] { return town.router->house().desk.dispatch().in_flight() == 0; }));
    }
  }
}

TEST_CASE("a not streamed answer without done:true is an error, never a 200") {
  Town town;
  town.fault(town.mini, {.what = What::end_early, .after = 2, .times = -1});
  for (const char* path : {"/api/chat", "/v1/chat/completions"}) {
    const Answer a = town.ask("POST", path, R"({"model":"coder","stream":false,"messages":[{"role":"user","content":"[[chunks:8]] hi"}]})");
    CAPTURE(path);
    CHECK(a.status == 502);
    CHECK(a.body.find("whole") != std::string::npos);
  }
}

TEST_CASE("a wrong length never passes for a whole answer") {
  Town town;
  town.fault(town.mini, {.what = What::wrong_length, .times = -1});
  const Answer a = town.ask("POST", "/api/chat", R"({"model":"coder","stream":false,"messages":[{"role":"user","content":"hi"}]})");
  CHECK(a.status == 503);  // of the load, before it
}

TEST_CASE("row 14: a dead machine is told within the answer, and /health says so without asking it") {
  Town town;
  REQUIRE(town.ask("POST", "/api/chat", R"({"model":"coder","stream":false,"messages":[{"role":"user","content":"hi"}]})").status == 200);
  town.on_loop([&] { town.mini->stop(); });
  const Answer a = town.ask("POST", "/api/chat", coder);
  CHECK((a.status == 502 || a.status == 503));
  CHECK(a.body.find("mac-mini") != std::string::npos);
  REQUIRE(town.until([&] {
    const NodeBelief* node = town.router->house().desk.dispatch().fleet().node("mac-mini");
    return node && node->state == NodeState::down;
  }));
  const api::Json health = api::Json::parse(town.ask("GET", "/health").body);
  CHECK(health["nodes"]["mac-mini"]["state"] == "down");
  CHECK(health["roles"]["coder"]["state"] == "unavailable");
  CHECK(health["roles"]["tester"]["state"] != "unavailable");
  CHECK(town.ask("POST", "/api/chat", tester_whole).field("X-Router-Node") == "macbook");
}

TEST_CASE("row 15: a node that hangs changes nothing in the answers that need it not") {
  Town town;
  REQUIRE(town.until([&] {
    const NodeBelief* node = town.router->house().desk.dispatch().fleet().node("mac-mini");
    return node && node->state == NodeState::up;
  }));
  town.fault(town.mini, {.what = What::hang, .times = -1, .path = "/api/ps"});
  RawClient waits(town.router->port());  // a request that the hanging node cannot serve for now
  waits.send(request_text("POST", "/api/chat", coder));
  for (int i = 0; i < 20; ++i) {
    CHECK(town.ask("GET", "/health").status == 200);
    CHECK(town.ask("GET", "/api/tags").status == 200);
    CHECK(town.ask("POST", "/api/chat", R"({"model":"router","stream":false,"messages":[{"role":"user","content":"hi"}]})").status == 200);
  }
}

}  // namespace node_fails_test
