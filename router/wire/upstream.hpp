// Connections to nodes: dial, reuse, ask, read the reply's head and its pieces. One request at a time per connection;
// a connection on which anything was odd is closed, never reused. Never half-closes towards a node (Ollama then never answers).
#pragma once

#include "domain/http.hpp"
#include "domain/values.hpp"
#include "wire/framing.hpp"
#include "wire/net.hpp"

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace rr::wire {

struct NodeError {  // transport trouble, in words that name the address
  enum class What { refused, unreachable, timeout, lost, garbage, closed_by_us } what = What::lost;
  std::string sentence{};       // "127.0.0.1:11434 refused the connection"
  bool nothing_sent = false;  // no byte of the request was written: free to try elsewhere
  bool link = false;          // of lost: the way there is gone, not the program at its end
};
template <class T>
using NodeResult = boost::system::result<T, NodeError>;
[[noreturn]] void throw_exception_from_error(const NodeError&, const boost::source_location&);

struct UpstreamLimits {
  Duration connect = std::chrono::seconds(2);
  Duration idle = std::chrono::seconds(60);   // how long a connection is kept for reuse
  std::size_t idle_per_address = 16;
  HeadLimits head{64 * 1024, 200};
};

struct Piece {
  enum class Kind { data, end } kind = Kind::data;
  std::string_view bytes{};   // valid until the next read; whole chunks, or what came for other framings
  bool chunk_ends = true;   // false: the chunk goes on (it was larger than the buffer)
};

class Connection {
 public:
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();  // closes, unless given back by Upstream::keep

  // verb `exchange`: one gather write of head and pieces (they must live until it returns), then the reply's head; 1xx are skipped.
  // `first_byte` zero = no limit.
  Task<NodeResult<CheckedReply>> exchange(RequestHead, std::span<const std::string_view> body, Duration first_byte);
  // The same in steps, for a body that comes piece by piece: send_head, any number of send_piece, send_end, then reply. Each step
  // waits until the kernel has taken all its bytes, for at most `stall` without a byte; false: the node answers already, or wants
  // no more, and reply() is due. Without a length the body goes in chunks.
  Task<NodeResult<bool>> send_head(RequestHead, std::optional<std::uint64_t> length, Duration stall);
  Task<NodeResult<bool>> send_piece(std::string_view, Duration stall);
  Task<NodeResult<bool>> send_end(Duration stall);
  Task<NodeResult<CheckedReply>> reply(Duration first_byte);
  // The next piece of the reply. Chunk boundaries of the node are kept: each call returns bytes of one chunk only.
  Task<NodeResult<Piece>> read_piece(Duration between);
  // The same without waiting: nothing when no whole piece has been read ahead.
  std::optional<NodeResult<Piece>> buffered_piece();
  // The rest of the body in one string; garbage if longer than `most`.
  Task<NodeResult<std::string>> read_rest(std::size_t most, Duration between);

  const Address& address() const;
  bool whole() const;   // the reply's body was read to its proper end
  bool reused() const;  // came from the pool: a loss before any reply byte may be mere staleness
  // At once; a running exchange or read ends with closed_by_us. Safe to call from Client::on_gone.
  void close();
  std::function<void()> closer();  // the same, safe to keep beyond the connection's life

  struct State;
 private:
  friend class Upstream;
  explicit Connection(std::shared_ptr<State>);
  std::shared_ptr<State> state_;
};

class Upstream {
 public:
  Upstream(Executor, UpstreamLimits);
  ~Upstream();
  // verb `connect`: to the first of a node's addresses that answers (wire/race), each by a live pooled connection (checked by a peek,
  // not when `fresh`) or a new one. TCP_NODELAY, keepalive 5/2/3, user timeout.
  // `stop`: set by the caller; calling it ends the dialling with closed_by_us.
  using OnStop = std::function<void(std::function<void()>)>;
  Task<NodeResult<Connection>> connect(std::vector<Address>, OnStop on_stop = {}, bool fresh = false);
  Task<NodeResult<Connection>> connect(Address, OnStop on_stop = {}, bool fresh = false);
  void keep(Connection);    // back to the pool if it is whole and alive, else closed
  void drop_idle();         // after sleep, on shutdown
  // The link is down: idle connections to it are closed; those that have heard nothing for `quiet` end as lost, with `link`.
  void give_up(const Address&, Duration quiet);
  // Is told each address that did not answer, was overtaken, or was lost with `link`. Called on the loop; may not dial by itself.
  void on_failure(std::function<void(const Address&, const NodeError&)>);
  std::size_t open() const; // connections alive, idle ones included: returns to idle count when nobody asks
  std::size_t idle() const;

  struct State;
 private:
  std::shared_ptr<State> state_;
};

}  // namespace rr::wire
