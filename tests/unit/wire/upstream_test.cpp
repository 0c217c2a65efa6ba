#include "loopback.hpp"

#include "wire/os.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

namespace {

using What = NodeError::What;

// A router's side (Upstream) and a node that a test plays by hand.
struct Stage {
  asio::io_context io;
  Door door{io};
  Upstream upstream{io.get_executor(), {}};

  NodeResult<Connection> connect(bool fresh = false) { return run(io, upstream.connect(door.address(), {}, fresh)); }

  // A connection and the node's end of it.
  struct Ends {
    Connection connection;
    std::shared_ptr<Raw> node;
  };
  Ends pair() {
    auto connection = connect(true);
    auto node = door.next_raw();
    return {std::move(*connection), node};
  }
};

RequestHead chat() { return {.method = "POST", .target = "/api/chat", .fields = {{"Content-Type", "application/json"}}}; }

constexpr std::array<std::string_view, 3> pieces{"{\"model\":", "\"a\"", "}"};

Running<NodeResult<CheckedReply>> ask(Stage& stage, Connection& connection, Duration first_byte = {}) {
  return {stage.io, connection.exchange(chat(), pieces, first_byte)};
}

}  // namespace

TEST_CASE("a request goes out with the node's own Host and its length, and a reply comes back") {
  Stage stage;
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
    Stage stage;
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

TEST_CASE("a finished connection is kept and used again, and counts return") {
  Stage stage;
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
    Stage stage;
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
  Stage stage;
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
    Stage stage;
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
  Stage stage;  // a reply that was not read to its end
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
  Stage stage;
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

TEST_CASE("interim replies are skipped") {
  Stage stage;
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
  Stage stage;
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
  Stage stage;
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
    Stage stage;
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
    Stage stage;
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

TEST_CASE("a reply without a length ends with the connection, which is not kept") {
  Stage stage;
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

TEST_CASE("a port where nobody listens is refused, and nothing was sent") {
  Stage stage;
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
  Stage stage;
  auto connection = run(stage.io, stage.upstream.connect({"localhost", stage.door.port()}));
  CHECK(connection.has_value());
}

TEST_CASE("silence is a timeout: before the answer, and in the middle of it") {
  Stage stage;
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
  Stage stage;
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

TEST_CASE("a node that answers before it has taken the request is heard, and the connection is not kept") {
  Stage stage;
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
  Stage stage;
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

TEST_CASE("a large request in many pieces arrives whole") {
  Stage stage;
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
