// Conformance, queueing and cancellation: reference cases 9, 49-51.
#include "support/long_run.hpp"
#include "support/scripted_node.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace queue_test {


using namespace rr;
using namespace rr::test;

namespace {

const std::string model = "qwen3-coder:30b";

std::string chat(const std::string& text) {
  return R"({"model":"coder","messages":[{"role":"user","content":")" + text + R"("}]})";
}

// A node that answers nothing before the test rings.
struct Silent : Loop {
  Silent() {
    ScriptedNode::Play play = [this](wire::Client& client, const wire::Request&) -> wire::Task<void> {
      auto bell = std::make_shared<wire::Timer>(co_await wire::asio::this_coro::executor, wire::Timer::time_point::max());
      bells.push_back(bell);
      ++asked;
      const auto watch = client.on_gone([this, bell] {
        ++gone;
        bell->cancel();
      });
      co_await bell->async_wait(wire::tuple);
      if (client.gone()) co_return;
      client.begin(ScriptedNode::head(200, "application/x-ndjson"));
      client.piece(ScriptedNode::line(model, "ok"));
      client.piece(ScriptedNode::line(model, "", true));
      client.finish();
    };
    node.emplace(io, std::map<std::string, Bytes>{{model, 19 * gb}}, play);
    router = std::move(*app::Router::open(io, settings_of(
        "roles:\n  coder: { node: here, model: qwen3-coder:30b, keep_alive: 2h }\nnodes:\n  here: { address: 127.0.0.1:" +
        std::to_string(node->port()) + ", gpu_memory: 56GiB }\nmodels:\n  qwen3-coder:30b: { num_ctx: 32768, size: 19GB }\n")));
    start();
  }
  ~Silent() {
    stop();
    router.reset();
    node.reset();
  }
  void ring() {
    on_loop([&] {
      for (auto& bell : bells) bell->cancel();
      bells.clear();
    });
  }
  int asked = 0, gone = 0;
  std::vector<std::shared_ptr<wire::Timer>> bells{};
  std::optional<ScriptedNode> node{};
  std::unique_ptr<app::Router> router{};
};

}  // namespace

TEST_CASE("case 49: a client that leaves the router's line is taken out, and nothing is sent for it") {
  Silent town;
  RawClient first(town.router->port());
  first.send(request_text("POST", "/api/chat", chat("first")));
  REQUIRE(town.until([&] { return town.asked == 1; }));
  {
    RawClient second(town.router->port());
    second.send(request_text("POST", "/api/chat", chat("second")));
    REQUIRE(town.until([&] { return town.router->house().desk.dispatch().waiting() == 1; }));
    const Answer health = ask(town.router->port(), "GET", "/health");
    CHECK(health.body.find("\"waiting\"") != std::string::npos);
  }
  CHECK(town.until([&] { return town.router->house().desk.dispatch().waiting() == 0; }));
  town.ring();
  CHECK(first.answer().clean);
  CHECK(town.on_loop([&] { return town.node->state().bodies.size(); }) == 1);
}

TEST_CASE("case 50: a client that leaves during a load does not end the load that others wait for") {
  Town town("", 2);  // a load takes seconds here, so that the client can leave in the middle of it
  RawClient leaves(town.router->port()), stays(town.router->port());
  leaves.send(request_text("POST", "/api/chat", R"({"model":"router","messages":[{"role":"user","content":"hi"}],"stream":false})"));
  stays.send(request_text("POST", "/api/chat", R"({"model":"router","messages":[{"role":"user","content":"hi"}],"stream":false})"));
  REQUIRE(town.until([&] {
    const Gate* gate = town.router->house().desk.dispatch().gate("macbook");
    return gate && gate->phase() == SwapPhase::loading && town.router->house().desk.dispatch().waiting() == 2;
  }));
  leaves.close();
  CHECK(stays.answer().status == 200);
  int loads = 0;
  for (const auto& s : town.seen(town.macbook)) loads += s.loaded_for_it;
  CHECK(loads == 1);
}

TEST_CASE("case 51: a client that leaves during the answer closes the node's connection, and the slot is free") {
  Silent town;
  RawClient first(town.router->port());
  first.send(request_text("POST", "/api/chat", chat("first")));
  REQUIRE(town.until([&] { return town.asked == 1; }));
  first.close();
  CHECK(town.until([&] { return town.gone == 1; }));  // the node was told nothing else: only the close freed it
}

TEST_CASE("case 9: a silent load outlives every other clock, and the node never sees a half-close") {
  // Three real minutes under RR_LONG=1; otherwise the node is simply silent until everything else has happened.
  Silent town;
  RawClient client(town.router->port());
  client.send(request_text("POST", "/api/chat", chat("slow")));
  REQUIRE(town.until([&] { return town.asked == 1; }));
  if (long_run()) std::this_thread::sleep_until(std::chrono::steady_clock::now() + std::chrono::seconds(190));
  CHECK(town.on_loop([&] { return town.gone; }) == 0);
  CHECK(town.on_loop([&] { return town.router->house().settings->first_byte; }) >= std::chrono::minutes(10));
  town.ring();
  CHECK(client.answer().clean);
}

}  // namespace queue_test
