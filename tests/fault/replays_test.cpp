// What is lost before its first byte is asked again once, and not by everybody at once.
#include "support/scene.hpp"

namespace replays_test {

using namespace rr;
using namespace rr::test;

namespace {

// A node that takes requests and breaks them off when it is told to: all that are there, and, while `dying`, each that comes.
struct Breaking {
  explicit Breaking(wire::asio::io_context& io) : executor(io.get_executor()) {}
  wire::Task<void> take(wire::Client& client) {
    ++seen;
    if (!dying) {
      auto bell = std::make_shared<wire::Timer>(executor, wire::Timer::time_point::max());
      bells.push_back(bell);
      co_await bell->async_wait(wire::tuple);
    }
    client.reset();
  }
  void break_off() {
    for (const auto& bell : std::exchange(bells, {})) bell->cancel();
  }
  wire::Executor executor;
  bool dying = false;
  int seen = 0;
  std::vector<std::shared_ptr<wire::Timer>> bells{};
};

}  // namespace

TEST_CASE("row 17: a node that accepts and closes without a byte is asked once more, then its client hears 502") {
  Scene scene;
  const auto node = std::make_shared<Breaking>(scene.io);
  scene.on_loop([&] {
    node->dying = true;
    scene.here.instead = [node](wire::Client& client, const wire::Request&) { return node->take(client); };
  });
  for (const bool openai : {false, true}) {
    scene.on_loop([&] { scene.house().upstream.drop_idle(), node->seen = 0; });
    const Answer a = scene.ask(openai ? request_text("POST", "/v1/chat/completions", chat_body("coder", true)) : chat_text("coder", true));
    CHECK(a.status == 502);
    CHECK(a.clean);
    CHECK(a.body.find("node_lost") != std::string::npos);
    CHECK_FALSE(has(a.fields, "Retry-After"));
    if (openai) CHECK(a.field("x-should-retry") == "false");  // every candidate was tried, twice: nothing is left for the client's own retries
    CHECK(scene.on_loop([&] { return node->seen; }) == 2);
  }
  scene.invariants();
}

TEST_CASE("of many that are lost at once a fifth is asked again, three always; the others hear when to come back") {
  Scene scene("", 40);
  const auto node = std::make_shared<Breaking>(scene.io);
  scene.on_loop([&] { scene.here.instead = [node](wire::Client& client, const wire::Request&) { return node->take(client); }; });
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<RawClient>(scene.port()));
    clients.back()->send(chat_text("coder", true));
  }
  REQUIRE(scene.comes([&] { return node->bells.size() == 40; }));
  scene.on_loop([&] { node->break_off(); });
  REQUIRE(scene.comes([&] { return static_cast<int>(node->bells.size()) + 40 == node->seen && scene.house().answering == static_cast<int>(node->bells.size()); }));
  const int again = scene.on_loop([&] { return node->seen - 40; });
  CHECK(again >= 3);
  CHECK(again <= 8);
  CHECK(scene.on_loop([&] { return scene.house().replaying; }) == again);
  scene.on_loop([&] { node->dying = true, node->break_off(); });
  int later = 0;
  for (auto& client : clients) {
    const Answer a = client->answer();
    CHECK(a.status == 502);
    later += a.field("Retry-After") == "2";
  }
  CHECK(later == 40 - again);
  CHECK(scene.on_loop([&] { return scene.house().replaying; }) == 0);
  clients.clear();
  scene.invariants();
}

}  // namespace replays_test
