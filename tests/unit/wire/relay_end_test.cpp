#include "relay_stage.hpp"

#include "wire/os.hpp"

#include <doctest/doctest.h>

namespace relay_end_test {

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

TEST_CASE("when the client leaves, the node's connection is closed without waiting for its next chunk") {
  for (const int way : {0, 1, 2}) {
    for (const bool before_first : {true, false}) {
      asio::io_context io;
      RelayStage stage(io);
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
  RelayStage stage(io);
  stage.pair.raw->close();
  until(io, [&] { return stage.pair.client->gone(); });
  CHECK(stage.relaying().wait().how == How::client_left);
  until(io, [&] { return stage.node->ended; });
}

TEST_CASE("a client that reads nothing does not hold the node back: it ends, and the client gets it all later") {
  asio::io_context io;
  Budget streams(64u << 20);
  RelayStage stage(io, {}, true);
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
  RelayStage stage(io, {}, true);
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
  RelayStage one(io, {}, true), two(io, {}, true);
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
    RelayStage stage(io);
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
  RelayStage stage(io);
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
    RelayStage stage(io);
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

TEST_CASE("whatever happens to a relay, descriptors and budgets return to where they were") {
  asio::io_context io;
  const Socket opener(io.get_executor(), tcp::v4());  // the reactor's own descriptors exist from here on
  const std::size_t files = os::open_files();
  Budget streams(1u << 20);
  for (int fate = 0; fate < 5; ++fate) {
    RelayStage stage(io);
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

namespace {

// The whole way of one request, as the application goes it: all is owned by the coroutine.
Task<void> whole_way(Socket socket, Address node, Budget& bodies, Budget& streams) {
  auto upstream = std::make_shared<Upstream>(socket.get_executor(), UpstreamLimits{});
  Client client(std::move(socket), {}, bodies);
  auto received = co_await client.read_request({});
  auto connection = co_await upstream->connect(node);
  RequestHead head{.method = "POST", .target = "/api/chat", .fields = {}};
  auto reply = co_await connection->exchange(std::move(head), {}, std::chrono::hours(1));
  Through passage;
  RelayLimits limits;
  limits.stream_buffers = &streams;
  ReplyHead to_client{.status = 200, .fields = {}};
  co_await relay(client, *connection, std::move(to_client), passage, limits);
  co_await client.drained();
}

}  // namespace

TEST_CASE("an io_context may be destroyed at every step of a request's way: nothing stays open, budgets are whole") {
  const std::size_t files = os::open_files();
  Budget bodies(1u << 20), streams(1u << 20);
  std::size_t steps = 0;
  for (bool finished = false; !finished; ++steps) {
    auto io = std::make_unique<asio::io_context>();
    {
      Door clients(*io), nodes(*io);
      auto client = dial(*io, clients.port());
      asio::co_spawn(io->get_executor(), whole_way(clients.next(), nodes.address(), bodies, streams), [&](std::exception_ptr) { finished = true; });
      client->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
      std::shared_ptr<Raw> node;
      nodes.on_next([&](Socket socket) {
        node = std::make_shared<Raw>(std::move(socket));
        node->say(chunked + chunk("{\"n\":1}\n") + chunk("{\"done\":true}\n") + "0\r\n\r\n");
      });
      for (std::size_t step = 0; step < steps && !finished; ++step) io->run_one();
      client->close();
      if (node) node->close();
      client.reset();
      node.reset();
      clients.close();
      nodes.close();
    }
    io.reset();
    CHECK(bodies.used() == 0);
    CHECK(streams.used() == 0);
    CHECK(os::open_files() == files);
  }
  CHECK(steps > 8);
}

}  // namespace relay_end_test
