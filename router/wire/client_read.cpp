// How a Client reads: the one armed read, and read_request on top of it.
#include "wire/client_state.hpp"

namespace rr::wire {

namespace {

constexpr std::size_t whole_at_once = 1u << 20;    // a larger body's memory grows as the bytes come
constexpr std::size_t chunked_buffer = 64 * 1024;
constexpr std::size_t most_lingered = 16u << 20;

Refusal body_too_large(std::uint64_t limit) {
  return clients_fault(413, "body_too_large", "the request's body is larger than " + std::to_string(limit) +
                                       " bytes; send less, or raise limits.body in the YAML");
}

}  // namespace

Refusal bodies_full(const Budget& bodies) {
  Refusal refusal = clients_fault(503, "bodies_full", "the bodies of all running requests already fill " + std::to_string(bodies.limit() >> 20) +
                                               " MiB; ask again in a moment, or raise limits.bodies in the YAML");
  refusal.side = Side::router;
  refusal.retry_after_s = 2;
  return refusal;
}

Refusal body_too_slow(std::uint64_t came) {
  return clients_fault(408, "body_too_slow", "the request's body came too slowly (" + std::to_string(came) + " bytes so far): send it at 1 KB/s or faster");
}

Refusal body_malformed() { return clients_fault(400, "bad_request", "the request's chunked body is malformed"); }

void Client::State::arm() {
  if (reading || gone) return;
  asio::mutable_buffer room;
  direct = body_room > 0 && !lingering;
  if (direct) room = {body.data() + body.size(), body_room};
  else if (lingering) room = in.room(chunked_buffer, chunked_buffer);
  else room = in.room(easy, std::max(limits.pipelined, limits.head.bytes + 1024));
  if (room.size() == 0) return;  // enough was read ahead: paused until read_request takes it
  reading = true;
  const std::size_t asked = room.size();
  socket.async_read_some(room, [self = shared_from_this(), asked](error_code ec, std::size_t n) {
    self->reading = false;
    if (!self->gone && !self->direct && !self->lingering && !ec) self->in.added(n, n == asked);
    self->on_read(ec, n);
  });
}

void Client::State::on_read(error_code ec, std::size_t n) {
  if (gone) return;
  if (ec == asio::error::operation_aborted) return arm();  // by drop_body
  if (ec) return vanish();                                 // end of file, also half of it, or a reset
  if (lingering) {
    lingered += n;
    return lingered > most_lingered ? vanish() : arm();
  }
  if (direct) {
    body.resize(body.size() + n);
    body_room -= n;
  }
  if (reader_waits) reader.cancel();  // it arms the next read itself
  else arm();
}

void Client::State::drop_body() {
  error_code ignored;
  if (reading && direct && body.capacity() > 0) socket.cancel(ignored);  // takes the memory away from the pending read
  body.give_back();
  body_room = 0;
}

void Client::State::begin_request() {
  out.charge(nullptr);
  modern = true;
  head_request = false;
  keep_alive = false;
  closing_wanted = false;
  chunked = no_content = false;
  answer = Answer::none;
  held_head.clear();
  easy = 0;
  rest = {};
}

void Client::State::close_after() {
  closing_wanted = true;
  drop_body();
  arm();
}

Received Client::State::refuse(Refusal refusal) {
  close_after();
  return refusal;
}

Task<bool> Client::State::more(Time due) {
  read_due = due;
  read_late = false;
  schedule();
  arm();
  reader_waits = true;
  reader.expires_at(never);
  co_await reader.async_wait(tuple);
  reader_waits = false;
  read_due = never;
  co_return !read_late && !gone && !lingering;
}

// The head. A result is the end of the attempt; nothing: `request` is filled.
Task<std::optional<Received>> Client::State::read_head(CheckedRequest& request) {
  bool empty_line_skipped = false;
  Time head_due = never;
  for (;;) {
    if (gone || lingering) co_return Closed{};
    std::string_view bytes = in.view();
    if (!empty_line_skipped && bytes.starts_with("\r\n")) {
      in.consume(2);
      empty_line_skipped = true;
      continue;
    }
    if (const std::size_t end = head_end(bytes)) {
      auto checked = check_request(bytes.substr(0, end), limits.head);
      if (!checked) co_return refuse(checked.error());
      request = std::move(*checked);
      in.consume(end);
      co_return std::nullopt;
    }
    const bool half_empty_line = !empty_line_skipped && bytes == "\r";
    if (!half_empty_line) {
      if (auto refusal = hopeless(bytes, limits.head)) co_return refuse(std::move(*refusal));
    }
    const bool idle = bytes.empty();
    const Time now = std::chrono::steady_clock::now();
    if (!idle && head_due == never) head_due = now + limits.head_time;
    const bool came = co_await more(idle ? now + limits.idle : head_due);
    if (came) continue;
    if (!read_late) co_return Closed{};
    if (idle && in.size() == 0) {
      vanish();
      co_return Closed{};
    }
    if (idle) continue;
    co_return refuse(clients_fault(408, "head_too_slow", "the request's head did not come whole in " + to_text(limits.head_time) + ": send it at once"));
  }
}

Task<std::optional<Received>> Client::State::read_length(std::uint64_t length) {
  if (length > limits.body) co_return refuse(body_too_large(limits.body));
  const std::size_t wanted = static_cast<std::size_t>(length);
  body = Block::take(bodies, std::min(wanted, whole_at_once));
  if (body.capacity() == 0) co_return refuse(bodies_full(bodies));
  const Time start = std::chrono::steady_clock::now();
  for (;;) {
    const std::size_t held = std::min({in.size(), wanted - body.size(), body.capacity() - body.size()});
    if (held > 0) {
      std::memcpy(body.data() + body.size(), in.view().data(), held);
      body.resize(body.size() + held);
      in.consume(held);
    }
    if (body.size() == wanted) co_return std::nullopt;
    if (body.size() == body.capacity()) {
      if (!body.grow(std::min(wanted, body.capacity() * 4))) co_return refuse(bodies_full(bodies));
      continue;
    }
    body_room = std::min(wanted, body.capacity()) - body.size();
    const bool came = co_await more(start + limits.body_grace + std::chrono::seconds(body.size() / 1024));
    if (came) continue;
    if (!read_late) co_return Closed{};
    co_return refuse(body_too_slow(body.size()));
  }
}

Task<std::optional<Received>> Client::State::read_chunked() {
  easy = chunked_buffer;
  body = Block::take(bodies, 4 * 1024);
  if (body.capacity() == 0) co_return refuse(bodies_full(bodies));
  const Time start = std::chrono::steady_clock::now();
  ChunkDecoder decoder;
  for (;;) {
    const ChunkDecoder::Step step = decoder.next(in.view());
    if (step.bad) co_return refuse(body_malformed());
    if (const std::size_t size = step.payload.size(); size > 0) {
      if (body.size() + size > limits.body) co_return refuse(body_too_large(limits.body));
      if (body.size() + size > body.capacity() && !body.grow(std::max(body.size() + size, body.capacity() * 2)))
        co_return refuse(bodies_full(bodies));
      std::memcpy(body.data() + body.size(), step.payload.data(), size);
      body.resize(body.size() + size);
    }
    in.consume(step.consumed);
    if (step.body_ends) co_return std::nullopt;
    if (step.consumed > 0) continue;
    const bool came = co_await more(start + limits.body_grace + std::chrono::seconds(body.size() / 1024));
    if (came) continue;
    if (!read_late) co_return Closed{};
    co_return refuse(body_too_slow(body.size()));
  }
}

Task<Received> Client::read_request(HeadCheck check, InPieces in_pieces) {
  auto s = state_;
  if (s->over() || s->answer == State::Answer::begun || s->answer == State::Answer::streaming) co_return Closed{};
  if ((s->answer != State::Answer::none && s->closes()) || s->rest.open) co_return Closed{};
  s->begin_request();
  CheckedRequest checked;
  auto ended = co_await s->read_head(checked);
  if (ended) co_return std::move(*ended);
  s->modern = checked.head.version == 11;
  s->head_request = checked.head.method == "HEAD";
  s->keep_alive = checked.keep_alive;
  if (check) {
    if (auto refusal = check(checked.head, checked.length)) co_return s->refuse(std::move(*refusal));
  }
  if (in_pieces && in_pieces(checked.head)) {
    Request request{.head = std::move(checked.head), .body = {}, .keep_alive = checked.keep_alive, .in_pieces = true};
    if (checked.framing != Framing::chunked) request.length = checked.length;
    s->rest.framing = checked.framing;
    s->rest.left = checked.length;
    s->rest.open = checked.framing != Framing::none;
    s->rest.expects = checked.expects_continue;
    s->easy = chunked_buffer;
    s->arm();
    co_return std::move(request);
  }
  if (checked.expects_continue && checked.length <= s->limits.body && s->in.size() == 0) {
    s->out.append("HTTP/1.1 100 Continue\r\n\r\n");
    s->flush();
  }
  if (checked.framing == Framing::length) ended = co_await s->read_length(checked.length);
  else if (checked.framing == Framing::chunked) ended = co_await s->read_chunked();
  if (ended) co_return std::move(*ended);
  if (s->gone) co_return Closed{};
  Request request{.head = std::move(checked.head), .body = std::move(s->body), .keep_alive = checked.keep_alive};
  s->body_room = 0;
  s->arm();
  co_return std::move(request);
}

}  // namespace rr::wire
