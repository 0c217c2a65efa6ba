// A body that is taken piece by piece from a client, and one that is sent piece by piece to a node.
#include "client_stage.hpp"
#include "node_stage.hpp"

#include <doctest/doctest.h>

namespace body_pieces_test {

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

namespace {

const std::string upload = "POST /api/blobs/x HTTP/1.1\r\nHost: localhost\r\n";

Received receive_pieces(asio::io_context& io, Pair& pair) {
  return run(io, pair.client->read_request({}, [](const RequestHead& head) { return head.target == "/api/blobs/x"; }));
}

// All of the body, through a window of `room` bytes; "" and a note when it ends otherwise.
struct Whole {
  std::string body;
  std::optional<Refusal> refusal;
  bool closed = false;
};
Task<Whole> take_all(Client& client, std::size_t room) {
  Whole whole;
  std::string window(room, '\0');
  for (;;) {
    const std::span<char> into(window.data(), window.size());
    Taken taken = co_await client.read_body(into);
    if (auto* refusal = std::get_if<Refusal>(&taken)) whole.refusal = std::move(*refusal);
    whole.closed = std::holds_alternative<Closed>(taken);
    const auto* n = std::get_if<std::size_t>(&taken);
    if (!n || *n == 0) co_return std::move(whole);
    whole.body.append(window, 0, *n);
  }
}

std::string pattern(std::size_t size) {
  std::string out;
  while (out.size() < size) out += std::to_string(out.size()) + ",";
  out.resize(size);
  return out;
}

std::string in_chunks(const std::string& body, std::size_t size) {
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += size) {
    char line[24];
    const std::string chunk = body.substr(at, size);
    std::snprintf(line, sizeof line, "%zx\r\n", chunk.size());
    out += line + chunk + "\r\n";
  }
  return out + "0\r\n\r\n";
}

}  // namespace

