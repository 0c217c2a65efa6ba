// How a Connection asks: the request in one write or in pieces, then the reply's head.
#include "wire/connection_state.hpp"
#include "wire/head_text.hpp"

#include <charconv>
#include <span>

namespace rr::wire {

namespace {

constexpr int most_interim = 32;  // 1xx replies before the real one

}  // namespace

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
      if (early || by_us || timed_out || given_up) co_return error_code{};
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

std::string Connection::State::begin(RequestHead head, std::optional<std::uint64_t> length) {
  std::erase_if(head.fields, [](const Field& field) { return same_name(field.name, "host"); });
  head.fields.insert(head.fields.begin(), Field{"Host", name});
  std::string text;
  text.reserve(512);
  append_head(text, head);
  to_head = head.method == "HEAD";
  in_chunks = !length;
  if (in_chunks) append_field(text, "Transfer-Encoding", "chunked");
  else if (*length > 0 || (head.method != "GET" && !to_head)) append_field(text, "Content-Length", std::to_string(*length));
  text += "\r\n";
  whole = odd = keep_alive = ended = early = false;
  in.consume(std::exchange(held, 0));
  heard = std::chrono::steady_clock::now();
  written = 0;
  unwritten = {};
  return text;
}

NodeError Connection::State::unsent() const {
  NodeError error = lost({}, "before the request was sent");
  error.nothing_sent = true;
  return error;
}

Task<NodeResult<bool>> Connection::State::send(std::vector<asio::const_buffer> buffers, Duration stall) {
  if (by_us || timed_out || given_up || (!socket.is_open() && written == 0)) co_return unsent();
  early = early || unwritten || !alive();
  if (early) {  // an answer to a part of the request: good to read, not to go on with
    odd = true;
    co_return false;
  }
  patience(stall);
  const std::size_t due = written + asio::buffer_size(buffers);
  unwritten = co_await write(std::move(buffers), written);
  deadline.off();
  if (by_us || timed_out || given_up) co_return lost({}, "in the middle of the request");
  odd = written < due;
  co_return !odd;
}

Task<NodeResult<CheckedReply>> Connection::State::read_reply(Duration first_byte) {
  const std::string when = written == 0 ? "before the request was sent" : "without an answer";
  const Time asked = std::chrono::steady_clock::now();
  for (int interim = 0;;) {
    const std::string_view bytes = in.view();
    const std::string_view start = bytes.substr(0, 7);
    if (start != std::string_view("HTTP/1.").substr(0, start.size())) co_return garbage("the reply is not HTTP/1.1");
    if (const std::size_t end = head_end(bytes)) {
      auto reply = check_reply(bytes.substr(0, end), to_head, head_limits);
      if (!reply) co_return garbage(reply.error().sentence);
      in.consume(end);
      if (reply->head.status < 200) {
        if (++interim > most_interim) co_return garbage("it sends interim replies without end");
        continue;
      }
      framing = reply->framing;
      left = reply->length;
      chunks = {};
      scanned = 0;
      keep_alive = reply->keep_alive;
      whole = framing == Framing::none;
      deadline.off();
      co_return std::move(*reply);
    }
    if (bytes.size() > head_limits.bytes) co_return garbage("the reply's head is too large");
    Duration remains = Duration::zero();
    if (first_byte > Duration::zero()) remains = std::max<Duration>(first_byte - (std::chrono::steady_clock::now() - asked), std::chrono::milliseconds(1));
    auto trouble = co_await fill(remains, when);
    if (!trouble) continue;
    if (unwritten && trouble->what == NodeError::What::lost) *trouble = lost(unwritten, when);
    trouble->nothing_sent = written == 0;
    co_return std::move(*trouble);
  }
}

Task<NodeResult<CheckedReply>> Connection::exchange(RequestHead head, std::span<const std::string_view> body, Duration first_byte) {
  auto s = state_;
  std::size_t length = 0;
  for (const std::string_view piece : body) length += piece.size();
  const std::string text = s->begin(std::move(head), length);
  std::vector<asio::const_buffer> buffers{asio::buffer(text)};
  for (const std::string_view piece : body)
    if (!piece.empty()) buffers.emplace_back(piece.data(), piece.size());
  if (s->by_us || !s->socket.is_open()) co_return s->unsent();
  s->patience(first_byte);
  s->unwritten = co_await s->write(std::move(buffers), s->written);
  s->odd = s->written < text.size() + length;  // an answer to half a request: good to read, not to go on with
  auto reply = co_await s->read_reply(first_byte);
  co_return std::move(reply);
}

Task<NodeResult<bool>> Connection::send_head(RequestHead head, std::optional<std::uint64_t> length, Duration stall) {
  auto s = state_;
  const std::string text = s->begin(std::move(head), length);
  std::vector<asio::const_buffer> buffers{asio::buffer(text)};
  auto sent = co_await s->send(std::move(buffers), stall);
  co_return std::move(sent);
}

Task<NodeResult<bool>> Connection::send_piece(std::string_view piece, Duration stall) {
  auto s = state_;
  if (piece.empty()) co_return !s->odd;  // an empty chunk would end the body
  char line[24];
  char* end = std::to_chars(line, line + 20, piece.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  std::vector<asio::const_buffer> buffers;
  if (s->in_chunks) buffers.emplace_back(line, static_cast<std::size_t>(end - line));
  buffers.emplace_back(piece.data(), piece.size());
  if (s->in_chunks) buffers.emplace_back("\r\n", 2);
  auto sent = co_await s->send(std::move(buffers), stall);
  co_return std::move(sent);
}

Task<NodeResult<bool>> Connection::send_end(Duration stall) {
  auto s = state_;
  if (!s->in_chunks) co_return !s->odd;
  std::vector<asio::const_buffer> buffers{asio::const_buffer("0\r\n\r\n", 5)};
  auto sent = co_await s->send(std::move(buffers), stall);
  co_return std::move(sent);
}

Task<NodeResult<CheckedReply>> Connection::reply(Duration first_byte) {
  auto s = state_;
  auto reply = co_await s->read_reply(first_byte);
  co_return std::move(reply);
}

}  // namespace rr::wire
