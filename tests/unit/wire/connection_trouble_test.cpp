#include "node_stage.hpp"

#include <doctest/doctest.h>

namespace connection_trouble_test {

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

TEST_CASE("trouble with a node has its kind, names the address and says whether the request was sent") {
  struct Row {
    const char* reply;
    int then;  // 0 wait, 1 close, 2 reset
    What what;
  };
  const Row rows[] = {
      {"", 1, What::lost},
      {"", 2, What::lost},
      {"HTTP/1.1 200 OK\r\nContent-Le", 1, What::lost},
      {"SSH-2.0-OpenSSH\r\n", 0, What::garbage},
      {"HTTP/1.1 999 Odd\r\n\r\n", 0, What::garbage},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", 0, What::garbage},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 0, What::garbage},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reply);
    NodeStage stage;
    auto ends = stage.pair();
    auto& connection = ends.connection;
    auto& node = ends.node;
    auto asked = ask(stage, connection);
    until(stage.io, [&] { return node->got.ends_with("}"); });
    if (*row.reply) node->say(row.reply);
    until(stage.io, [&] { return node->writing == 0; });
    if (row.then == 1) node->close();
    if (row.then == 2) node->reset();
    const auto& reply = asked.wait();
    REQUIRE(reply.has_error());
    CHECK(reply.error().what == row.what);
    CHECK(reply.error().sentence.find(to_text(stage.door.address())) != std::string::npos);
    CHECK_FALSE(reply.error().nothing_sent);
  }
}

TEST_CASE("a body that breaks off, is malformed or too long is an error, never a whole answer") {
  struct Row {
    const char* reply;
    What what;
  };
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", What::lost},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", What::lost},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", What::lost},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX", What::garbage},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", What::garbage},
      {"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", What::garbage},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3c\r\n123456789 123456789 123456789 123456789 123456789 123456789 \r\n"
       "3c\r\n123456789 123456789 123456789 123456789 123456789 123456789 \r\n0\r\n\r\n", What::garbage},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reply);
    NodeStage stage;
    auto ends = stage.pair();
    auto& connection = ends.connection;
    auto& node = ends.node;
    auto asked = ask(stage, connection);
    node->say(row.reply);
    until(stage.io, [&] { return node->writing == 0; });
    until(stage.io, [&] { return node->got.ends_with("}"); });
    node->close();
    REQUIRE(asked.wait().has_value());
    auto rest = run(stage.io, connection.read_rest(100, {}));
    REQUIRE(rest.has_error());
    CHECK(rest.error().what == row.what);
    CHECK_FALSE(connection.whole());
  }
}

TEST_CASE("silence is a timeout: before the answer, and in the middle of it") {
  NodeStage stage;
  auto ends = stage.pair();
  auto& connection = ends.connection;
  auto& node = ends.node;
  auto asked = ask(stage, connection, std::chrono::milliseconds(1));
  REQUIRE(asked.wait().has_error());
  CHECK(asked.wait().error().what == What::timeout);
  until(stage.io, [&] { return node->ended; });

  auto more = stage.pair();
  auto& second = more.connection;
  auto& other = more.node;
  auto asked_again = ask(stage, second);
  other->say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  REQUIRE(asked_again.wait().has_value());
  auto piece = run(stage.io, second.read_piece(std::chrono::milliseconds(1)));
  REQUIRE(piece.has_error());
  CHECK(piece.error().what == What::timeout);
}

TEST_CASE("close() and closer() end what is running with closed_by_us, and may come at any time") {
  NodeStage stage;
  std::function<void()> later;
  {
    auto ends = stage.pair();
    auto& connection = ends.connection;
    auto& node = ends.node;
    auto asked = ask(stage, connection);
    settle(stage.io);
    connection.closer()();
    REQUIRE(asked.wait().has_error());
    CHECK(asked.wait().error().what == What::closed_by_us);
    until(stage.io, [&] { return node->ended; });
    connection.close();
    later = connection.closer();
  }
  later();
  {
    auto ends = stage.pair();
    auto& connection = ends.connection;
    auto& node = ends.node;
    auto asked = ask(stage, connection);
    node->say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    REQUIRE(asked.wait().has_value());
    Running piece(stage.io, connection.read_piece({}));
    settle(stage.io);
    connection.close();
    REQUIRE(piece.wait().has_error());
    CHECK(piece.wait().error().what == What::closed_by_us);
    auto again = run(stage.io, connection.read_piece({}));
    CHECK(again.error().what == What::closed_by_us);
    auto exchange = run(stage.io, connection.exchange(chat(), {}, {}));
    CHECK(exchange.error().nothing_sent);
  }
  CHECK(stage.upstream.open() == 0);
}

TEST_CASE("a node that answers before it has taken the request is heard, and the connection is not kept") {
  NodeStage stage;
  auto connection = stage.connect(true);
  auto node = std::make_shared<Raw>(stage.door.next());  // reads nothing
  const std::string body(64u << 20, 'x');
  const std::array<std::string_view, 1> one{body};
  Running asked(stage.io, connection->exchange(chat(), one, {}));
  settle(stage.io);
  CHECK_FALSE(asked.done());
  node->say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
  REQUIRE(asked.wait().has_value());
  CHECK(asked.wait()->head.status == 413);
  CHECK(*run(stage.io, connection->read_rest(100, {})) == "no");
  stage.upstream.keep(std::move(*connection));
  CHECK(stage.upstream.open() == 0);
}

TEST_CASE("a node that answers and closes while it is still being written to is heard") {
  NodeStage stage;
  auto connection = stage.connect(true);
  auto node = std::make_shared<Raw>(stage.door.next());
  node->say("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
  until(stage.io, [&] { return node->writing == 0; });
  const std::string body(64u << 20, 'x');
  const std::array<std::string_view, 1> one{body};
  Running asked(stage.io, connection->exchange(chat(), one, {}));
  settle(stage.io);
  node->close();
  REQUIRE(asked.wait().has_value());
  CHECK(asked.wait()->head.status == 400);
}

}  // namespace connection_trouble_test
