// How a Client reads a body that is taken piece by piece: nothing of it is held but what was read ahead. While the taker
// is busy the reading pauses, and the sender with it.
#include "wire/client_state.hpp"

namespace rr::wire {

// What is here of the body, into `room`; `bad` when its chunks are malformed.
std::size_t Client::State::take_rest(std::span<char> room, bool& bad) {
  std::size_t taken = 0;
  if (rest.framing == Framing::length) {
    taken = static_cast<std::size_t>(std::min<std::uint64_t>({in.size(), rest.left, room.size()}));
    if (taken > 0) std::memcpy(room.data(), in.view().data(), taken);
    in.consume(taken);
    rest.left -= taken;
    rest.open = rest.left > 0;
  }
  while (rest.framing == Framing::chunked && rest.open && taken < room.size()) {
    const ChunkDecoder::Step step = rest.chunks.next(in.view().substr(0, room.size() - taken));
    bad = step.bad;
    if (bad) break;
    if (!step.payload.empty()) std::memcpy(room.data() + taken, step.payload.data(), step.payload.size());
    taken += step.payload.size();
    in.consume(step.consumed);
    rest.open = !step.body_ends;
    if (step.consumed == 0) break;
  }
  rest.came += taken;
  return taken;
}

Task<Taken> Client::read_body(std::span<char> room) {
  auto s = state_;
  Rest& rest = s->rest;
  if (std::exchange(rest.expects, false) && s->in.size() == 0 && !s->over() && s->answer == State::Answer::none) {
    s->out.append("HTTP/1.1 100 Continue\r\n\r\n");
    s->flush();
  }
  while (rest.open) {
    if (s->gone || s->lingering) co_return Closed{};
    bool bad = false;
    const std::size_t taken = s->take_rest(room, bad);
    if (bad) {
      Refusal refusal = body_malformed();
      s->close_after();
      co_return refusal;
    }
    s->arm();
    if (taken > 0) co_return taken;
    if (!rest.open) break;
    // The client's clock runs only while it is waited for: a node that takes its time costs the client nothing.
    const Duration allowed = s->limits.body_grace + std::chrono::seconds(rest.came / 1024) - rest.waited;
    const Time from = std::chrono::steady_clock::now();
    const bool came = co_await s->more(from + allowed);
    rest.waited += std::chrono::steady_clock::now() - from;
    if (came) continue;
    if (!s->read_late) co_return Closed{};
    Refusal refusal = body_too_slow(rest.came);
    s->close_after();
    co_return refusal;
  }
  co_return std::size_t{0};
}

}  // namespace rr::wire
