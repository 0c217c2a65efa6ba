// A client that has asked, a node that has been asked, and the relay between them.
#pragma once

#include "loopback.hpp"

#include "wire/relay.hpp"

#include <doctest/doctest.h>

namespace rr::wire::test {

using How = RelayEnd::How;

inline const std::string chunked = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";

inline std::string chunk(std::string_view bytes) {
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

// Passes everything on; whole once a line with "done" was seen. Ends a broken answer with an error line, if it began.
struct Through : Passage {
  void take(std::string_view lines, std::string& out) override {
    taken.emplace_back(lines);
    done = done || lines.find("done") != std::string_view::npos;
    if (silent) return;
    out += lines;
    began = true;
  }
  bool end(const std::optional<NodeError>& lost, std::string_view rest, std::string& out) override {
    ++ends;
    this->lost = lost.has_value();
    this->rest = rest;
    if (!lost && done) return true;
    if (began) out += "{\"error\":\"lost\"}\n";
    return false;
  }
  std::vector<std::string> taken;
  std::string rest;
  bool done = false, began = false, lost = false, silent = false;
  int ends = 0;
};

// One client that has asked, one node that has been asked, and the relay between them.
struct RelayStage {
  explicit RelayStage(asio::io_context& context, ClientLimits client_limits = {}, bool deaf = false,
                 const std::string& request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      : io(context), pair(io, client_limits, deaf), door(io), upstream(io.get_executor(), {}) {
    pair.raw->say(request);
    run(io, pair.client->read_request({}));
    connection.emplace(*run(io, upstream.connect(door.address())));
    node = door.next_raw();
    Running asked(io, connection->exchange({.method = "POST", .target = "/api/chat", .fields = {}}, {}, {}));
    node->say(chunked);
    REQUIRE(asked.wait().has_value());
  }
  Running<RelayEnd> relaying(RelayLimits limits = {}) {
    return {io, relay(*pair.client, *connection, {.status = 200, .fields = {{"Content-Type", "application/x-ndjson"}}}, passage, limits)};
  }
  std::string to_client() const {
    const std::size_t head = pair.raw->got.find("\r\n\r\n");
    return head == std::string::npos ? "" : pair.raw->got.substr(head + 4);
  }

  asio::io_context& io;
  Pair pair;
  Door door;
  Upstream upstream;
  std::optional<Connection> connection;
  std::shared_ptr<Raw> node;
  Through passage;
};

}  // namespace rr::wire::test
