#include "loopback.hpp"

#include "wire/os.hpp"

#include <doctest/doctest.h>

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

namespace {

const std::string get = "GET /api/tags HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string post(std::string_view body, std::string_view fields = "") {
  return "POST /api/chat HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

ReplyHead ok(Fields fields = {}) { return {.status = 200, .fields = std::move(fields)}; }

Received receive(asio::io_context& io, Pair& pair, HeadCheck check = {}) { return run(io, pair.client->read_request(std::move(check))); }

std::string body_of(std::string_view reply) { return std::string(reply.substr(reply.find("\r\n\r\n") + 4)); }

}  // namespace

TEST_CASE("a request is read whole and answered with its length, and the connection serves the next") {
  asio::io_context io;
  Pair pair(io);
  for (int round = 0; round < 3; ++round) {
    pair.raw->got.clear();
    pair.raw->say(post("{\"model\":\"a\"}"));
    auto received = receive(io, pair);
    const Request& request = std::get<Request>(received);
    CHECK(request.head.method == "POST");
    CHECK(request.head.target == "/api/chat");
    CHECK(request.body.view() == "{\"model\":\"a\"}");
    CHECK_FALSE(pair.client->begun());
    pair.client->send(ok({{"Content-Type", "text/plain"}}), "hello");
    CHECK(pair.client->begun());
    until(io, [&] { return pair.raw->got.ends_with("hello"); });
    CHECK(pair.raw->got.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: "));
    CHECK(pair.raw->got.find("\r\nContent-Length: 5\r\n\r\nhello") != std::string::npos);
    CHECK(pair.client->reusable());
  }
  CHECK(pair.bodies.used() == 0);
}

TEST_CASE("a body is followed by 64 zero bytes") {
  asio::io_context io;
  Pair pair(io);
  for (const std::size_t size : {1u, 959u, 960u, 961u, 40000u}) {
    pair.raw->say(post(std::string(size, 'x')));
    auto received = receive(io, pair);
    const Request& request = std::get<Request>(received);
    CHECK(request.body.size() == size);
    for (std::size_t i = 0; i < Block::padding; ++i) CHECK(request.body.view().data()[size + i] == '\0');
    pair.client->send(ok(), "");
  }
}

TEST_CASE("pipelined requests are answered one after another, in order") {
  asio::io_context io;
  Pair pair(io);
  pair.raw->say(post("one") + get + post("three"));
  for (const char* body : {"one", "", "three"}) {
    auto received = receive(io, pair);
    CHECK(std::get<Request>(received).body.view() == body);
    pair.client->send(ok(), "<" + std::string(body) + ">");
  }
  until(io, [&] { return pair.raw->got.ends_with("<three>"); });
  CHECK(pair.raw->got.find("<one>") < pair.raw->got.find("<>"));
}

TEST_CASE("what is pipelined beyond the limit waits in the kernel, and is served all the same") {
  asio::io_context io;
  ClientLimits limits;
  limits.pipelined = 4096;
  limits.head.bytes = 2048;
  Pair pair(io, limits);
  std::string all;
  constexpr int count = 20000;
  for (int i = 0; i < count; ++i) all += get;
  pair.raw->say(all);
  for (int i = 0; i < count; ++i) {
    auto received = receive(io, pair);
    REQUIRE(std::holds_alternative<Request>(received));
    pair.client->send(ok(), "");
  }
}

TEST_CASE("a large body is read whole, whatever its segments") {
  asio::io_context io;
  Pair pair(io);
  std::string body;
  for (int i = 0; body.size() < (5u << 20); ++i) body += std::to_string(i) + ",";
  pair.raw->say(post(body));
  {
    auto received = receive(io, pair);
    CHECK((std::get<Request>(received).body.view() == body));
    CHECK(pair.bodies.used() >= static_cast<Bytes>(body.size()));
  }
  CHECK(pair.bodies.used() == 0);
}

TEST_CASE("a chunked upload is decoded into one body") {
  asio::io_context io;
  Pair pair(io);
  std::string body, bytes = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 3000; ++i) {
    const std::string chunk = "chunk " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 100), '.');
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
    bytes += size + chunk + "\r\n";
    body += chunk;
  }
  pair.raw->say(bytes + "0\r\n\r\n" + get);
  {
    auto received = receive(io, pair);
    CHECK((std::get<Request>(received).body.view() == body));
    pair.client->send(ok(), "");
    received = receive(io, pair);
    CHECK(std::get<Request>(received).head.method == "GET");
  }
  CHECK(pair.bodies.used() == 0);
}

