#include "client_stage.hpp"

#include <doctest/doctest.h>

namespace client_answer_test {

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

TEST_CASE("pieces become chunks; empty ones are skipped; the head goes out with the first") {
  asio::io_context io;
  Pair pair(io);
  pair.raw->say(get);
  auto received = receive(io, pair);
  pair.client->begin(ok({{"Content-Type", "application/x-ndjson"}, {"Content-Length", "99"}}));
  settle(io);
  CHECK(pair.raw->got.empty());
  pair.client->piece("{\"a\":1}\n");
  pair.client->piece("");
  pair.client->piece(std::string(300, 'x'));
  pair.client->finish();
  until(io, [&] { return pair.raw->got.ends_with("0\r\n\r\n"); });
  CHECK(body_of(pair.raw->got) == "8\r\n{\"a\":1}\n\r\n12c\r\n" + std::string(300, 'x') + "\r\n0\r\n\r\n");
  CHECK(pair.raw->got.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(pair.raw->got.find("Content-Length") == std::string::npos);
  CHECK(pair.client->reusable());
}

TEST_CASE("an HTTP/1.0 client gets plain bytes and the end of the connection") {
  asio::io_context io;
  Pair pair(io);
  pair.raw->say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  auto received = receive(io, pair);
  pair.client->begin(ok());
  pair.client->piece("one\n");
  pair.client->piece("two\n");
  pair.client->finish();
  CHECK_FALSE(pair.client->reusable());
  until(io, [&] { return pair.raw->ended; });
  CHECK(pair.raw->why == asio::error::eof);
  CHECK(body_of(pair.raw->got) == "one\ntwo\n");
  CHECK(pair.raw->got.find("Connection: close\r\n") != std::string::npos);
  CHECK(pair.raw->got.find("chunked") == std::string::npos);
}

TEST_CASE("an HTTP/1.0 client that asks for keep-alive gets it with a length, and is closed without") {
  for (const bool keep : {true, false}) {
    asio::io_context io;
    Pair pair(io);
    pair.raw->say(keep ? "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" : "GET / HTTP/1.0\r\n\r\n");
    auto received = receive(io, pair);
    CHECK(std::get<Request>(received).keep_alive == keep);
    pair.client->send(ok(), "hi");
    CHECK(pair.client->reusable() == keep);
    if (keep) until(io, [&] { return pair.raw->got.ends_with("hi"); });
    else until(io, [&] { return pair.raw->ended; });
    CHECK((pair.raw->got.find(keep ? "Connection: keep-alive\r\n" : "Connection: close\r\n") != std::string::npos));
  }
}

TEST_CASE("HEAD, 204 and 304 have no body") {
  asio::io_context io;
  Pair pair(io);
  const auto answered = [&](const std::string& method, int status, const std::string& body) {
    pair.raw->got.clear();
    pair.raw->say(method + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    auto received = receive(io, pair);
    pair.client->send({.status = status, .fields = {}}, body);
    until(io, [&] { return pair.raw->got.find("\r\n\r\n") != std::string::npos; });
    settle(io);
    return pair.raw->got;
  };
  const std::string head = answered("HEAD", 200, "Ollama is running");
  CHECK(head.find("Content-Length: 17\r\n") != std::string::npos);
  CHECK(body_of(head).empty());
  CHECK(answered("HEAD", 200, "").find("Content-Length") == std::string::npos);
  const std::string none = answered("GET", 204, "x");
  CHECK(none.find("Content-Length") == std::string::npos);
  CHECK(body_of(none).empty());
  CHECK(body_of(answered("GET", 304, "x")).empty());
  pair.raw->got.clear();
  pair.raw->say("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  auto received = receive(io, pair);
  pair.client->begin(ok());
  pair.client->piece("x");
  pair.client->finish();
  until(io, [&] { return pair.raw->got.ends_with("\r\n\r\n"); });
  CHECK(body_of(pair.raw->got).empty());
  CHECK(pair.client->reusable());
}

TEST_CASE("a client that takes nothing of its answer for write_stall is cut") {
  asio::io_context io;
  ClientLimits limits;
  limits.write_stall = std::chrono::milliseconds(1);
  Pair pair(io, limits, true);
  pair.raw->say(get);
  auto received = receive(io, pair);
  pair.client->begin(ok());
  while (pair.client->pending() == 0) pair.client->piece(std::string(100000, 'x'));
  CHECK_FALSE(run(io, pair.client->drained()));
  CHECK(pair.client->gone());
}

TEST_CASE("an answer larger than the kernel's buffers goes out whole as the client takes it") {
  asio::io_context io;
  Pair pair(io, {}, true);
  pair.raw->say(get);
  auto received = receive(io, pair);
  pair.client->begin(ok());
  std::string all;
  while (pair.client->pending() < (1u << 20)) {
    const std::string piece = "line " + std::to_string(all.size()) + std::string(9000, 'x') + "\n";
    pair.client->piece(piece);
    all += piece;
  }
  pair.client->finish();
  CHECK_FALSE(pair.raw->ended);
  pair.raw->deaf = false;
  pair.raw->listen();
  CHECK(run(io, pair.client->drained()));
  CHECK(pair.client->pending() == 0);
  until(io, [&] { return pair.raw->got.ends_with("\r\n0\r\n\r\n"); });
  std::string decoded;
  ChunkDecoder decoder;
  for (std::string_view in = std::string_view(pair.raw->got).substr(pair.raw->got.find("\r\n\r\n") + 4);;) {
    const auto step = decoder.next(in);
    in.remove_prefix(step.consumed);
    decoded += step.payload;
    if (step.body_ends) break;
    REQUIRE_FALSE(step.bad);
  }
  CHECK((decoded == all));
}

TEST_CASE("several corked pieces leave in one write") {
  asio::io_context io;
  Pair pair(io);
  pair.raw->say(get);
  auto received = receive(io, pair);
  pair.client->cork();
  pair.client->begin(ok());
  for (int i = 0; i < 5; ++i) pair.client->piece("abc\n");
  settle(io);
  CHECK(pair.raw->got.empty());
  CHECK(pair.client->pending() > 0);
  pair.client->uncork();
  CHECK(pair.client->pending() == 0);
  until(io, [&] { return pair.raw->got.size() > 5 * 9; });
}

TEST_CASE("cut() sends what is queued and closes without the last chunk; reset() and close() end at once") {
  for (const int way : {0, 1, 2}) {
    asio::io_context io;
    Pair pair(io);
    pair.raw->say(get);
    auto received = receive(io, pair);
    pair.client->begin(ok());
    pair.client->piece("{\"error\":\"x\"}\n");
    if (way == 0) pair.client->cut();
    else if (way == 1) pair.client->reset();
    else pair.client->close();
    CHECK_FALSE(pair.client->reusable());
    until(io, [&] { return pair.raw->ended; });
    if (way == 1) CHECK(pair.raw->why == asio::error::connection_reset);
    else CHECK(pair.raw->why == asio::error::eof);
    if (way == 0) CHECK(body_of(pair.raw->got) == "e\r\n{\"error\":\"x\"}\n\r\n");
    auto next = receive(io, pair);
    CHECK(std::holds_alternative<Closed>(next));
  }
}

TEST_CASE("raw bytes go out as they are") {
  asio::io_context io;
  Pair pair(io);
  pair.client->raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
  pair.client->close();
  until(io, [&] { return pair.raw->ended; });
  CHECK(pair.raw->got == "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
}

}  // namespace client_answer_test
