#include "loopback.hpp"
#include "request_vectors.hpp"

#include <doctest/doctest.h>

#include <random>

namespace framing_table_test {

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

namespace {

// What a Client makes of the bytes that stand on the socket: the status of the refusal, or 200.
Task<int> serve_one(std::shared_ptr<Pair> pair) {
  auto received = co_await pair->client->read_request({});
  if (auto* refusal = std::get_if<Refusal>(&received)) {
    const int status = refusal->status;
    pair->client->send({.status = status, .fields = {}}, refusal->sentence, true);
    co_await pair->client->drained();
    pair->client.reset();
    co_return status;
  }
  if (std::holds_alternative<Closed>(received)) co_return 0;
  pair->client->send({.status = 200, .fields = {}}, "ok");
  co_await pair->client->drained();
  co_return 200;
}

int served(asio::io_context& io, std::shared_ptr<Pair> pair) { return run(io, serve_one(std::move(pair))); }

}  // namespace

TEST_CASE("every request of the table gets its status over a connection, and a refusal is readable and closes it") {
  for (const Vector& vector : request_vectors()) {
    CAPTURE(vector.what);
    asio::io_context io;
    auto pair = std::make_shared<Pair>(io);
    auto raw = pair->raw;
    raw->say(vector.bytes);
    CHECK(served(io, pair) == vector.status);
    if (vector.status == 200) {
      until(io, [&] { return raw->got.ends_with("ok"); });
      CHECK_FALSE(raw->ended);
      CHECK(status_of(raw->got) == 200);
    } else {
      until(io, [&] { return raw->ended; });
      CHECK(raw->why == asio::error::eof);
      CHECK(status_of(raw->got) == vector.status);
      CHECK(raw->got.find("\r\nConnection: close\r\n") != std::string::npos);
    }
    CHECK(pair->bodies.used() == 0);
    raw->close();
    settle(io);
  }
}

TEST_CASE("where the bytes are cut between two segments changes no status") {
  for (const Vector& vector : request_vectors()) {
    const std::size_t size = vector.bytes.size();
    if (size > 1000) continue;
    CAPTURE(vector.what);
    for (std::size_t cut = 1; cut < size; ++cut) {
      CAPTURE(cut);
      asio::io_context io;
      auto pair = std::make_shared<Pair>(io);
      auto raw = pair->raw;
      raw->say(vector.bytes.substr(0, cut));
      int status = -1;
      asio::co_spawn(io.get_executor(), serve_one(pair), [&](std::exception_ptr, int value) { status = value; });
      until(io, [&] { return raw->writing == 0; });
      settle(io);
      if (status < 0) raw->say(vector.bytes.substr(cut));
      until(io, [&] { return status >= 0; });
      CHECK(status == vector.status);
      raw->close();
      settle(io);
    }
  }
}

TEST_CASE("a refused request leaves nothing behind that is served as the next one") {
  for (const char* fields : {"Transfer-Encoding: identity\r\n", "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n", "Content-Length: 003\r\n"}) {
    asio::io_context io;
    auto pair = std::make_shared<Pair>(io);
    auto raw = pair->raw;
    raw->say(with(fields, "GET /api/delete HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(served(io, pair) >= 400);
    until(io, [&] { return raw->ended; });
    CHECK(raw->got.find("HTTP/1.1", 8) == std::string::npos);
  }
}

TEST_CASE("trailers never become header fields") {
  asio::io_context io;
  Pair pair(io);
  pair.raw->say(with("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\nHost: evil\r\nAuthorization: x\r\nConnection: close\r\n\r\n"));
  auto received = run(io, pair.client->read_request({}));
  const Request& request = std::get<Request>(received);
  CHECK(request.body.view() == "abc");
  CHECK(request.keep_alive);
  CHECK(request.head.fields.size() == 2);
  CHECK(find(request.head.fields, "host") == "localhost:8000");
}

TEST_CASE("a head is parsed into method, target, version and fields as they were written") {
  const std::string raw = "POST /role/coder/api/chat?ts=1 HTTP/1.0\r\nhOST: a\r\nX-Agent-Role:  coder \r\nconnection: Keep-Alive\r\n\r\n";
  auto checked = check_request(raw, {});
  REQUIRE(checked.has_value());
  CHECK(checked->head.method == "POST");
  CHECK(checked->head.target == "/role/coder/api/chat?ts=1");
  CHECK(checked->head.version == 10);
  REQUIRE(checked->head.fields.size() == 3);
  CHECK(checked->head.fields[0].name == "hOST");
  CHECK(checked->head.fields[1].value == "coder");
  CHECK(checked->keep_alive);
  CHECK(checked->framing == Framing::none);
}

TEST_CASE("refusals say what is wrong and what to do, and repeat no hostile bytes") {
  auto checked = check_request("GET /a|\x7f HTTP/1.1\r\nHost: a\r\n\r\n", {});
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().code == "bad_request");
  CHECK(checked.error().sentence.find('\x7f') == std::string::npos);
  CHECK(checked.error().side == Side::client);
}

TEST_CASE("mutated heads: what passes has one framing, one Host, clean lines, and every line is one field") {
  std::mt19937 random(20261120);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const std::string pieces[] = {"Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Host: a\r\n", "\r\n", "\n", "\r", " ", "\t", ":",
                                std::string(1, '\0'), "\x80", "%2e", "..", "/", ";", ",", "chunked", "HTTP/1.0", "X: y\r\n", "POST "};
  int passed = 0;
  for (int round = 0; round < 50000; ++round) {
    std::string head = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r\n" +
                       std::string(below(2) ? "Content-Length: 3\r\n" : "Transfer-Encoding: chunked\r\n") + "\r\n";
    for (std::size_t changes = below(4); changes > 0; --changes) {
      const std::size_t at = below(head.size());
      if (below(2)) head.insert(at, pieces[below(std::size(pieces))]);
      else head.erase(at, 1 + below(3));
      if (head.empty()) head = "\r\n";
    }
    const std::size_t end = head_end(head);
    if (end == 0) {
      hopeless(head, {});
      continue;
    }
    const std::string_view raw = std::string_view(head).substr(0, end);
    auto checked = check_request(raw, {});
    CHECK_FALSE((checked && hopeless(raw.substr(0, below(end)), {})));
    if (!checked) continue;
    ++passed;
    std::size_t lines = 0, lengths = 0, encodings = 0, hosts = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '\n') ++lines;
      REQUIRE((raw[i] == '\n') == (i > 0 && raw[i - 1] == '\r'));
      REQUIRE(raw[i] != '\0');
    }
    for (const Field& field : checked->head.fields) {
      lengths += same_name(field.name, "content-length");
      encodings += same_name(field.name, "transfer-encoding");
      hosts += same_name(field.name, "host");
      REQUIRE(raw.find(field.name) != std::string_view::npos);
    }
    REQUIRE(checked->head.fields.size() == lines - 2);
    REQUIRE(lengths + encodings <= 1);
    REQUIRE(hosts <= 1);
    REQUIRE((checked->framing == Framing::chunked) == (encodings == 1));
    REQUIRE(checked->head.target.starts_with('/'));
    REQUIRE(checked->head.target.find("/../") == std::string::npos);
  }
  CHECK(passed > 5000);
}

