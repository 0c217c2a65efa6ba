// One client connection. The same class serves the router, the simulated node and the tests' servers.
//
// One read is always armed on the socket: it is the next request, the pipelined bytes and the vanish detection
// at once. A half-close counts as gone (as nginx and Go do). All calls on the one thread of the io_context.
#pragma once

#include "domain/http.hpp"
#include "domain/refusal.hpp"
#include "wire/block.hpp"
#include "wire/framing.hpp"
#include "wire/net.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <variant>

namespace rr::wire {

struct ClientLimits {
  HeadLimits head;
  std::uint64_t body = 128u << 20;                    // 413 above
  Duration head_time = std::chrono::seconds(10);      // first byte of a request to its last head byte: 408
  Duration idle = std::chrono::seconds(75);           // between requests: closed silently
  Duration body_grace = std::chrono::seconds(10);     // then at least 1 KB/s, else 408
  Duration write_stall = std::chrono::seconds(60);    // no byte taken by the client for so long: cut
  Duration linger = std::chrono::seconds(2);          // after a last answer: what the client still sends is read and dropped
  std::size_t pipelined = 64 * 1024;                  // bytes read ahead of the answer; beyond: reading pauses
};

struct Request {
  RequestHead head{};
  Block body{};            // whole, decoded from chunks if it came so
  bool keep_alive = true;
  bool in_pieces = false;  // the body was not read: it is taken by read_body
  std::optional<std::uint64_t> length{};  // of a body in pieces; nothing: it comes in chunks
};

// What came: a request; a refusal to be answered and then closed; or the end (client gone, idle, shut down).
struct Closed {};
using Received = std::variant<Request, Refusal, Closed>;

// Asked between head and body, before "100 Continue": a refusal answers at once and the body is not read.
// `body_length` is 0 when the body comes in chunks.
using HeadCheck = std::function<std::optional<Refusal>(const RequestHead&, std::uint64_t body_length)>;
// Asked after it: true = this body, of any length, is not held but taken piece by piece.
using InPieces = std::function<bool(const RequestHead&)>;

// Of a body in pieces: so many bytes came, 0 = it has ended; a refusal to be answered and then closed; the client is gone.
using Taken = std::variant<std::size_t, Refusal, Closed>;

class Client {
 public:
  Client(Socket, ClientLimits, Budget& bodies);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();  // closes the socket; pending operations end

  Task<Received> read_request(HeadCheck, InPieces = {});
  // The next bytes of a body in pieces, into memory of the caller. Says "100 Continue" at its first call. An answer sent before
  // the body has ended closes the connection after it.
  Task<Taken> read_body(std::span<char> room);

  // ---- the answer. Nothing here blocks: bytes are queued, tried at once, and written on as the client takes them.
  // A whole message with Content-Length (none for HEAD, 204, 304). `close`: says Connection: close and closes after it.
  void send(ReplyHead, std::string body, bool close = false);
  // A message of unknown length: chunked for HTTP/1.1, close-delimited for 1.0. The head goes out with the first piece.
  void begin(ReplyHead);
  void piece(std::string_view);  // one chunk; empty pieces are skipped
  void finish();                 // the last chunk
  void cut();                    // an unclean end: what is queued goes out, then the connection closes without the last chunk
  void raw(std::string_view);    // bytes as they are (the simulated node's faults)
  void close();                  // at once; RST is not forced
  void reset();                  // at once, with RST (SO_LINGER 0)
  void cork();                   // queue only, until uncork(): several pieces in one write
  void uncork();
  void charge(Budget*);          // the pending bytes of this answer count there; until the next read_request

  bool begun() const;            // an answer's head was queued for the current request
  std::size_t pending() const;   // queued bytes the kernel has not taken
  Task<bool> drained();          // true when nothing is pending; false: gone or stalled
  bool reusable() const;         // the answer was finished cleanly and both sides keep the connection

  // ---- the client's going away. `gone()` stays true. The callback runs once, from the io_context, never from inside a call
  // of this object; the returned guard disarms it. At most a handful at a time.
  bool gone() const;
  class Watch {
   public:
    Watch() = default;
    Watch(Watch&&) noexcept = default;
    Watch& operator=(Watch&&) noexcept = default;
    ~Watch() = default;
   private:
    friend class Client;
    std::shared_ptr<std::function<void()>> call_;
  };
  [[nodiscard]] Watch on_gone(std::function<void()>);

  tcp::endpoint peer() const;
  tcp::endpoint local() const;

  struct State;  // in client.cpp
 private:
  std::shared_ptr<State> state_;  // shared with the pending operations only
};

}  // namespace rr::wire
