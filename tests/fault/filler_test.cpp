// A silent event stream is kept alive by comments; they commit the status, never the answer.
#include "support/scene.hpp"

namespace filler_test {

using namespace rr;
using namespace rr::test;

namespace {

std::string stream_text(const std::string& role) {
  return request_text("POST", "/v1/chat/completions", chat_body(role, true), {{"Authorization", "Bearer " + canary}});
}

struct Quiet : Scene {  // where a silence of a millisecond is long
  Quiet() {
    on_loop([&] { house().filler_after = std::chrono::milliseconds(1); });
  }
};

// Reads chunks until one holds `text`.
bool comes(RawClient& client, Answer& answer, const std::string& text) {
  while (answer.chunks.empty() || answer.chunks.back().find(text) == std::string::npos)
    if (!client.chunk(answer)) return false;
  return true;
}

constexpr auto comment = ": waiting\n\n";

}  // namespace

TEST_CASE("while a node is silent its client gets comments, then the answer, as if nothing had been") {
  Quiet scene;
  scene.on_loop([&] { scene.here.how = Playing::How::hold_before; });
  RawClient client(scene.port());
  client.send(stream_text("coder"));
  Answer answer = client.head();  // the node has not said a byte
  CHECK(answer.status == 200);
  CHECK(answer.field("Content-Type") == "text/event-stream");
  CHECK(answer.field("X-Router-Role") == "coder");
  REQUIRE(comes(client, answer, comment));
  CHECK(answer.body.find("data:") == std::string::npos);
  scene.on_loop([&] { scene.here.release(); });
  while (client.chunk(answer)) {}
  CHECK(answer.clean);
  CHECK(answer.body.find("\"content\":\"one\"") != std::string::npos);
  CHECK(answer.body.ends_with("data: [DONE]\n\n"));
  scene.invariants(1);
}

TEST_CASE("in the middle of a stream too, and a native stream gets none") {
  Quiet scene;
  scene.on_loop([&] { scene.here.how = Playing::How::hold_mid; });
  RawClient events(scene.port()), native(scene.port());
  native.send(chat_text("coder", true));
  Answer lines = native.head();
  REQUIRE(comes(native, lines, "\"one\""));
  events.send(stream_text("coder"));
  Answer answer = events.head();
  REQUIRE(comes(events, answer, "\"one\""));
  REQUIRE(comes(events, answer, comment));
  scene.on_loop([&] { scene.here.release(); });
  while (events.chunk(answer)) {}
  while (native.chunk(lines)) {}
  CHECK(answer.clean);
  CHECK(lines.clean);
  CHECK(lines.body.find("waiting") == std::string::npos);
  scene.invariants(2);
}

TEST_CASE("after a comment or a ping a failure is an event of the dialect and an unclean end") {
  struct Dialect { std::string path, body, filler, broken, last; };
  const std::string messages = R"("messages":[{"role":"user","content":"hi"}])";
  for (const Dialect& d : {Dialect{"/v1/chat/completions", messages, comment, "data: {\"error\":{", "[DONE]"},
                           Dialect{"/v1/completions", R"("prompt":"hi")", comment, "data: {\"error\":{", "[DONE]"},
                           Dialect{"/v1/responses", R"("input":"hi")", comment, "event: error\ndata: {\"type\":\"error\",", "response.completed"},
                           Dialect{"/v1/messages", "\"max_tokens\":9," + messages, "event: ping\ndata: ", "event: error\ndata: {\"type\":\"error\",\"error\":{", "message_stop"}}) {
    CAPTURE(d.path);
    Quiet scene;
    struct Node {
      explicit Node(wire::asio::io_context& io) : bell(io.get_executor(), wire::Timer::time_point::max()) {}
      wire::Timer bell;
      bool dying = false;
    };
    const auto node = std::make_shared<Node>(scene.io);
    scene.on_loop([&] {
      scene.here.instead = [node](wire::Client& client, const wire::Request&) -> wire::Task<void> {
        if (!node->dying) co_await node->bell.async_wait(wire::tuple);
        client.reset();
      };
    });
    RawClient client(scene.port());
    client.send(request_text("POST", d.path, R"({"model":"coder","stream":true,)" + d.body + "}"));
    Answer answer = client.head();
    REQUIRE(comes(client, answer, d.filler));
    scene.on_loop([&] {
      node->dying = true;
      node->bell.cancel();
    });
    while (client.chunk(answer)) {}
    CHECK_FALSE(answer.clean);
    CHECK(answer.body.find(d.broken) != std::string::npos);
    CHECK(answer.body.find(d.last) == std::string::npos);
    scene.invariants();
  }
}

}  // namespace filler_test
