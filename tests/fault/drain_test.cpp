// SIGTERM: what runs finishes, nothing new is taken, and at drain_timeout the rest is cut with an in-band error's unclean end.
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace drain_test {

using namespace rr;
using namespace rr::test;

TEST_CASE("row 60: a drain lets a running stream finish and refuses what is new") {
  Town town("", 60);
  RawClient running(town.router->port());
  running.send(request_text("POST", "/api/chat", R"({"model":"coder","messages":[{"role":"user","content":"[[chunks:60]] hi"}]})"));
  Answer answer = running.head();
  REQUIRE(answer.status == 200);
  RawClient idle(town.router->port());
  idle.send(request_text("GET", "/api/version"));
  REQUIRE(idle.answer().status == 200);
  auto cut = std::make_shared<std::optional<bool>>();
  town.on_loop([&] { town.router->drain([cut](bool c) { *cut = c; }); });
  CHECK_THROWS(RawClient(town.router->port()));  // the listener is closed
  idle.send(request_text("POST", "/api/chat", R"({"model":"coder","messages":[{"role":"user","content":"new"}]})"));
  const Answer refused = idle.answer();
  CHECK((refused.status == 503 || refused.closed));
  running.body(answer);
  CHECK(answer.clean);
  CHECK(answer.body.find("\"done\":true") != std::string::npos);
  CHECK(town.until([&] { return cut->has_value(); }));
  CHECK(**cut == false);
}

TEST_CASE("row 60: at drain_timeout the rest is cut, never ended as if it were whole") {
  Town town("drain_timeout: 1ms\n", 2);
  RawClient running(town.router->port());
  running.send(request_text("POST", "/api/chat", R"({"model":"router","messages":[{"role":"user","content":"[[chunks:500]] hi"}]})"));
  Answer answer = running.head();
  REQUIRE(answer.status == 200);
  auto cut = std::make_shared<std::optional<bool>>();
  town.on_loop([&] { town.router->drain([cut](bool c) { *cut = c; }); });
  running.body(answer);
  CHECK_FALSE(answer.clean);
  CHECK(answer.body.find("\"error\":\"role-router is stopping") != std::string::npos);
  CHECK(town.until([&] { return cut->has_value(); }));
  CHECK(**cut == true);
}

}  // namespace drain_test
