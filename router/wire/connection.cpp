#include "wire/connection_state.hpp"
#include "wire/os.hpp"

#include <stdexcept>

namespace rr::wire {

namespace {

// The kernel has given up on the way to the peer; a reset or an end comes from the peer itself.
bool way_gone(error_code ec) {
  return ec == asio::error::timed_out || ec == asio::error::host_unreachable || ec == asio::error::network_unreachable || ec == asio::error::network_down;
}

constexpr std::size_t first_buffer = 16 * 1024, easy_buffer = 64 * 1024, most_buffer = 4u << 20;

}  // namespace

void throw_exception_from_error(const NodeError& error, const boost::source_location&) { throw std::runtime_error(error.sentence); }

// ---- the inside

Connection::State::State(Socket s, const Address& a, const UpstreamLimits& limits, std::shared_ptr<Family> f)
    : socket(std::move(s)), address(a), name(to_text(a)), head_limits(limits.head), family(std::move(f)),
      deadline(socket.get_executor()), heard(std::chrono::steady_clock::now()), in(first_buffer) {
  ++family->open;
  family->members.insert(this);
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  os::watch_peer(socket);
}

Connection::State::~State() {
  close();
  family->members.erase(this);
}

void Connection::State::close() {
  error_code ignored;
  socket.close(ignored);
  deadline.stop();
  if (std::exchange(counted, false)) --family->open;
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
  if (!given_up && (!ec || ec == asio::error::eof)) return {What::lost, name + " closed the connection " + std::string(when)};
  NodeError error{What::lost, name + " was lost " + std::string(when) + ": " + (given_up ? "it does not answer any more" : ec.message())};
  error.link = given_up || way_gone(ec);
  if (error.link && !given_up && family->failed) family->failed(address, error);
  return error;
}

NodeError Connection::State::garbage(std::string_view sentence) {
  close();
  return {NodeError::What::garbage, name + " did not answer as an HTTP server: " + std::string(sentence)};
}

Task<std::optional<NodeError>> Connection::State::fill(Duration between, std::string_view when) {
  if (by_us || timed_out || given_up || !socket.is_open()) co_return lost({}, when);
  patience(between);
  const asio::mutable_buffer room = in.room(easy_buffer, most_buffer);
  auto [ec, n] = co_await socket.async_read_some(room, tuple);
  deadline.off();
  if (ec || by_us || timed_out || given_up) {
    ended = ec == asio::error::eof && !by_us && !timed_out && !given_up;
    NodeError error = lost(ec, when);
    close();
    co_return error;
  }
  heard = std::chrono::steady_clock::now();
  in.added(n, n == room.size());
  co_return std::nullopt;
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

const Address& Connection::address() const { return state_->address; }
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