TEST_CASE("replies of nodes: framing, or a refusal") {
  struct Row {
    const char* bytes;
    bool to_head, good;
    Framing framing;
    std::uint64_t length;
    bool keep_alive;
  };
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, true, Framing::length, 5, true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, true, Framing::none, 0, true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, true, Framing::chunked, 0, true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", false, true, Framing::chunked, 0, false},
      {"HTTP/1.1 200 OK\r\n\r\n", false, true, Framing::until_close, 0, false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", false, true, Framing::length, 5, false},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", false, true, Framing::none, 0, true},
      {"HTTP/1.1 304 Not Modified\r\n\r\n", false, true, Framing::none, 0, true},
      {"HTTP/1.1 100 Continue\r\n\r\n", false, true, Framing::none, 0, true},
      {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", false, true, Framing::none, 0, true},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", false, false, {}, 0, false},
      {"HTTP/1.1 099 Low\r\n\r\n", false, false, {}, 0, false},
      {"HTTP/1.1 999 High\r\n\r\n", false, false, {}, 0, false},
      {"HTTP/1.1 200\r\n\r\n", false, false, {}, 0, false},
      {"HTTP/2 200 OK\r\n\r\n", false, false, {}, 0, false},
      {"ICY 200 OK\r\n\r\n", false, false, {}, 0, false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", false, false, {}, 0, false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", false, false, {}, 0, false},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", false, false, {}, 0, false},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", false, false, {}, 0, false},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, false, {}, 0, false},
      {"HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\n\r\n", false, false, {}, 0, false},
      {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", false, false, {}, 0, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bytes);
    auto reply = check_reply(row.bytes, row.to_head, {});
    REQUIRE(reply.has_value() == row.good);
    if (!row.good) {
      CHECK(reply.error().status == 502);
      continue;
    }
    CHECK(reply->framing == row.framing);
    CHECK(reply->length == row.length);
    CHECK(reply->keep_alive == row.keep_alive);
  }
}

}  // namespace framing_table_test
