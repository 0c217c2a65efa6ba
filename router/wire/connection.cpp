#include "wire/connection_state.hpp"
#include "wire/head_text.hpp"
#include "wire/os.hpp"

#include <span>
#include <stdexcept>

namespace rr::wire {

namespace {

constexpr std::size_t first_buffer = 16 * 1024, easy_buffer = 64 * 1024, most_buffer = 4u << 20;
constexpr int most_interim = 32;  // 1xx replies before the real one

}  // namespace

void throw_exception_from_error(const NodeError& error, const boost::source_location&) { throw std::runtime_error(error.sentence); }

// ---- the inside

Connection::State::State(Socket s, const Address& a, const UpstreamLimits& limits, std::shared_ptr<std::size_t> count)
    : socket(std::move(s)), address(a), name(to_text(a)), head_limits(limits.head), open(std::move(count)),
      deadline(socket.get_executor()), in(first_buffer) {
  ++*open;
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  os::watch_peer(socket);
}

void Connection::State::close() {
  error_code ignored;
  socket.close(ignored);
  deadline.stop();
  if (std::exchange(counted, false)) --*open;
}

void Connection::State::patience(Duration duration) {
  if (duration <= Duration::zero()) deadline.off();
  else deadline.set(shared_from_this(), std::chrono::steady_clock::now() + duration);
}

bool Connection::State::alive() {
  if (!socket.is_open()) return false;
  char byte = 0;
  error_code ec;
  socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, ec);
  return ec == asio::error::would_block || ec == asio::error::try_again;
}

NodeError Connection::State::lost(error_code ec, std::string_view when) const {
  using What = NodeError::What;
  if (by_us) return {What::closed_by_us, "the connection to " + name + " was closed by role-router"};
  if (timed_out) return {What::timeout, name + " sent nothing in time " + std::string(when)};
  if (!ec || ec == asio::error::eof) return {What::lost, name + " closed the connection " + std::string(when)};
  return {What::lost, name + " was lost " + std::string(when) + ": " + ec.message()};
}

NodeError Connection::State::garbage(std::string_view sentence) {
  close();
  return {NodeError::What::garbage, name + " did not answer as an HTTP server: " + std::string(sentence)};
}

Task<std::optional<NodeError>> Connection::State::fill(Duration between, std::string_view when) {
  if (by_us || timed_out || !socket.is_open()) co_return lost({}, when);
  patience(between);
  const asio::mutable_buffer room = in.room(easy_buffer, most_buffer);
  auto [ec, n] = co_await socket.async_read_some(room, tuple);
  deadline.off();
  if (ec || by_us || timed_out) {
    ended = ec == asio::error::eof && !by_us && !timed_out;
    NodeError error = lost(ec, when);
    close();
    co_return error;
  }
  in.added(n, n == room.size());
  co_return std::nullopt;
}

// One gather write, tried at once. While the kernel takes no more, an answer of the node ends the writing.
Task<error_code> Connection::State::write(std::vector<asio::const_buffer> buffers, std::size_t& written) {
  std::size_t first = 0;
  while (first < buffers.size()) {
    error_code ec;
    std::size_t n = socket.write_some(std::span<const asio::const_buffer>(buffers).subspan(first), ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) {
      blocked = true;
      socket.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code failed) {
        if (failed || !self->blocked) return;
        self->early = true;
        error_code ignored;
        self->socket.cancel(ignored);
      });
      auto [stopped] = co_await socket.async_wait(tcp::socket::wait_write, tuple);
      blocked = false;
      error_code ignored;
      socket.cancel(ignored);  // the wait for an answer, if it still stands
      if (early || by_us || timed_out) co_return error_code{};
      if (stopped) co_return stopped;
      continue;
    }
    if (ec) co_return ec;
    written += n;
    for (; first < buffers.size() && n >= buffers[first].size(); ++first) n -= buffers[first].size();
    if (first < buffers.size()) buffers[first] += n;
  }
  co_return error_code{};
}

NodeResult<Piece> Connection::State::give(std::size_t from, std::size_t size, bool chunk_ends) {
  held = from + size;
  return Piece{Piece::Kind::data, in.view().substr(from, size), chunk_ends};
}

std::optional<NodeResult<Piece>> Connection::State::next_chunk() {
  for (;;) {
    const ChunkDecoder::Step step = chunks.next(in.view().substr(scanned));
    if (step.bad) return garbage("its chunked body is malformed");
    if (scanned == 0 && !step.payload.empty()) {  // in front of the payload stands the size only
      in.consume(step.consumed - step.payload.size());
      scanned = step.payload.size();
    } else if (!step.payload.empty()) {
      scanned += step.payload.size();
    } else {
      in.consume(step.consumed);
    }
    if (step.body_ends) {
      whole = true;
      return Piece{Piece::Kind::end, {}, true};
    }
    if (step.chunk_ends || scanned >= most_buffer) return give(0, std::exchange(scanned, 0), step.chunk_ends);
    if (step.consumed == 0) return std::nullopt;
  }
}

