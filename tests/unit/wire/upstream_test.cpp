#include "node_stage.hpp"

#include "wire/os.hpp"

#include <doctest/doctest.h>

namespace upstream_test {

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

TEST_CASE("a finished connection is kept and used again, and counts return") {
  NodeStage stage;
  auto connection = stage.connect();
  auto node = stage.door.next_raw();
  CHECK_FALSE(connection->reused());
  for (int round = 0; round < 3; ++round) {
    CHECK(stage.upstream.open() == 1);
    auto asked = ask(stage, *connection);
    until(stage.io, [&] { return node->got.ends_with("}"); });
    node->got.clear();
    node->say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    REQUIRE(asked.wait().has_value());
    auto rest = run(stage.io, connection->read_rest(100, {}));
    CHECK(*rest == "hi");
    stage.upstream.keep(std::move(*connection));
    CHECK(stage.upstream.idle() == 1);
    connection = stage.connect();
    CHECK(connection->reused());
    CHECK(stage.upstream.idle() == 0);
  }
  connection->close();
  CHECK(stage.upstream.open() == 0);
  until(stage.io, [&] { return node->ended; });
}

TEST_CASE("a kept connection which the node has closed, or on which it said something, is not used again") {
  for (const int what : {0, 1, 2}) {
    NodeStage stage;
    auto ends = stage.pair();
    auto& connection = ends.connection;
    auto& node = ends.node;
    auto asked = ask(stage, connection);
    node->say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    REQUIRE(asked.wait().has_value());
    stage.upstream.keep(std::move(connection));
    CHECK(stage.upstream.idle() == 1);
    if (what == 0) node->close();
    else if (what == 1) node->reset();
    else node->say("HTTP/1.1 408 Request Timeout\r\n\r\n");
    std::optional<Connection> next;
    until(stage.io, [&] {  // as soon as the word has crossed the loopback
      if (next) stage.upstream.keep(std::move(*next));
      next.emplace(*stage.connect());
      return !next->reused();
    });
    CHECK(stage.upstream.idle() == 0);
    CHECK(stage.upstream.open() == 1);
  }
}

TEST_CASE("a connection that dies between the check and the answer says that it was reused") {
  NodeStage stage;
  auto ends = stage.pair();
  auto& connection = ends.connection;
  auto& node = ends.node;
  auto first = ask(stage, connection);
  node->say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(first.wait().has_value());
  stage.upstream.keep(std::move(connection));
  auto again = stage.connect();
  REQUIRE(again->reused());
  node->close();
  auto asked = ask(stage, *again);
  const auto& reply = asked.wait();
  REQUIRE(reply.has_error());
  CHECK(reply.error().what == What::lost);
}

TEST_CASE("connections that are not to be reused are closed, not kept") {
  const char* replies[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!",                                     // bytes behind the reply
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nHTTP/1.1 ",  // the same
      "HTTP/1.1 204 No Content\r\n\r\nhi",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
      "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
  };
  for (const char* text : replies) {
    CAPTURE(text);
    NodeStage stage;
    auto ends = stage.pair();
    auto& connection = ends.connection;
    auto& node = ends.node;
    auto asked = ask(stage, connection);
    node->say(text);
    REQUIRE(asked.wait().has_value());
    REQUIRE(run(stage.io, connection.read_rest(100, {})).has_value());
    CHECK(connection.whole());
    stage.upstream.keep(std::move(connection));
    CHECK(stage.upstream.idle() == 0);
    CHECK(stage.upstream.open() == 0);
    until(stage.io, [&] { return node->ended; });
  }
  NodeStage stage;  // a reply that was not read to its end
  auto ends = stage.pair();
  auto& connection = ends.connection;
  auto& node = ends.node;
  auto asked = ask(stage, connection);
  node->say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi");
  REQUIRE(asked.wait().has_value());
  stage.upstream.keep(std::move(connection));
  CHECK(stage.upstream.open() == 0);
}

TEST_CASE("only so many idle connections are kept for an address") {
  NodeStage stage;
  std::vector<Connection> connections;
  std::vector<std::shared_ptr<Raw>> nodes;
  for (int i = 0; i < 20; ++i) {
    auto ends = stage.pair();
    auto& connection = ends.connection;
    auto& node = ends.node;
    auto asked = ask(stage, connection);
    node->say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    REQUIRE(asked.wait().has_value());
    connections.push_back(std::move(connection));
    nodes.push_back(node);
  }
  for (Connection& connection : connections) stage.upstream.keep(std::move(connection));
  CHECK(stage.upstream.idle() == 16);
  CHECK(stage.upstream.open() == 16);
  stage.upstream.drop_idle();
  CHECK(stage.upstream.open() == 0);
}

TEST_CASE("a port where nobody listens is refused, and nothing was sent") {
  NodeStage stage;
  const Address address = stage.door.address();
  stage.door.close();
  auto connection = run(stage.io, stage.upstream.connect(address));
  REQUIRE(connection.has_error());
  CHECK(connection.error().what == What::refused);
  CHECK(connection.error().nothing_sent);
  CHECK(connection.error().sentence == to_text(address) + " refused the connection");
  CHECK(stage.upstream.open() == 0);
}

TEST_CASE("a node may be given by name") {
  NodeStage stage;
  auto connection = run(stage.io, stage.upstream.connect({"localhost", stage.door.port()}));
  CHECK(connection.has_value());
}

TEST_CASE("dialling can be ended, and ends by itself in its time") {
  asio::io_context io;
  Acceptor full(io.get_executor());  // a listener whose queue is full: further connects get no answer
  full.open(tcp::v4());
  full.bind({asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  std::vector<std::shared_ptr<Socket>> queued;
  for (int i = 0; i < 16; ++i) {
    queued.push_back(std::make_shared<Socket>(io.get_executor()));
    queued.back()->async_connect(full.local_endpoint(), [](error_code) {});
    settle(io);
  }
  const Address address{"127.0.0.1", full.local_endpoint().port()};
  Upstream patient(io.get_executor(), {.connect = std::chrono::hours(1)});
  std::function<void()> stop;
  Running dialling(io, patient.connect(address, [&stop](std::function<void()> s) { stop = std::move(s); }));
  settle(io);
  CHECK_FALSE(dialling.done());
  REQUIRE(stop);
  stop();
  CHECK(dialling.wait().error().what == What::closed_by_us);
  stop();
  Upstream hasty(io.get_executor(), {.connect = std::chrono::milliseconds(1)});
  auto late = run(io, hasty.connect(address));
  CHECK(late.error().what == What::timeout);
  CHECK(late.error().nothing_sent);
}

TEST_CASE("an Upstream and its connections may be destroyed in any order, also at work") {
  asio::io_context io;
  Door door(io);
  const Socket opener(io.get_executor(), tcp::v4());  // the reactor's own descriptors exist from here on
  const std::size_t files = os::open_files();
  for (int moment = 0; moment < 4; ++moment) {
    auto upstream = std::make_unique<Upstream>(io.get_executor(), UpstreamLimits{});
    std::optional<Connection> connection(*run(io, upstream->connect(door.address())));
    auto node = door.next_raw();
    std::optional<Running<NodeResult<CheckedReply>>> asked;
    if (moment > 0) asked.emplace(io, connection->exchange(chat(), pieces, std::chrono::hours(1)));
    if (moment > 1) {
      node->say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      asked->wait();
    }
    if (moment > 2) upstream->keep(std::move(*connection));
    settle(io);
    if (moment == 0) upstream.reset();
    connection.reset();
    upstream.reset();
    until(io, [&] { return node->ended; });
    node->close();
    settle(io);
    if (asked) CHECK(asked->done());
  }
  until(io, [&] { return os::open_files() == files; });
}

}  // namespace upstream_test
