// What the tests of Client say and read.
#pragma once

#include "loopback.hpp"

namespace rr::wire::test {

inline const std::string get = "GET /api/tags HTTP/1.1\r\nHost: localhost\r\n\r\n";

inline std::string post(std::string_view body, std::string_view fields = "") {
  return "POST /api/chat HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

inline ReplyHead ok(Fields fields = {}) { return {.status = 200, .fields = std::move(fields)}; }

inline Received receive(asio::io_context& io, Pair& pair, HeadCheck check = {}) { return run(io, pair.client->read_request(std::move(check))); }

inline std::string body_of(std::string_view reply) { return std::string(reply.substr(reply.find("\r\n\r\n") + 4)); }

}  // namespace rr::wire::test