std::optional<NodeResult<Piece>> Connection::State::next() {
  in.consume(std::exchange(held, 0));
  if (whole) return Piece{Piece::Kind::end, {}, true};
  switch (framing) {
    case Framing::chunked: return next_chunk();
    case Framing::length:
      if (in.size() == 0) return std::nullopt;
      if (const std::size_t size = std::min<std::uint64_t>(in.size(), left); size > 0) {
        left -= size;
        whole = left == 0;
        return give(0, size, true);
      }
      return std::nullopt;
    case Framing::until_close:
      if (in.size() > 0) return give(0, in.size(), true);
      if (!ended) return std::nullopt;
      break;
    case Framing::none: break;
  }
  whole = true;
  return Piece{Piece::Kind::end, {}, true};
}

// ---- the Connection

Connection::Connection(std::shared_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    if (state_) state_->close();
    state_ = std::move(other.state_);
  }
  return *this;
}

Connection::~Connection() {
  if (state_) state_->close();
}

Task<NodeResult<CheckedReply>> Connection::exchange(RequestHead head, std::span<const std::string_view> body, Duration first_byte) {
  auto s = state_;
  std::size_t length = 0;
  for (const std::string_view piece : body) length += piece.size();
  std::erase_if(head.fields, [](const Field& field) { return same_name(field.name, "host"); });
  head.fields.insert(head.fields.begin(), Field{"Host", s->name});
  std::string text;
  text.reserve(512);
  append_head(text, head);
  if (length > 0 || (head.method != "GET" && head.method != "HEAD")) append_field(text, "Content-Length", std::to_string(length));
  text += "\r\n";
  std::vector<asio::const_buffer> buffers{asio::buffer(text)};
  for (const std::string_view piece : body)
    if (!piece.empty()) buffers.emplace_back(piece.data(), piece.size());

  s->whole = s->odd = s->keep_alive = s->ended = s->early = false;
  s->in.consume(std::exchange(s->held, 0));
  std::size_t written = 0;
  if (s->by_us || !s->socket.is_open()) {
    NodeError error = s->lost({}, "before the request was sent");
    error.nothing_sent = true;
    co_return error;
  }
  s->patience(first_byte);
  const error_code unwritten = co_await s->write(std::move(buffers), written);
  s->odd = written < text.size() + length;  // an answer to half a request: good to read, not to go on with
  const std::string when = written == 0 ? "before the request was sent" : "without an answer";
  const Time asked = std::chrono::steady_clock::now();
  for (int interim = 0;;) {
    const std::string_view bytes = s->in.view();
    const std::string_view start = bytes.substr(0, 7);
    if (start != std::string_view("HTTP/1.").substr(0, start.size())) co_return s->garbage("the reply is not HTTP/1.1");
    if (const std::size_t end = head_end(bytes)) {
      auto reply = check_reply(bytes.substr(0, end), head.method == "HEAD", s->head_limits);
      if (!reply) co_return s->garbage(reply.error().sentence);
      s->in.consume(end);
      if (reply->head.status < 200) {
        if (++interim > most_interim) co_return s->garbage("it sends interim replies without end");
        continue;
      }
      s->framing = reply->framing;
      s->left = reply->length;
      s->chunks = {};
      s->scanned = 0;
      s->keep_alive = reply->keep_alive;
      s->whole = s->framing == Framing::none;
      s->deadline.off();
      co_return std::move(*reply);
    }
    if (bytes.size() > s->head_limits.bytes) co_return s->garbage("the reply's head is too large");
    Duration left = Duration::zero();
    if (first_byte > Duration::zero()) left = std::max<Duration>(first_byte - (std::chrono::steady_clock::now() - asked), std::chrono::milliseconds(1));
    auto trouble = co_await s->fill(left, when);
    if (!trouble) continue;
    if (unwritten && trouble->what == NodeError::What::lost) {
      *trouble = s->lost(unwritten, when);
    }
    trouble->nothing_sent = written == 0;
    co_return std::move(*trouble);
  }
}

std::optional<NodeResult<Piece>> Connection::buffered_piece() { return state_->next(); }

Task<NodeResult<Piece>> Connection::read_piece(Duration between) {
  auto s = state_;
  for (;;) {
    auto piece = s->next();
    if (piece) co_return std::move(*piece);
    auto trouble = co_await s->fill(between, "in the middle of an answer");
    if (!trouble) continue;
    if (s->framing == Framing::until_close && s->ended) continue;
    co_return std::move(*trouble);
  }
}

Task<NodeResult<std::string>> Connection::read_rest(std::size_t most, Duration between) {
  auto s = state_;
  std::string rest;
  const auto too_long = [&] { return s->garbage("its answer is larger than " + std::to_string(most) + " bytes"); };
  if (s->framing == Framing::length) {
    if (s->left > most) co_return too_long();
    rest.reserve(static_cast<std::size_t>(s->left));
  }
  for (;;) {
    auto piece = co_await read_piece(between);
    if (!piece) co_return piece.error();
    if (piece->kind == Piece::Kind::end) co_return std::move(rest);
    if (rest.size() + piece->bytes.size() > most) co_return too_long();
    rest += piece->bytes;
  }
}

bool Connection::whole() const { return state_->whole; }
bool Connection::reused() const { return state_->reused; }

void Connection::close() {
  if (!state_) return;
  state_->by_us = true;
  state_->close();
}

std::function<void()> Connection::closer() {
  return [weak = std::weak_ptr(state_)] {
    auto s = weak.lock();
    if (!s) return;
    s->by_us = true;
    s->close();
  };
}

}  // namespace rr::wire
