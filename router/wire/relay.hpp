// A node's streamed reply to a client, as it comes: the node is read at full speed, whole lines go on at once, each chunk
// of the node as one chunk, and a client that reads slowly costs a buffer, never the node's slot.
#pragma once

#include "wire/client.hpp"
#include "wire/upstream.hpp"

namespace rr::wire {

// What becomes of the pieces. Implemented in app/ over api/'s translators.
class Passage {
 public:
  virtual ~Passage() = default;
  // Whole lines (each ends in \n) of one chunk of the node, or, once a single line outgrew `line_limit`, raw parts of it.
  // Appends to `out` what the client gets; nothing = not yet.
  virtual void take(std::string_view lines, std::string& out) = 0;
  // The node's body is over (`lost`: not properly). `rest` is an unfinished line. Appends the closing bytes (or the in-band
  // error) and says whether the answer is whole: false = the client's connection is cut without the last chunk.
  virtual bool end(const std::optional<NodeError>& lost, std::string_view rest, std::string& out) = 0;
};

struct RelayLimits {
  Duration between = std::chrono::minutes(5);
  std::size_t stream_buffer = 8u << 20;   // pending bytes of one stream before it is cut
  std::size_t line_limit = 4u << 20;      // a longer line is passed through in parts
  Budget* stream_buffers = nullptr;       // all streams together; null = no bound
};

struct RelayEnd {
  enum class How { whole, node_failed, client_left, overflow, nothing } how = How::whole;
  // nothing: the node failed before a byte of the answer was due to the client: fail over, or refuse. A head and fillers may have
  // gone out all the same.
  std::optional<NodeError> error{};
};

// verb `relay`. The client's head is queued together with the first bytes of `Passage::take`.
Task<RelayEnd> relay(Client&, Connection& node, ReplyHead to_client, Passage&, RelayLimits);

}  // namespace rr::wire
