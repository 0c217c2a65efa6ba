#include "client_stage.hpp"

#include <doctest/doctest.h>

namespace client_test {

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

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

TEST_CASE("a request that came while another was answered leaves the one behind it whole") {
  asio::io_context io;
  Pair pair(io);
  const auto say = [&](std::string_view body) {
    pair.raw->say(post(body));
    until(io, [&] { return pair.raw->writing == 0; });
    settle(io);  // it is read ahead, and a read for what follows is armed behind it
  };
  const auto answer = [&](std::string_view body) {
    auto received = receive(io, pair);
    REQUIRE(std::holds_alternative<Request>(received));
    CHECK(std::get<Request>(received).body.view() == body);
  };
  say("one");
  answer("one");
  say("two, which is longer");
  pair.client->send(ok(), "");
  answer("two, which is longer");
  say("3");
  pair.client->send(ok(), "");
  answer("3");
  pair.client->send(ok(), "");
  say("four");
  answer("four");
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

}  // namespace client_test
