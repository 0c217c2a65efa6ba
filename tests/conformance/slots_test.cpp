// Conformance, the slots of a node: reference cases 52-54.
#include "support/scripted_node.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace slots_test {

using namespace rr;
using namespace rr::test;

namespace {

const std::string model = "qwen3-coder:30b";
const std::string chat = R"({"model":"coder","messages":[{"role":"user","content":"hi"}]})";

// A node that says `lines` long lines, waits until the test rings, and ends. It counts how many it answers at once.
struct Ringing : Loop {
  explicit Ringing(const std::string& of_model, int lines = 0) {
    node.emplace(io, std::map<std::string, Bytes>{{model, 19 * gb}},
                 [this, lines](wire::Client& client, const wire::Request&) -> wire::Task<void> { return play(*this, client, lines); });
    router = std::move(*app::Router::open(io, settings_of(
        "roles:\n  coder: { node: here, model: qwen3-coder:30b, keep_alive: 2h }\nnodes:\n  here: { address: 127.0.0.1:" +
        std::to_string(node->port()) + ", gpu_memory: 56GiB }\nmodels:\n  qwen3-coder:30b: { num_ctx: 32768, size: 19GB" + of_model + " }\n")));
    start();
  }
  ~Ringing() {
    stop();
    router.reset();
    node.reset();
  }
  static wire::Task<void> play(Ringing& town, wire::Client& client, int lines) {
    auto bell = std::make_shared<wire::Timer>(co_await wire::asio::this_coro::executor, wire::Timer::time_point::max());
    town.bells.push_back(bell);
    town.most = std::max(town.most, ++town.answering);
    const auto watch = client.on_gone([&town, bell] {
      ++town.left;
      bell->cancel();
    });
    client.begin(ScriptedNode::head(200, "application/x-ndjson"));
    for (int n = 0; n < lines; ++n) client.piece(ScriptedNode::line(model, std::string(64 * 1024, 'x')));
    co_await bell->async_wait(wire::tuple);
    --town.answering;
    if (client.gone()) co_return;
    client.piece(ScriptedNode::line(model, "", true));
    client.finish();
    ++town.answered;
  }
  void ring() {
    on_loop([&] {
      for (auto& bell : std::exchange(bells, {})) bell->cancel();
    });
  }
  const Dispatch& dispatch() const { return router->house().desk.dispatch(); }

  int answering = 0, most = 0, left = 0, answered = 0;
  std::vector<std::shared_ptr<wire::Timer>> bells{};
  std::optional<ScriptedNode> node{};
  std::unique_ptr<app::Router> router{};
};

}  // namespace

TEST_CASE("case 52: a slow reader that leaves frees the node's slot, and the next request completes") {
  Ringing town("", 110);  // 7 MB: more than a system's send buffer grows to, less than stream_buffer. The router has to keep the rest for the client
  RawClient slow(town.router->port());
  const int little = 32 * 1024;  // else what it has not read yet could all be in its own buffer
  ::setsockopt(slow.fd(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
  slow.send(request_text("POST", "/api/chat", chat));
  REQUIRE(town.until([&] { return town.answering == 1; }));
  RawClient next(town.router->port());
  next.send(request_text("POST", "/api/chat", chat));
  REQUIRE(town.until([&] { return town.dispatch().waiting() == 1 && town.router->house().stream_buffers.used() > 0; }));
  slow.reset();
  REQUIRE(town.until([&] { return town.left == 1; }));       // nobody rang: only the close ended it
  REQUIRE(town.until([&] { return town.answering == 1; }));  // the slot went to the one that waited
  town.ring();
  const Answer a = next.answer();
  CHECK(a.clean);
  CHECK(a.body.ends_with("\"eval_count\":3}\n"));
  CHECK(town.until([&] { return town.dispatch().in_flight() == 0 && town.router->house().stream_buffers.used() == 0; }));
}

TEST_CASE("case 53: a node never has more requests for a model at once than `parallel`") {
  for (const int parallel : {1, 2, 3}) {
    CAPTURE(parallel);
    Ringing town(parallel == 1 ? "" : ", parallel: " + std::to_string(parallel));
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 7; ++i) {
      clients.push_back(std::make_unique<RawClient>(town.router->port()));
      clients.back()->send(request_text("POST", "/api/chat", chat));
    }
    while (town.on_loop([&] { return town.answered; }) < 7) {
      const auto full = [&] {
        return town.answering == std::min(parallel, 7 - town.answered) && town.dispatch().waiting() == std::max(0, 7 - town.answered - parallel);
      };
      REQUIRE(town.until(full));  // as many as may, and all the others wait in the router's line
      town.ring();
    }
    for (auto& client : clients) CHECK(client->answer().clean);
    CHECK(town.on_loop([&] { return town.most; }) == parallel);
  }
}

TEST_CASE("case 54: a node's 503 is tried elsewhere; when there is no other it goes on with Retry-After") {
  const auto whole = [](const std::string& role) { return R"({"model":")" + role + R"(","messages":[{"role":"user","content":"hi"}],"stream":false})"; };
  for (const char* path : {"/api/chat", "/v1/chat/completions"}) {
    CAPTURE(path);
    Town town;
    for (const char* role : {"tester", "coder"}) REQUIRE(town.ask("POST", path, whole(role)).field("X-Router-Node") == "mac-mini");
    town.fault(town.mini, {.what = sim::Fault::What::status, .status = 503, .times = -1});
    const Answer elsewhere = town.ask("POST", path, whole("tester"));
    CHECK(elsewhere.status == 200);
    CHECK(elsewhere.field("X-Router-Node") == "macbook");
    const Answer full = town.ask("POST", path, whole("coder"));  // on the mini alone
    CHECK(full.status == 503);
    CHECK(std::atoi(std::string(full.field("Retry-After")).c_str()) >= 1);
    CHECK(full.field("Content-Type").starts_with("application/json"));
  }
}

}  // namespace slots_test
