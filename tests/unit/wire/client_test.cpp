#include "loopback.hpp"

#include <doctest/doctest.h>

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

namespace {

const Request& request(const Received& received) { return std::get<Request>(received); }

const std::string get = "GET /api/tags HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string post(std::string_view body) {
  return "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("a request is read whole and answered with its length, and the connection serves the next") {
  asio::io_context io;
  Pair pair(io);
  for (int round = 0; round < 3; ++round) {
    pair.raw->got.clear();
    pair.raw->say(post("{\"model\":\"a\"}"));
    auto received = run(io, pair.client->read_request({}));
    CHECK(request(received).head.method == "POST");
    CHECK(request(received).head.target == "/api/chat");
    CHECK(request(received).body.view() == "{\"model\":\"a\"}");
    pair.client->send({.status = 200, .fields = {{"Content-Type", "text/plain"}}}, "hello");
    until(io, [&] { return pair.raw->got.ends_with("hello"); });
    CHECK(pair.raw->got.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: "));
    CHECK(pair.raw->got.find("Content-Length: 5\r\n\r\nhello") != std::string::npos);
    CHECK(pair.client->reusable());
  }
  CHECK(pair.bodies.used() == 0);
}