TEST_CASE("a body over the limit is 413, by length before it is read and in chunks while it is read") {
  for (const bool chunked : {false, true}) {
    asio::io_context io;
    ClientLimits limits;
    limits.body = 100;
    Pair pair(io, limits);
    if (chunked) pair.raw->say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n" + std::string(128, 'x'));
    else pair.raw->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n");
    auto received = receive(io, pair);
    const Refusal& refusal = std::get<Refusal>(received);
    CHECK(refusal.status == 413);
    CHECK(refusal.sentence.find("100 bytes") != std::string::npos);
    pair.client->send({.status = 413, .fields = {}}, "no");
    CHECK_FALSE(pair.client->reusable());
    until(io, [&] { return pair.raw->ended; });
    CHECK(status_of(pair.raw->got) == 413);
    CHECK(pair.bodies.used() == 0);
  }
}

TEST_CASE("a body for which the budget has no room is 503, and the budget is whole again") {
  asio::io_context io;
  Pair pair(io);
  pair.bodies.limit(3u << 20);
  pair.raw->say(post(std::string(8u << 20, 'x')));
  auto received = receive(io, pair);
  CHECK(std::get<Refusal>(received).status == 503);
  CHECK(std::get<Refusal>(received).code == "bodies_full");
  CHECK(pair.bodies.used() == 0);
}

TEST_CASE("100 Continue comes after the head was checked, and never when the check refuses") {
  for (const bool refuses : {false, true}) {
    asio::io_context io;
    Pair pair(io);
    pair.raw->say("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n");
    int asked = 0;
    std::uint64_t length = 0;
    Running pending(io, pair.client->read_request([&](const RequestHead& head, std::uint64_t body) -> std::optional<Refusal> {
      ++asked;
      length = body;
      CHECK(head.target == "/x");
      if (!refuses) return std::nullopt;
      return Refusal{.code = "no", .status = 403, .sentence = "no"};
    }));
    settle(io);
    if (refuses) {
      until(io, [&] { return pending.done(); });
      CHECK(std::get<Refusal>(pending.wait()).status == 403);
      pair.client->send({.status = 403, .fields = {}}, "no", true);
      until(io, [&] { return pair.raw->ended; });
      CHECK(status_of(pair.raw->got) == 403);
    } else {
      until(io, [&] { return pair.raw->got == "HTTP/1.1 100 Continue\r\n\r\n"; });
      CHECK_FALSE(pending.done());
      pair.raw->say("abc");
      until(io, [&] { return pending.done(); });
      CHECK(std::get<Request>(pending.wait()).body.view() == "abc");
    }
    CHECK(asked == 1);
    CHECK(length == 3);
  }
}

TEST_CASE("a body that comes with its Expect gets no 100 Continue") {
  asio::io_context io;
  Pair pair(io);
  pair.raw->say(post("abc", "Expect: 100-continue\r\n"));
  auto received = receive(io, pair);
  CHECK(std::get<Request>(received).body.view() == "abc");
  pair.client->send(ok(), "x");
  until(io, [&] { return pair.raw->got.ends_with("x"); });
  CHECK(status_of(pair.raw->got) == 200);
}

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

TEST_CASE("a client that leaves, or only half closes, is gone, and who watches hears it once and from the loop") {
  for (const int way : {0, 1, 2}) {
    asio::io_context io;
    Pair pair(io);
    pair.raw->say(get);
    auto received = receive(io, pair);
    int calls = 0, disarmed = 0;
    auto watch = pair.client->on_gone([&] { ++calls; });
    { auto dropped = pair.client->on_gone([&] { ++disarmed; }); }
    settle(io);
    CHECK_FALSE(pair.client->gone());
    if (way == 0) pair.raw->close();
    else if (way == 1) pair.raw->half_close();
    else pair.raw->reset();
    until(io, [&] { return calls > 0; });
    settle(io);
    CHECK(calls == 1);
    CHECK(disarmed == 0);
    CHECK(pair.client->gone());
    int late_calls = 0;
    auto late = pair.client->on_gone([&] { ++late_calls; });
    CHECK(late_calls == 0);
    until(io, [&] { return late_calls == 1; });
    pair.client->piece("x");
    pair.client->send(ok(), "x");
    CHECK(pair.client->pending() == 0);
    CHECK_FALSE(run(io, pair.client->drained()));
    auto next = receive(io, pair);
    CHECK(std::holds_alternative<Closed>(next));
  }
}

