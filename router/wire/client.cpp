#include "wire/client_state.hpp"
#include "wire/head_text.hpp"

#include <boost/asio/post.hpp>

#include <charconv>
#include <span>

namespace rr::wire {

namespace {

constexpr std::size_t first_request = 2 * 1024;

void call_later(const Executor& executor, const std::weak_ptr<std::function<void()>>& watcher) {
  asio::post(executor, [watcher] {
    if (auto call = watcher.lock()) (*call)();
  });
}

void append_chunk(Outbox& out, std::string_view bytes) {
  char line[24];
  char* end = std::to_chars(line, line + 20, bytes.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out.append({line, static_cast<std::size_t>(end - line)});
  out.append(bytes);
  out.append("\r\n");
}

}  // namespace

// ---- the inside

Client::State::State(Socket s, ClientLimits l, Budget& b)
    : socket(std::move(s)), limits(l), bodies(b), deadline(socket.get_executor()), reader(socket.get_executor()),
      drainer(socket.get_executor()), in(first_request) {
  error_code ignored;
  peer = socket.remote_endpoint(ignored);
  local = socket.local_endpoint(ignored);
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
}

void Client::State::flush() {
  bool progress = false;
  while (out.size() > 0) {
    if (writing || corked || gone || lingering) return;
    Outbox::Buffers buffers;
    const std::size_t count = out.front(buffers);
    error_code ec;
    const std::size_t taken = socket.write_some(std::span<const asio::const_buffer>(buffers.data(), count), ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) {
      if (progress || write_due == never) write_due = std::chrono::steady_clock::now() + limits.write_stall;
      schedule();
      return wait_writable();
    }
    if (ec) return vanish();
    progress = true;
    out.consume(taken);
  }
  write_due = never;
  drainer.cancel();
  if (closing && !corked && !gone && !lingering) linger();
}

void Client::State::wait_writable() {
  writing = true;
  socket.async_wait(tcp::socket::wait_write, [self = shared_from_this()](error_code) {
    self->writing = false;
    if (!self->gone) self->flush();
  });
}

void Client::State::end_answer(Answer how) {
  answer = how;
  if (closes() || how == Answer::cut) closing = true;
  flush();
}

void Client::State::linger() {
  drop_body();
  lingering = true;
  in.consume(in.size());
  error_code ignored;
  socket.shutdown(tcp::socket::shutdown_send, ignored);
  read_due = std::chrono::steady_clock::now() + limits.linger;
  schedule();
  reader.cancel();
  arm();
}

void Client::State::append_held_head() {
  out.append(held_head);
  held_head.clear();
}

void Client::State::append_connection(std::string& head) const {
  if (closes()) head += "Connection: close\r\n";
  else if (!modern) head += "Connection: keep-alive\r\n";
}

void Client::State::vanish() {
  if (gone) return;
  gone = true;
  drop_body();
  error_code ignored;
  socket.close(ignored);
  deadline.stop();
  out.clear();
  reader.cancel();
  drainer.cancel();
  for (const auto& watcher : watchers) call_later(socket.get_executor(), watcher);
  watchers.clear();
}

void Client::State::release() {
  watchers.clear();
  out.charge(nullptr);
  drop_body();
  if (!lingering) vanish();
}

void Client::State::schedule() {
  const Time due = std::min(read_due, write_due);
  if (due == never) deadline.off();
  else deadline.set(shared_from_this(), due);
}

void Client::State::late(Time now) {
  if (now >= write_due || (lingering && now >= read_due)) return vanish();
  if (now >= read_due) {
    read_due = never;
    read_late = true;
    reader.cancel();
  }
  schedule();
}

// ---- the Client

Client::Client(Socket socket, ClientLimits limits, Budget& bodies)
    : state_(std::make_shared<State>(std::move(socket), limits, bodies)) {
  state_->arm();
}

Client::~Client() { state_->release(); }

void Client::send(ReplyHead head, std::string body, bool close) {
  State& s = *state_;
  if (s.over() || s.answer != State::Answer::none) return;
  s.closing_wanted = s.closing_wanted || close;
  const bool bodiless = s.bodiless(head.status);
  std::string text;
  text.reserve(512);
  append_head(text, head);
  if (!bodiless || (s.head_request && !body.empty())) append_field(text, "Content-Length", std::to_string(body.size()));
  s.append_connection(text);
  text += "\r\n";
  s.out.append(text);
  if (!bodiless) s.out.take(std::move(body));
  s.end_answer(State::Answer::finished);
}

void Client::begin(ReplyHead head) {
  State& s = *state_;
  if (s.over() || s.answer != State::Answer::none) return;
  s.no_content = s.bodiless(head.status);
  s.chunked = s.modern && !s.no_content;
  if (!s.modern && !s.no_content) s.closing_wanted = true;
  s.held_head.clear();
  append_head(s.held_head, head);
  if (s.chunked) s.held_head += "Transfer-Encoding: chunked\r\n";
  s.append_connection(s.held_head);
  s.held_head += "\r\n";
  s.answer = State::Answer::begun;
}

void Client::piece(std::string_view bytes) {
  State& s = *state_;
  if (s.over() || bytes.empty() || (s.answer != State::Answer::begun && s.answer != State::Answer::streaming)) return;
  s.answer = State::Answer::streaming;
  s.append_held_head();
  if (s.chunked) append_chunk(s.out, bytes);
  else if (!s.no_content) s.out.append(bytes);
  s.flush();
}

void Client::finish() {
  State& s = *state_;
  if (s.over() || (s.answer != State::Answer::begun && s.answer != State::Answer::streaming)) return;
  s.append_held_head();
  if (s.chunked) s.out.append("0\r\n\r\n");
  s.end_answer(State::Answer::finished);
}

void Client::cut() {
  State& s = *state_;
  if (s.over()) return;
  s.append_held_head();
  s.end_answer(State::Answer::cut);
}

void Client::raw(std::string_view bytes) {
  if (state_->over()) return;
  state_->out.append(bytes);
  state_->flush();
}

void Client::close() { state_->vanish(); }

void Client::reset() {
  error_code ignored;
  if (!state_->gone) state_->socket.set_option(asio::socket_base::linger(true, 0), ignored);
  state_->vanish();
}

void Client::cork() { state_->corked = true; }

void Client::uncork() {
  state_->corked = false;
  state_->flush();
}

void Client::charge(Budget* budget) { state_->out.charge(budget); }

bool Client::begun() const { return state_->answer != State::Answer::none; }

std::size_t Client::pending() const { return state_->out.size(); }

Task<bool> Client::drained() {
  auto s = state_;
  while (s->out.size() > 0 && !s->gone) {
    s->drainer.expires_at(never);
    co_await s->drainer.async_wait(tuple);
  }
  co_return !s->gone || s->lingering;
}

bool Client::reusable() const {
  return state_->answer == State::Answer::finished && !state_->over() && !state_->closes();
}

bool Client::gone() const { return state_->gone; }

Client::Watch Client::on_gone(std::function<void()> call) {
  Watch watch;
  watch.call_ = std::make_shared<std::function<void()>>(std::move(call));
  if (state_->gone) {
    call_later(state_->socket.get_executor(), watch.call_);
  } else {
    std::erase_if(state_->watchers, [](const auto& watcher) { return watcher.expired(); });
    state_->watchers.push_back(watch.call_);
  }
  return watch;
}

tcp::endpoint Client::peer() const { return state_->peer; }
tcp::endpoint Client::local() const { return state_->local; }

}  // namespace rr::wire
