// A client that reads slowly costs a buffer, never the node's slot.
#include "support/scripted_node.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

using namespace rr;
using namespace rr::test;

namespace {

const std::string model = "qwen3-coder:30b";

struct Torrent : Loop {
  Torrent(int lines, const std::string& more) {
    const std::string text(64 * 1024, 'x');
    node.emplace(io, std::map<std::string, Bytes>{{model, 19 * gb}}, [this, lines, text](wire::Client& client, const wire::Request&) -> wire::Task<void> {
      return play(client, lines, text);
    });
    router = std::move(*app::Router::open(io, settings_of(
        "roles:\n  coder: { node: here, model: qwen3-coder:30b, keep_alive: 2h }\nnodes:\n  here: { address: 127.0.0.1:" +
        std::to_string(node->port()) + ", gpu_memory: 56GiB }\nmodels:\n  qwen3-coder:30b: { num_ctx: 32768, size: 19GB }\n" + more)));
    start();
  }
  ~Torrent() {
    stop();
    router.reset();
    node.reset();
  }
  wire::Task<void> play(wire::Client& client, int lines, std::string text) {
    client.begin(ScriptedNode::head(200, "application/x-ndjson"));
    for (int n = 0; n < lines && !client.gone(); ++n) {
      client.piece(ScriptedNode::line(model, text));
      co_await client.drained();
    }
    if (client.gone()) co_return;
    client.piece(ScriptedNode::line(model, "", true));
    client.finish();
    if (co_await client.drained()) finished = true;
  }
  bool finished = false;
  std::optional<ScriptedNode> node{};
  std::unique_ptr<app::Router> router{};
};

const std::string chat = R"({"model":"coder","messages":[{"role":"user","content":"hi"}]})";

}  // namespace

TEST_CASE("the node finishes although the client has not read a byte; the client gets it all later") {
  Torrent town(100, "");  // 6.4 MiB, within stream_buffer
  RawClient client(town.router->port());
  client.send(request_text("POST", "/api/chat", chat));
  CHECK(town.until([&] { return town.finished; }));
  const Answer a = client.answer();
  CHECK(a.clean);
  CHECK(a.body.size() > 100 * 64 * 1024);
  CHECK(a.body.find("\"done\":true") != std::string::npos);
}

TEST_CASE("past stream_buffer the stream is cut, the node is let go, and the memory comes back") {
  Torrent town(2000, "stream_buffer: 1MiB\n");
  RawClient client(town.router->port());
  client.send(request_text("POST", "/api/chat", chat));
  CHECK(town.until([&] { return town.router->house().desk.dispatch().ledger().arrived == 1 && town.router->house().desk.dispatch().in_flight() == 0; }));
  CHECK_FALSE(town.on_loop([&] { return town.finished; }));
  const Answer a = client.answer();
  CHECK_FALSE(a.clean);
  CHECK(town.until([&] { return town.router->house().stream_buffers.used() == 0; }));
}
