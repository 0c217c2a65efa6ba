// Over limits.connections a client is told so at once, and as soon as one leaves there is room again.
#include "support/town.hpp"

#include <doctest/doctest.h>

using namespace rr::test;

TEST_CASE("over limits.connections a new connection gets a 503, and those that are open go on") {
  Town town("limits: { connections: 2 }\n");
  RawClient second(town.router->port());
  {
    RawClient first(town.router->port());
    for (RawClient* client : {&first, &second}) {
      client->send(request_text("GET", "/api/version"));
      REQUIRE(client->answer().status == 200);
    }
    RawClient third(town.router->port());
    CHECK(third.answer().status == 503);
    second.send(request_text("GET", "/api/version"));
    CHECK(second.answer().status == 200);
  }
  CHECK(town.until([&] { return town.router->house().clients.size() == 1; }));
  CHECK(town.ask("GET", "/api/version").status == 200);
}
