// The inside of a Client: what its pending operations share. Only client*.cpp include this.
#pragma once

#include "wire/client.hpp"
#include "wire/deadline.hpp"
#include "wire/outbox.hpp"
#include "wire/read_buffer.hpp"

#include <vector>

namespace rr::wire {

Refusal bodies_full(const Budget&);
Refusal body_too_slow(std::uint64_t came);
Refusal body_malformed();

// A body that is taken piece by piece: what of it is still to come.
struct Rest {
  bool open = false, expects = false;         // not at its end; the client waits for "100 Continue"
  Framing framing = Framing::none;
  std::uint64_t left = 0, came = 0;           // left: of Framing::length
  ChunkDecoder chunks{};
  Duration waited{};                          // for the client, in all
};

struct Client::State : std::enable_shared_from_this<Client::State> {
  enum class Answer { none, begun, streaming, finished, cut };

  State(Socket, ClientLimits, Budget&);

  // ---- reading (client_read.cpp)
  void arm();                                 // the one read
  void on_read(error_code, std::size_t);
  Task<bool> more(Time due);                  // waits for bytes; false: gone, or `due` passed
  void begin_request();
  Received refuse(Refusal);
  void close_after();                         // the answer that follows is the last
  std::size_t take_rest(std::span<char> room, bool& bad);
  void drop_body();
  Task<std::optional<Received>> read_head(CheckedRequest&);
  Task<std::optional<Received>> read_length(std::uint64_t length);
  Task<std::optional<Received>> read_chunked();

  // ---- writing (client.cpp)
  void flush();
  void wait_writable();
  void end_answer(Answer);
  void linger();                              // all is written: say so, drain what the client still sends, close
  bool over() const { return gone || lingering || closing; }
  bool bodiless(int status) const { return head_request || status < 200 || status == 204 || status == 304; }
  bool closes() const { return closing_wanted || !keep_alive || rest.open; }
  void append_connection(std::string& head) const;
  void append_held_head();

  // ---- the end
  void vanish();                              // the socket is closed, who waits or watches hears of it
  void release();                             // the Client is destroyed
  void late(Time now);
  void schedule();

  Socket socket;
  ClientLimits limits;
  Budget& bodies;
  tcp::endpoint peer, local;

  Deadline<State> deadline;
  Time read_due = never, write_due = never;
  bool read_late = false;
  Timer reader, drainer;                      // bells: cancelled to wake who waits

  ReadBuffer in;
  std::size_t easy = 0;                       // the buffer grows freely up to this
  bool reading = false, reader_waits = false;
  Block body;
  std::size_t body_room = 0;                  // the next read goes straight into the body, so many bytes at most
  bool direct = false;                        // the armed read does
  Rest rest;

  bool modern = true, head_request = false, keep_alive = true, chunked = false;  // of the request being answered
  Answer answer = Answer::none;
  bool no_content = false;                    // begin() of an answer without a body
  std::string held_head;                      // until the first piece
  Outbox out;
  bool writing = false, corked = false;
  bool closing_wanted = false;                // after this answer
  bool closing = false;                       // as soon as all is written
  bool lingering = false;
  std::size_t lingered = 0;
  bool gone = false;
  std::vector<std::weak_ptr<std::function<void()>>> watchers;
};

}  // namespace rr::wire