TEST_CASE("a body in pieces comes whole, with a length or in chunks, far beyond limits.body, and the next request follows it") {
  for (const bool chunked : {false, true}) {
    for (const std::size_t room : {1u, 7u, 4096u, 65536u}) {
      CAPTURE(chunked);
      CAPTURE(room);
      asio::io_context io;
      ClientLimits limits;
      limits.body = 10;
      Pair pair(io, limits);
      const std::string body = pattern(room < 4096 ? 20000 : 3000000);
      pair.raw->say(upload + (chunked ? "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(body, 1000)
                                      : "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body) + get);
      auto received = receive_pieces(io, pair);
      const Request& request = std::get<Request>(received);
      CHECK(request.in_pieces);
      CHECK(request.body.size() == 0);
      CHECK(request.length == (chunked ? std::nullopt : std::optional<std::uint64_t>(body.size())));
      const Whole whole = run(io, take_all(*pair.client, room));
      CHECK(whole.body == body);
      CHECK_FALSE(whole.refusal);
      CHECK_FALSE(whole.closed);
      CHECK(pair.bodies.used() == 0);
      pair.client->send(ok(), "");
      CHECK(pair.client->reusable());
      auto next = receive_pieces(io, pair);
      CHECK(std::get<Request>(next).head.target == "/api/tags");
      CHECK_FALSE(std::get<Request>(next).in_pieces);
    }
  }
}

TEST_CASE("a request without a body has no pieces, and an empty one has none") {
  for (const char* fields : {"\r\n", "Content-Length: 0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    asio::io_context io;
    Pair pair(io);
    pair.raw->say(upload + fields);
    auto received = receive_pieces(io, pair);
    CHECK(std::get<Request>(received).in_pieces);
    CHECK(run(io, take_all(*pair.client, 100)).body.empty());
    pair.client->send(ok(), "");
    CHECK(pair.client->reusable());
  }
}

TEST_CASE("who takes nothing holds the sender back: what is read ahead stays below the limit") {
  asio::io_context io;
  Pair pair(io);
  const std::size_t size = 64u << 20;
  pair.raw->say(upload + "Content-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x'));
  auto received = receive_pieces(io, pair);
  settle(io);
  CHECK(pair.raw->writing == 1);  // it cannot send on
  CHECK(pair.bodies.used() == 0);
  CHECK(run(io, take_all(*pair.client, 65536)).body.size() == size);
  CHECK(pair.raw->writing == 0);
}

TEST_CASE("100 Continue is said when the body is first wanted, and not when it is refused before") {
  asio::io_context io;
  Pair pair(io);
  const std::string head = upload + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  pair.raw->say(head);
  auto received = receive_pieces(io, pair);
  settle(io);
  CHECK(pair.raw->got.empty());
  Running taking(io, take_all(*pair.client, 10));
  until(io, [&] { return pair.raw->got == "HTTP/1.1 100 Continue\r\n\r\n"; });
  pair.raw->say("abc");
  CHECK(taking.wait().body == "abc");
  pair.raw->got.clear();
  pair.client->send(ok(), "taken");
  until(io, [&] { return pair.raw->got.ends_with("taken"); });
  pair.raw->got.clear();
  pair.raw->say(head);
  auto second = receive_pieces(io, pair);
  pair.client->send({.status = 404}, "no");
  until(io, [&] { return pair.raw->ended; });
  CHECK(pair.raw->got.starts_with("HTTP/1.1 404 "));
  CHECK(pair.raw->got.find("100 Continue") == std::string::npos);
}

TEST_CASE("an answer before the body's end closes the connection: what follows is never read as a request") {
  asio::io_context io;
  Pair pair(io);
  pair.raw->say(upload + "Content-Length: 1000\r\n\r\nabc");
  auto received = receive_pieces(io, pair);
  char room[2];
  CHECK(std::get<std::size_t>(run(io, pair.client->read_body(room))) == 2);
  pair.client->send(ok(), "exists");
  CHECK_FALSE(pair.client->reusable());
  pair.raw->say(get);
  auto next = receive_pieces(io, pair);
  CHECK(std::holds_alternative<Closed>(next));
  until(io, [&] { return pair.raw->ended; });
  CHECK(pair.raw->got.find("Connection: close\r\n") != std::string::npos);
  CHECK(pair.raw->got.ends_with("exists"));
}

TEST_CASE("malformed chunks of a body in pieces are a 400, and a client that leaves in its middle is gone") {
  {
    asio::io_context io;
    Pair pair(io);
    pair.raw->say(upload + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcX");
    auto received = receive_pieces(io, pair);
    const Whole whole = run(io, take_all(*pair.client, 100));
    REQUIRE(whole.refusal);
    CHECK(whole.refusal->status == 400);
    pair.client->send(ok(), "");
    CHECK_FALSE(pair.client->reusable());
  }
  for (const char* fields : {"Content-Length: 1000\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
    asio::io_context io;
    Pair pair(io);
    pair.raw->say(upload + fields);
    auto received = receive_pieces(io, pair);
    Running taking(io, take_all(*pair.client, 100));
    settle(io);
    CHECK_FALSE(taking.done());
    pair.raw->close();
    CHECK(taking.wait().closed);
  }
}

TEST_CASE("a body in pieces that comes too slowly is a 408 that says how much came") {
  asio::io_context io;
  ClientLimits limits;
  limits.body_grace = std::chrono::milliseconds(1);
  Pair pair(io, limits);
  pair.raw->say(upload + "Content-Length: 1000\r\n\r\nabc");
  auto received = receive_pieces(io, pair);
  const Whole whole = run(io, take_all(*pair.client, 100));
  REQUIRE(whole.refusal);
  CHECK(whole.refusal->code == "body_too_slow");
  CHECK(whole.refusal->sentence.find("3 bytes so far") != std::string::npos);
}

namespace {

RequestHead blob() { return {.method = "POST", .target = "/api/blobs/x", .fields = {}}; }

Task<NodeResult<bool>> send_all(Connection& connection, std::optional<std::uint64_t> length, std::vector<std::string> parts) {
  auto sent = co_await connection.send_head(blob(), length, {});
  for (const std::string& part : parts)
    if (sent && *sent) sent = co_await connection.send_piece(part, {});
  if (sent && *sent) sent = co_await connection.send_end({});
  co_return std::move(sent);
}

const std::string created = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

}  // namespace

TEST_CASE("a request in pieces reaches the node with its length, or in chunks, and the connection serves the next") {
  NodeStage stage;
  auto ends = stage.pair();
  auto sent = run(stage.io, send_all(ends.connection, 6, {"abc", "", "def"}));
  CHECK(sent.value());
  until(stage.io, [&] { return ends.node->got.ends_with("\r\n\r\nabcdef"); });
  CHECK(ends.node->got.find("\r\nContent-Length: 6\r\n") != std::string::npos);
  ends.node->say(created);
  CHECK(run(stage.io, ends.connection.reply({}))->head.status == 201);
  CHECK(ends.connection.whole());

  ends.node->got.clear();
  sent = run(stage.io, send_all(ends.connection, std::nullopt, {"abc", "", std::string(20, 'd')}));
  CHECK(sent.value());
  until(stage.io, [&] { return ends.node->got.ends_with("\r\n\r\n3\r\nabc\r\n14\r\n" + std::string(20, 'd') + "\r\n0\r\n\r\n"); });
  CHECK(ends.node->got.find("Content-Length") == std::string::npos);
  ends.node->say(created);
  CHECK(run(stage.io, ends.connection.reply({}))->head.status == 201);
  stage.upstream.keep(std::move(ends.connection));
  CHECK(stage.upstream.idle() == 1);
}

TEST_CASE("a node that answers in the middle is heard, no more is sent to it, and its connection is not used again") {
  for (const bool closes : {false, true}) {
    NodeStage stage;
    auto ends = stage.pair();
    CHECK(run(stage.io, ends.connection.send_head(blob(), 1u << 30, {})).value());
    CHECK(run(stage.io, ends.connection.send_piece("abc", {})).value());
    until(stage.io, [&] { return ends.node->got.ends_with("abc"); });
    ends.node->say("HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad");
    until(stage.io, [&] { return ends.node->writing == 0; });
    if (closes) ends.node->half_close();
    CHECK_FALSE(run(stage.io, ends.connection.send_piece("more", {})).value());
    CHECK_FALSE(run(stage.io, ends.connection.send_piece("and more", {})).value());
    CHECK(run(stage.io, ends.connection.reply({}))->head.status == 400);
    CHECK(run(stage.io, ends.connection.read_rest(100, {})).value() == "bad");
    settle(stage.io);
    CHECK(ends.node->got.ends_with("abc"));
    stage.upstream.keep(std::move(ends.connection));
    CHECK(stage.upstream.idle() == 0);
  }
}

TEST_CASE("while the node takes nothing the sender waits; an answer, a closing of ours and the time end the waiting") {
  const std::string large(64u << 20, 'x');
  for (const int way : {0, 1, 2, 3}) {
    CAPTURE(way);
    NodeStage stage;
    auto connection = stage.connect(true);
    Raw node(stage.door.next());  // it never reads
    CHECK(run(stage.io, connection->send_head(blob(), large.size(), {})).value());
    Running sending(stage.io, connection->send_piece(large, way == 3 ? Duration(std::chrono::milliseconds(1)) : Duration{}));
    settle(stage.io);
    if (way != 3) CHECK_FALSE(sending.done());
    const std::string full = "HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n";
    if (way == 0) asio::write(node.socket, asio::buffer(full));
    if (way == 1) connection->close();
    if (way == 2) node.reset();
    const auto& sent = sending.wait();
    if (way == 0) {
      CHECK_FALSE(sent.value());
      CHECK(run(stage.io, connection->reply({}))->head.status == 507);
    } else if (way == 2) {
      if (sent) CHECK(run(stage.io, connection->reply({})).error().what == What::lost);
    } else {
      REQUIRE(sent.has_error());
      CHECK(sent.error().what == (way == 1 ? What::closed_by_us : What::timeout));
    }
  }
}

}  // namespace body_pieces_test
