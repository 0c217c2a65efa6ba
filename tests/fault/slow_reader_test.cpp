// A client that reads slowly costs a buffer, never the node's slot.
#include "support/scene.hpp"

namespace slow_reader_test {

using namespace rr;
using namespace rr::test;

namespace {

// A node that says so many lines of 64 KiB as fast as they are taken.
struct Torrent : Scene {
  Torrent(int lines, const std::string& more) : Scene(more, 1) {
    on_loop([&] {
      here.instead = [this, lines](wire::Client& client, const wire::Request&) { return play(client, lines); };
    });
  }
  wire::Task<void> play(wire::Client& client, int lines) {
    const std::string text(64 * 1024, 'x');
    client.begin(ScriptedNode::head(200, "application/x-ndjson"));
    for (int n = 0; n < lines && !client.gone(); ++n) {
      client.piece(ScriptedNode::line(here.model, text));
      co_await client.drained();
    }
    if (client.gone()) {
      gone = true;
      co_return;
    }
    client.piece(ScriptedNode::line(here.model, "", true));
    client.finish();
    if (co_await client.drained()) finished = true;
  }
  bool finished = false, gone = false;
};

}  // namespace

TEST_CASE("row 40: the node finishes although the client has not read a byte; the client gets it all later") {
  Torrent scene(100, "");  // 6.4 MiB, within stream_buffer
  RawClient client(scene.port());
  client.send(chat_text("coder", true));
  CHECK(scene.comes([&] { return scene.finished; }));
  scene.others_are_served();
  const Answer a = client.answer();
  CHECK(a.clean);
  CHECK(a.body.size() > 100 * 64 * 1024);
  CHECK(a.body.find("\"done\":true") != std::string::npos);
  client.close();
  scene.invariants();
}

TEST_CASE("row 40: past stream_buffer the stream is cut, the node is let go, and the memory comes back") {
  Torrent scene(2000, "stream_buffer: 1MiB\n");
  RawClient client(scene.port());
  client.send(chat_text("coder", true));
  CHECK(scene.comes([&] { return scene.gone; }));
  CHECK(scene.comes([&] { return scene.house().desk.dispatch().in_flight() == 0; }));
  CHECK_FALSE(scene.on_loop([&] { return scene.finished; }));
  scene.others_are_served();
  const Answer a = client.answer();
  CHECK_FALSE(a.clean);
  CHECK(a.body.find("\"done\":true") == std::string::npos);
  CHECK(scene.comes([&] { return scene.house().stream_buffers.used() == 0; }));
  client.close();
  scene.invariants();
}

TEST_CASE("row 40: a client that takes nothing for write_stall is cut, and its slot is free for the next") {
  Torrent scene(100'000, "stream_buffer: 64MiB\nlimits: { stream_buffers: 64MiB }\n");
  scene.on_loop([&] { scene.house().client_limits.write_stall = std::chrono::milliseconds(1); });
  RawClient client(scene.port());
  client.send(chat_text("coder", true));
  CHECK(scene.comes([&] { return scene.gone; }));  // by the clock, or else by the buffer
  CHECK(scene.comes([&] { return scene.house().desk.dispatch().in_flight() == 0; }));
  scene.on_loop([&] { scene.house().client_limits.write_stall = std::chrono::seconds(60); });
  CHECK_FALSE(client.answer().clean);
  client.close();
  scene.invariants();
}

TEST_CASE("row 40: a client that reads a little at a time gets every byte, and the node did not wait for it") {
  Torrent scene(60, "");
  RawClient client(scene.port());
  client.send(chat_text("coder", true));
  Answer a = client.head();
  CHECK(client.chunk(a));
  CHECK(scene.comes([&] { return scene.finished; }));  // while the client has one chunk of sixty
  client.body(a);
  CHECK(a.clean);
  CHECK(a.chunks.size() >= 2);
  CHECK(a.body.size() > 60 * 64 * 1024);
  client.close();
  scene.invariants();
}

}  // namespace slow_reader_test
