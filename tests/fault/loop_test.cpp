// Two routers that take each other for an Ollama: a request goes round once, then it is told.
#include "support/scene.hpp"

namespace loop_test {

using namespace rr;
using namespace rr::test;

namespace {

std::string points_at(std::uint16_t port) {
  return "roles:\n  coder: { node: other, model: qwen3-coder:30b, keep_alive: 2h }\n"
         "nodes:\n  other: { address: 127.0.0.1:" + std::to_string(port) + " }\n"
         "models:\n  qwen3-coder:30b: { num_ctx: 32768, size: 19GB }\nsmart_swap: { policy: passthrough }\n";
}

}  // namespace

TEST_CASE("row 71: two routers that point at each other answer 508 or name what is missing, after finitely many requests") {
  Scene scene;  // its router is the third: healthy beside them
  std::unique_ptr<app::Router> first, second;
  scene.on_loop([&] {
    first = std::move(*app::Router::open(scene.io, settings_of(points_at(1))));
    second = std::move(*app::Router::open(scene.io, settings_of(points_at(first->port()))));
    first->house().adopt(settings_of(points_at(second->port())));
  });
  for (app::Router* router : {first.get(), second.get()}) {
    CHECK(scene.comes([&] { return router->house().desk.dispatch().fleet().node("other")->heard.has_value(); }));
    for (const bool stream : {true, false}) {
      RawClient client(router->port());
      client.send(chat_text("coder", stream));
      const Answer a = client.answer();
      CAPTURE(a.body);
      CHECK(a.status >= 400);
      CHECK(a.clean);
    }
  }
  scene.others_are_served();
  for (app::Router* router : {first.get(), second.get()})
    CHECK(scene.comes([&] { return router->house().answering == 0 && router->house().desk.dispatch().in_flight() == 0; }));
  scene.on_loop([&] {
    for (app::Router* router : {first.get(), second.get()}) CHECK(router->house().desk.dispatch().ledger().arrived <= 4);
  });
  scene.on_loop([&] { first.reset(), second.reset(); });
  scene.comes([&] { return scene.house().clients.empty(); });
}

TEST_CASE("row 71: what came through a role-router before is refused with 508, and goes nowhere") {
  Scene scene;
  for (const char* via : {"1.1 role-router", "1.1 other, 1.1 role-router", "1.1 role-router, 1.1 other", "HTTP/1.1 role-router (x)"}) {
    CAPTURE(via);
    const Answer a = ask(scene.port(), "POST", "/api/chat", chat_body("coder", true), {{"Via", via}});
    CHECK(a.status == 508);
    CHECK(a.body.find("a node's address in the YAML points at a router") != std::string::npos);
  }
  CHECK(scene.upstream() == 0);
  CHECK(ask(scene.port(), "POST", "/api/chat", chat_body("coder", false), {{"Via", "1.1 other"}}).status == 200);
  scene.invariants();
}

}  // namespace loop_test
