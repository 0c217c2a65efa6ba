#include "node_stage.hpp"

#include <doctest/doctest.h>

namespace connection_test {

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

TEST_CASE("a request goes out with the node's own Host and its length, and a reply comes back") {
  NodeStage stage;
  auto ends = stage.pair();
  auto& connection = ends.connection;
  auto& node = ends.node;
  auto asked = ask(stage, connection);
  const std::string expected = "POST /api/chat HTTP/1.1\r\nHost: " + to_text(stage.door.address()) +
                               "\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"model\":\"a\"}";
  until(stage.io, [&] { return node->got.size() >= expected.size(); });
  CHECK(node->got == expected);
  node->say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Node: 1\r\n\r\nhello");
  auto& reply = asked.wait();
  REQUIRE(reply.has_value());
  CHECK(reply->head.status == 200);
  CHECK(find(reply->head.fields, "x-node") == "1");
  auto rest = run(stage.io, connection.read_rest(100, {}));
  REQUIRE(rest.has_value());
  CHECK(*rest == "hello");
  CHECK(connection.whole());
}

TEST_CASE("POST without a body says Content-Length: 0, GET says nothing") {
  for (const std::string method : {"POST", "GET"}) {
    NodeStage stage;
    auto ends = stage.pair();
    auto& connection = ends.connection;
    auto& node = ends.node;
    Running asked(stage.io, connection.exchange({.method = method, .target = "/", .fields = {}}, {}, {}));
    until(stage.io, [&] { return node->got.ends_with("\r\n\r\n"); });
    CHECK((node->got.find("Content-Length: 0") != std::string::npos) == (method == "POST"));
    node->close();
    asked.wait();
  }
}

TEST_CASE("interim replies are skipped") {
  NodeStage stage;
  auto ends = stage.pair();
  auto& connection = ends.connection;
  auto& node = ends.node;
  auto asked = ask(stage, connection);
  node->say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
  settle(stage.io);
  CHECK_FALSE(asked.done());
  node->say("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  CHECK(asked.wait()->head.status == 201);
}

TEST_CASE("every chunk of a node is one piece: several in a segment, or one in several segments") {
  NodeStage stage;
  auto ends = stage.pair();
  auto& connection = ends.connection;
  auto& node = ends.node;
  auto asked = ask(stage, connection);
  node->say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na\n\r\n3\r\nbb\n\r\n1\r\nc\r\n6\r\nddd");
  REQUIRE(asked.wait().has_value());
  for (const char* expected : {"a\n", "bb\n", "c"}) {
    auto piece = connection.buffered_piece();
    REQUIRE(piece.has_value());
    CHECK((*piece)->bytes == expected);
    CHECK((*piece)->chunk_ends);
  }
  CHECK_FALSE(connection.buffered_piece().has_value());
  Running rest(stage.io, connection.read_piece({}));
  settle(stage.io);
  CHECK_FALSE(rest.done());
  node->say("DDD");
  CHECK(rest.wait()->bytes == "dddDDD");
  node->say("\r\n0\r\n\r\n");
  CHECK(run(stage.io, connection.read_piece({}))->kind == Piece::Kind::end);
  CHECK(connection.whole());
}

TEST_CASE("a chunk of megabytes is one piece; one beyond the buffer comes in parts") {
  NodeStage stage;
  auto ends = stage.pair();
  auto& connection = ends.connection;
  auto& node = ends.node;
  auto asked = ask(stage, connection);
  std::string large(3u << 20, 'x'), huge(9u << 20, 'y');
  large[100] = huge[100] = 'z';
  node->say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n300000\r\n" + large + "\r\n900000\r\n" + huge + "\r\n0\r\n\r\n");
  REQUIRE(asked.wait().has_value());
  auto piece = run(stage.io, connection.read_piece({}));
  CHECK((piece->bytes == large));
  CHECK(piece->chunk_ends);
  std::string got;
  int parts = 0;
  for (;;) {
    piece = run(stage.io, connection.read_piece({}));
    REQUIRE(piece.has_value());
    if (piece->kind == Piece::Kind::end) break;
    got += piece->bytes;
    ++parts;
    CHECK(piece->chunk_ends == (got.size() == huge.size()));
  }
  CHECK((got == huge));
  CHECK(parts > 1);
}

TEST_CASE("a reply without a length ends with the connection, which is not kept") {
  NodeStage stage;
  auto ends = stage.pair();
  auto& connection = ends.connection;
  auto& node = ends.node;
  auto asked = ask(stage, connection);
  until(stage.io, [&] { return node->got.ends_with("}"); });
  node->say("HTTP/1.1 200 OK\r\n\r\none ");
  REQUIRE(asked.wait().has_value());
  Running rest(stage.io, connection.read_rest(100, {}));
  node->say("two");
  until(stage.io, [&] { return node->writing == 0; });
  node->close();
  CHECK(*rest.wait() == "one two");
  stage.upstream.keep(std::move(connection));
  CHECK(stage.upstream.open() == 0);
}

TEST_CASE("a large request in many pieces arrives whole") {
  NodeStage stage;
  auto ends = stage.pair();
  auto& connection = ends.connection;
  auto& node = ends.node;
  std::vector<std::string> parts;
  std::string all;
  for (int i = 0; i < 200; ++i) {
    parts.push_back(std::string(static_cast<std::size_t>(i * 997 % 60000), static_cast<char>('a' + i % 26)));
    all += parts.back();
  }
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  Running asked(stage.io, connection.exchange(chat(), views, {}));
  until(stage.io, [&] {
    const std::size_t head = node->got.find("\r\n\r\n");
    return head != std::string::npos && node->got.size() == head + 4 + all.size();
  });
  CHECK((node->got.substr(node->got.find("\r\n\r\n") + 4) == all));
  node->say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(asked.wait().has_value());
}

}  // namespace connection_test
