// The inside of a Connection: what its pending operations and the pool share. Only connection.cpp, exchange.cpp and upstream.cpp include this.
#pragma once

#include "wire/deadline.hpp"
#include "wire/read_buffer.hpp"
#include "wire/upstream.hpp"

#include <set>

namespace rr::wire {

struct Family {                         // the connections of one Upstream
  std::size_t open = 0;
  std::set<Connection::State*> members{};
  std::function<void(const Address&, const NodeError&)> failed{};
};

struct Connection::State : std::enable_shared_from_this<Connection::State> {
  State(Socket, const Address&, const UpstreamLimits&, std::shared_ptr<Family>);
  ~State();

  void close();                         // the socket; counted once
  void late(Time) {                     // of Deadline
    timed_out = true;
    close();
  }
  void patience(Duration);              // zero: none
  bool alive();                         // by a peek: open, nothing to read
  bool reusable() const { return whole && keep_alive && !odd && socket.is_open() && in.size() == held; }
  NodeError lost(error_code, std::string_view when) const;
  void give_up() {                      // the link is down
    given_up = true;
    close();
  }
  NodeError garbage(std::string_view sentence);

  Task<std::optional<NodeError>> fill(Duration between, std::string_view when);  // reads some more
  Task<error_code> write(std::vector<asio::const_buffer>, std::size_t& written); // ends early when the node answers
  std::string begin(RequestHead, std::optional<std::uint64_t> length);           // the head's text; forgets the last exchange
  NodeError unsent() const;                                                      // the connection had ended before
  Task<NodeResult<bool>> send(std::vector<asio::const_buffer>, Duration stall);  // one step of a body in pieces
  Task<NodeResult<CheckedReply>> read_reply(Duration first_byte);
  std::optional<NodeResult<Piece>> next();                                       // from what is buffered
  NodeResult<Piece> give(std::size_t from, std::size_t size, bool chunk_ends);
  std::optional<NodeResult<Piece>> next_chunk();

  Socket socket;
  Address address;
  std::string name;                     // "127.0.0.1:11434"
  HeadLimits head_limits;
  std::shared_ptr<Family> family;
  bool counted = true;
  Deadline<State> deadline;
  bool by_us = false, timed_out = false, given_up = false;
  Time heard;                           // a byte of the node
  bool blocked = false, early = false;  // the kernel takes no more of the request; the node answers meanwhile
  bool to_head = false, in_chunks = false;  // the request: HEAD; its body in chunks
  std::size_t written = 0;              // bytes of the request
  error_code unwritten;                 // what ended the writing

  ReadBuffer in;
  std::size_t held = 0;                 // in front of `in`: the piece given last
  bool reused = false, whole = false, odd = false, keep_alive = false;
  Framing framing = Framing::none;
  std::uint64_t left = 0;               // of Framing::length
  ChunkDecoder chunks;
  std::size_t scanned = 0;              // bytes of `in` behind `held` that the decoder has seen: payload of one chunk
  bool ended = false;                   // until_close: end of file was read
};

}  // namespace rr::wire
