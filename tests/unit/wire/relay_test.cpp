#include "loopback.hpp"

#include "wire/os.hpp"
#include "wire/relay.hpp"

#include <doctest/doctest.h>

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

namespace {

using How = RelayEnd::How;

const std::string chunked = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(std::string_view bytes) {
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

// Passes everything on; whole once a line with "done" was seen. Ends a broken answer with an error line, if it began.
struct Through : Passage {
  void take(std::string_view lines, std::string& out) override {
    taken.emplace_back(lines);
    done = done || lines.find("done") != std::string_view::npos;
    if (silent) return;
    out += lines;
    began = true;
  }
  bool end(const std::optional<NodeError>& lost, std::string_view rest, std::string& out) override {
    ++ends;
    this->lost = lost.has_value();
    this->rest = rest;
    if (!lost && done) return true;
    if (began) out += "{\"error\":\"lost\"}\n";
    return false;
  }
  std::vector<std::string> taken;
  std::string rest;
  bool done = false, began = false, lost = false, silent = false;
  int ends = 0;
};

// One client that has asked, one node that has been asked, and the relay between them.
struct Stage {
  explicit Stage(asio::io_context& context, ClientLimits client_limits = {}, bool deaf = false,
                 const std::string& request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      : io(context), pair(io, client_limits, deaf), door(io), upstream(io.get_executor(), {}) {
    pair.raw->say(request);
    run(io, pair.client->read_request({}));
    connection.emplace(*run(io, upstream.connect(door.address())));
    node = door.next_raw();
    Running asked(io, connection->exchange({.method = "POST", .target = "/api/chat", .fields = {}}, {}, {}));
    node->say(chunked);
    REQUIRE(asked.wait().has_value());
  }
  Running<RelayEnd> relaying(RelayLimits limits = {}) {
    return {io, relay(*pair.client, *connection, {.status = 200, .fields = {{"Content-Type", "application/x-ndjson"}}}, passage, limits)};
  }
  std::string to_client() const {
    const std::size_t head = pair.raw->got.find("\r\n\r\n");
    return head == std::string::npos ? "" : pair.raw->got.substr(head + 4);
  }

  asio::io_context& io;
  Pair pair;
  Door door;
  Upstream upstream;
  std::optional<Connection> connection;
  std::shared_ptr<Raw> node;
  Through passage;
};

}  // namespace

TEST_CASE("each chunk of the node is one chunk for the client, whether it came alone or with others") {
  for (const bool together : {true, false}) {
    asio::io_context io;
    Stage stage(io);
    auto relaying = stage.relaying();
    const std::string bytes = chunk("{\"n\":1}\n") + chunk("{\"n\":2}\n{\"n\":3}\n") + chunk("{\"done\":true}\n") + "0\r\n\r\n";
    if (together) {
      stage.node->say(bytes);
    } else {
      for (const char c : bytes) {
        stage.node->say(std::string(1, c));
        settle(io);
      }
    }
    CHECK(relaying.wait().how == How::whole);
    CHECK(run(io, stage.pair.client->drained()));
    until(io, [&] { return stage.pair.raw->got.ends_with("0\r\n\r\n"); });
    CHECK(stage.to_client() == bytes);
    CHECK(stage.pair.client->reusable());
    CHECK(stage.connection->whole());
    stage.upstream.keep(std::move(*stage.connection));
    CHECK(stage.upstream.idle() == 1);
  }
}

TEST_CASE("only whole lines go on, each as soon as its newline is there") {
  asio::io_context io;
  Stage stage(io);
  auto relaying = stage.relaying();
  stage.node->say(chunk("{\"a\""));
  settle(io);
  CHECK(stage.passage.taken.empty());
  stage.node->say(chunk(":1}\n{\"b\""));
  until(io, [&] { return stage.to_client() == chunk("{\"a\":1}\n"); });
  stage.node->say(chunk(":2}"));
  stage.node->say(chunk("\n"));
  until(io, [&] { return stage.to_client() == chunk("{\"a\":1}\n") + chunk("{\"b\":2}\n"); });
  stage.node->say(chunk("{\"done\":true}\n{\"rest") + "0\r\n\r\n");
  CHECK(relaying.wait().how == How::whole);
  CHECK(stage.passage.rest == "{\"rest");
  CHECK(stage.passage.taken == std::vector<std::string>{"{\"a\":1}\n", "{\"b\":2}\n", "{\"done\":true}\n"});
}

TEST_CASE("a line longer than the limit goes on in parts, byte for byte") {
  asio::io_context io;
  Stage stage(io);
  auto relaying = stage.relaying({.line_limit = 1000});
  std::string line, sent;
  for (int i = 0; i < 50; ++i) {
    const std::string part(99, static_cast<char>('a' + i % 26));
    line += part;
    stage.node->say(chunk(part));
  }
  until(io, [&] { return !stage.passage.taken.empty(); });  // before any newline has come
  stage.node->say(chunk("\n") + chunk("{\"done\":true}\n") + "0\r\n\r\n");
  CHECK(relaying.wait().how == How::whole);
  for (const std::string& part : stage.passage.taken) sent += part;
  CHECK(sent == line + "\n{\"done\":true}\n");
}

TEST_CASE("a node that sends a chunk only after the client has seen the one before never waits for ever") {
  for (const int parts : {1, 2, 3}) {
    asio::io_context io;
    Stage stage(io);
    auto relaying = stage.relaying();
    std::string expected;
    for (int n = 0; n < 300; ++n) {
      const std::string line = "{\"n\":" + std::to_string(n) + "}\n";
      const std::string bytes = chunk(line);
      for (std::size_t from = 0; from < bytes.size(); from += bytes.size() / static_cast<std::size_t>(parts) + 1)
        stage.node->say(bytes.substr(from, bytes.size() / static_cast<std::size_t>(parts) + 1));
      expected += bytes;
      until(io, [&] { return stage.to_client() == expected; });
    }
    stage.node->say(chunk("{\"done\":true}\n") + "0\r\n\r\n");
    CHECK(relaying.wait().how == How::whole);
  }
}

TEST_CASE("when the client leaves, the node's connection is closed without waiting for its next chunk") {
  for (const int way : {0, 1, 2}) {
    for (const bool before_first : {true, false}) {
      asio::io_context io;
      Stage stage(io);
      auto relaying = stage.relaying();
      if (!before_first) {
        stage.node->say(chunk("{\"n\":1}\n"));
        until(io, [&] { return !stage.to_client().empty(); });
      }
      settle(io);
      if (way == 0) stage.pair.raw->close();
      else if (way == 1) stage.pair.raw->half_close();
      else stage.pair.raw->reset();
      until(io, [&] { return stage.node->ended; });  // the node has said nothing since
      CHECK(relaying.wait().how == How::client_left);
      CHECK(stage.upstream.open() == 0);
      CHECK(stage.passage.ends == 0);
    }
  }
}

TEST_CASE("a client that left before the relay began costs the node nothing more") {
  asio::io_context io;
  Stage stage(io);
  stage.pair.raw->close();
  until(io, [&] { return stage.pair.client->gone(); });
  CHECK(stage.relaying().wait().how == How::client_left);
  until(io, [&] { return stage.node->ended; });
}

TEST_CASE("a client that reads nothing does not hold the node back: it ends, and the client gets it all later") {
  asio::io_context io;
  Budget streams(64u << 20);
  Stage stage(io, {}, true);
  auto relaying = stage.relaying({.stream_buffer = 32u << 20, .stream_buffers = &streams});
  std::string all;
  while (all.size() < (16u << 20)) all += chunk("{\"n\":\"" + std::string(all.size() % 5000, 'x') + "\"}\n");
  all += chunk("{\"done\":true}\n") + "0\r\n\r\n";
  stage.node->say(all);
  CHECK(relaying.wait().how == How::whole);
  CHECK(stage.node->writing == 0);
  CHECK(stage.pair.raw->got.empty());
  CHECK(streams.used() == static_cast<Bytes>(stage.pair.client->pending()));
  CHECK(streams.used() > 0);
  CHECK(stage.connection->whole());
  stage.pair.raw->deaf = false;
  stage.pair.raw->listen();
  CHECK(run(io, stage.pair.client->drained()));
  until(io, [&] { return stage.pair.raw->got.size() >= all.size() && stage.pair.raw->got.ends_with("\r\n0\r\n\r\n"); });
  CHECK((stage.to_client() == all));
  CHECK(streams.used() == 0);
  CHECK(stage.pair.client->reusable());
}

TEST_CASE("a client that lags more than stream_buffer is cut, and the node is let go") {
  asio::io_context io;
  Budget streams(64u << 20);
  Stage stage(io, {}, true);
  auto relaying = stage.relaying({.stream_buffer = 256 * 1024, .stream_buffers = &streams});
  const std::string lines = chunk(std::string(4000, 'x') + "\n");
  while (!relaying.done()) {
    if (stage.node->writing == 0) stage.node->say(lines);
    io.restart();
    io.run_one();
  }
  CHECK(relaying.wait().how == How::overflow);
  CHECK(stage.pair.client->gone());
  CHECK(streams.used() == 0);
  until(io, [&] { return stage.node->ended; });
  CHECK(stage.upstream.open() == 0);
  stage.pair.raw->deaf = false;
  stage.pair.raw->listen();
  until(io, [&] { return stage.pair.raw->ended; });
  CHECK_FALSE(stage.pair.raw->got.ends_with("0\r\n\r\n"));
}

TEST_CASE("all streams together lag no more than their budget; what is cut gives its share back") {
  asio::io_context io;
  Budget streams(512 * 1024);
  Stage one(io, {}, true), two(io, {}, true);
  auto first = one.relaying({.stream_buffers = &streams}), second = two.relaying({.stream_buffers = &streams});
  const std::string lines = chunk(std::string(4000, 'x') + "\n");
  while (!first.done() && !second.done()) {
    if (one.node->writing == 0) one.node->say(lines);
    if (two.node->writing == 0) two.node->say(lines);
    io.restart();
    io.run_one();
  }
  CHECK((first.done() ? first : second).wait().how == How::overflow);
  CHECK(streams.used() <= streams.limit());
  one.pair.raw->close();
  two.pair.raw->close();
  first.wait();
  second.wait();
  CHECK(streams.used() == 0);
}

TEST_CASE("a node that is lost in mid-answer: the client gets the closing bytes and then an unclean end") {
  for (const int way : {0, 1, 2}) {
    asio::io_context io;
    Stage stage(io);
    auto relaying = stage.relaying();
    stage.node->say(chunk("{\"n\":1}\n"));
    until(io, [&] { return !stage.to_client().empty(); });
    if (way == 0) stage.node->close();
    else if (way == 1) stage.node->reset();
    else stage.node->say("garbage");
    auto& end = relaying.wait();
    CHECK(end.how == How::node_failed);
    REQUIRE(end.error.has_value());
    CHECK(end.error->what == (way == 2 ? NodeError::What::garbage : NodeError::What::lost));
    CHECK(stage.passage.ends == 1);
    CHECK(stage.passage.lost);
    until(io, [&] { return stage.pair.raw->ended; });
    CHECK(stage.to_client() == chunk("{\"n\":1}\n") + chunk("{\"error\":\"lost\"}\n"));
    CHECK_FALSE(stage.pair.client->reusable());
    CHECK(stage.upstream.open() == 0);
  }
}

TEST_CASE("a clean end without the last line is a failure too") {
  asio::io_context io;
  Stage stage(io);
  auto relaying = stage.relaying();
  stage.node->say(chunk("{\"n\":1}\n") + "0\r\n\r\n");
  auto& end = relaying.wait();
  CHECK(end.how == How::node_failed);
  CHECK_FALSE(end.error.has_value());
  until(io, [&] { return stage.pair.raw->ended; });
  CHECK(stage.to_client().ends_with(chunk("{\"error\":\"lost\"}\n")));
}

TEST_CASE("a node that fails before a byte is due leaves the client untouched, for another answer") {
  for (const int way : {0, 1, 2}) {
    asio::io_context io;
    Stage stage(io);
    stage.passage.silent = true;
    auto relaying = stage.relaying({.between = way == 2 ? Duration(std::chrono::milliseconds(1)) : Duration(std::chrono::hours(1))});
    if (way == 1) stage.node->say(chunk("{\"n\":1}\n") + "0\r\n\r\n");
    if (way == 0) stage.node->close();
    auto& end = relaying.wait();
    CHECK(end.how == How::nothing);
    CHECK(end.error.has_value() == (way != 1));
    if (way == 2) CHECK(end.error->what == NodeError::What::timeout);
    CHECK_FALSE(stage.pair.client->begun());
    stage.pair.client->send({.status = 502, .fields = {}}, "another");
    until(io, [&] { return stage.pair.raw->got.ends_with("another"); });
    CHECK(status_of(stage.pair.raw->got) == 502);
    CHECK(stage.pair.client->reusable());
  }
}

TEST_CASE("an HTTP/1.0 client gets the lines and the end of the connection") {
  asio::io_context io;
  Stage stage(io, {}, false, "GET / HTTP/1.0\r\n\r\n");
  auto relaying = stage.relaying();
  stage.node->say(chunk("{\"n\":1}\n") + chunk("{\"done\":true}\n") + "0\r\n\r\n");
  CHECK(relaying.wait().how == How::whole);
  until(io, [&] { return stage.pair.raw->ended; });
  CHECK(stage.to_client() == "{\"n\":1}\n{\"done\":true}\n");
}

TEST_CASE("whatever happens to a relay, descriptors and budgets return to where they were") {
  asio::io_context io;
  const Socket opener(io.get_executor(), tcp::v4());  // the reactor's own descriptors exist from here on
  const std::size_t files = os::open_files();
  Budget streams(1u << 20);
  for (int fate = 0; fate < 5; ++fate) {
    Stage stage(io);
    auto relaying = stage.relaying({.stream_buffers = &streams});
    stage.node->say(chunk("{\"n\":1}\n"));
    if (fate == 0) stage.node->say(chunk("{\"done\":true}\n") + "0\r\n\r\n");
    if (fate == 1) stage.node->reset();
    if (fate == 2) stage.pair.raw->reset();
    if (fate == 3) stage.pair.client->close();
    if (fate == 4) stage.connection->close();
    relaying.wait();
    CHECK(streams.used() == 0);
    CHECK(stage.pair.bodies.used() == 0);
    stage.pair.raw->close();
    stage.node->close();
    stage.pair.client.reset();
    stage.connection.reset();
    settle(io);
    CHECK(stage.upstream.open() == 0);
  }
  until(io, [&] { return os::open_files() == files; });
}

TEST_CASE("a coroutine in mid-relay may die with its io_context") {
  Budget bodies(1u << 20);
  auto io = std::make_unique<asio::io_context>();
  auto stage = std::make_unique<Stage>(*io);
  auto relaying = std::make_unique<Running<RelayEnd>>(stage->relaying());
  stage->node->say(chunk("{\"n\":1}\n"));
  until(*io, [&] { return !stage->to_client().empty(); });
  CHECK_FALSE(relaying->done());
  stage->pair.raw->close();
  stage->connection.reset();  // closes the node's side under the relay
  CHECK(relaying->wait().how != How::whole);
  stage.reset();
  io.reset();
  CHECK(bodies.used() == 0);
}