TEST_CASE("a client that leaves in the middle of a head or a body ends the reading, and the body's memory is given back") {
  for (const char* begun : {"", "GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc",
                            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
    asio::io_context io;
    Pair pair(io);
    if (*begun) pair.raw->say(begun);
    Running pending(io, pair.client->read_request({}));
    settle(io);
    until(io, [&] { return pair.raw->writing == 0; });
    settle(io);
    CHECK_FALSE(pending.done());
    pair.raw->close();
    until(io, [&] { return pending.done(); });
    CHECK(std::holds_alternative<Closed>(pending.wait()));
    CHECK(pair.bodies.used() == 0);
  }
}

TEST_CASE("close() ends a waiting read_request and tells who watches") {
  asio::io_context io;
  Pair pair(io);
  Running pending(io, pair.client->read_request({}));
    settle(io);
  int calls = 0;
  auto watch = pair.client->on_gone([&] { ++calls; });
  pair.client->close();
  CHECK(calls == 0);
  until(io, [&] { return pending.done() && calls == 1; });
  CHECK(std::holds_alternative<Closed>(pending.wait()));
  until(io, [&] { return pair.raw->ended; });
}

TEST_CASE("limits of time: a head that never ends is 408, an idle connection is closed without a word") {
  for (const bool idle : {false, true}) {
    asio::io_context io;
    ClientLimits limits;
    limits.head_time = limits.idle = std::chrono::milliseconds(1);
    Pair pair(io, limits);
    if (!idle) pair.raw->say("GET / HT");
    until(io, [&] { return pair.raw->writing == 0; });
    settle(io);
    auto received = receive(io, pair);
    if (idle) {
      CHECK(std::holds_alternative<Closed>(received));
      until(io, [&] { return pair.raw->ended; });
      CHECK(pair.raw->got.empty());
    } else {
      CHECK(std::get<Refusal>(received).status == 408);
    }
  }
}

TEST_CASE("a body slower than its grace allows is 408") {
  asio::io_context io;
  ClientLimits limits;
  limits.body_grace = std::chrono::milliseconds(1);
  Pair pair(io, limits);
  pair.raw->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
  auto received = receive(io, pair);
  CHECK(std::get<Refusal>(received).status == 408);
  CHECK(std::get<Refusal>(received).code == "body_too_slow");
  CHECK(pair.bodies.used() == 0);
  pair.client->send({.status = 408, .fields = {}}, "slow");
  until(io, [&] { return pair.raw->ended; });
  CHECK(status_of(pair.raw->got) == 408);
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

TEST_CASE("a refused upload can be read by a client that is still sending") {
  asio::io_context io;
  ClientLimits limits;
  limits.body = 1000;
  limits.linger = std::chrono::hours(1);
  Pair pair(io, limits);
  pair.raw->say(post(std::string(6u << 20, 'x')));
  auto received = receive(io, pair);
  REQUIRE(std::holds_alternative<Refusal>(received));
  pair.client->send({.status = 413, .fields = {}}, "too large", true);
  until(io, [&] { return pair.raw->ended && pair.raw->writing == 0; });
  CHECK(pair.raw->got.ends_with("too large"));
  CHECK(pair.raw->why == asio::error::eof);
  CHECK_FALSE(pair.raw->write_failed);
}

TEST_CASE("raw bytes go out as they are") {
  asio::io_context io;
  Pair pair(io);
  pair.client->raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
  pair.client->close();
  until(io, [&] { return pair.raw->ended; });
  CHECK(pair.raw->got == "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
}

TEST_CASE("a Client may be destroyed at any moment: nothing is left open, nothing is called") {
  asio::io_context io;
  const Socket opener(io.get_executor(), tcp::v4());  // the reactor's own descriptors exist from here on
  const std::size_t files = os::open_files();
  int calls = 0;
  for (int moment = 0; moment < 7; ++moment) {
    Pair pair(io, {}, moment == 4);
    Client::Watch watch = pair.client->on_gone([&] { ++calls; });
    if (moment == 1) pair.raw->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
    if (moment > 1) pair.raw->say(get);
    if (moment > 1) auto received = receive(io, pair);
    if (moment == 3) pair.client->begin(ok());
    if (moment == 4) {
      pair.client->begin(ok());
      while (pair.client->pending() < 100000) pair.client->piece(std::string(100000, 'x'));
    }
    if (moment == 5) pair.client->send(ok(), "x", true);
    if (moment == 6) pair.client->close();
    settle(io);
    if (moment == 6) CHECK(std::exchange(calls, 0) == 1);
    pair.client.reset();
    CHECK(pair.bodies.used() == 0);
    pair.raw->close();
  }
  until(io, [&] { return os::open_files() == files; });
  CHECK(calls == 0);
}

TEST_CASE("an io_context may be destroyed with clients at work") {
  Budget bodies(Bytes{1} << 20);
  {
    asio::io_context io;
    Door door(io);
    auto raw = dial(io, door.port());
    auto client = std::make_shared<Client>(door.next(), ClientLimits{}, bodies);
    raw->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
    asio::co_spawn(io.get_executor(), client->read_request({}), [client](std::exception_ptr, const Received&) {});
    client.reset();
    until(io, [&] { return raw->writing == 0; });
    settle(io);
    CHECK(bodies.used() > 0);
  }
  CHECK(bodies.used() == 0);
}
