// A router's Upstream and a node that the test plays by hand.
#pragma once

#include "loopback.hpp"

#include <array>

namespace rr::wire::test {

using What = NodeError::What;

// A router's side (Upstream) and a node that a test plays by hand.
struct NodeStage {
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

inline RequestHead chat() { return {.method = "POST", .target = "/api/chat", .fields = {{"Content-Type", "application/json"}}}; }

inline constexpr std::array<std::string_view, 3> pieces{"{\"model\":", "\"a\"", "}"};

inline Running<NodeResult<CheckedReply>> ask(NodeStage& stage, Connection& connection, Duration first_byte = {}) {
  return {stage.io, connection.exchange(chat(), pieces, first_byte)};
}

}  // namespace rr::wire::test
