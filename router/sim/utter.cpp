#include "sim/utter.hpp"

#include "sim/admission.hpp"
#include "sim/breaks.hpp"
#include "sim/memory.hpp"

#include <boost/asio/post.hpp>

namespace rr::sim {

namespace {

using wire::Client;
using wire::Request;

std::vector<ToolCall> with_ids(std::vector<ToolCall> calls, CallId turn) {
  std::uint64_t h = turn * 0x9E3779B97F4A7C15ull + 12345;
  for (auto& c : calls) {
    if (!c.id.empty()) continue;
    c.id = "call_";
    for (int i = 0; i < 8; ++i) {
      h = h * 6364136223846793005ull + 1442695040888963407ull;
      c.id += "abcdefghijklmnopqrstuvwxyz0123456789"[(h >> 33) % 36];
    }
  }
  return calls;
}

class Speaker {
 public:
  Speaker(Utterance u, Client& client, const Request& request)
      : u_(std::move(u)),
        client_(client),
        request_(request),
        streamed_(u_.asked.stream.value_or(true)),
        chat_route_(u_.model->rendering == Rendering::engine && u_.asked.route == Route::chat),
        speech_{u_.asked.route, u_.asked.model, u_.asked.raw},
        calls_(with_ids(u_.answer.calls, u_.turn->id)) {}

  wire::Task<std::string> run();

 private:
  Node::State& node() { return *u_.node; }
  bool over() const { return u_.turn->gone || u_.node->stopped; }
  void line(const std::string& text) {
    if (!client_.begun()) client_.begin(reply_head(200, "application/x-ndjson", u_.also));
    client_.piece(text);
  }
  void say(const std::string& text, bool thinking);
  wire::Task<bool> taken();
  wire::Task<std::string> break_off(Break);
  void crash();
  void finish(const Times&);

  Utterance u_;
  Client& client_;
  const Request& request_;
  const bool streamed_, chat_route_;
  Speech speech_;
  std::vector<ToolCall> calls_;
  std::string thinking_, text_, logprobs_;
  int said_ = 0, repeats_ = 0;
  std::string last_;
};

void Speaker::say(const std::string& text, bool thinking) {
  std::string probability;
  if (u_.asked.logprobs && !thinking) probability = logprob(text, u_.asked.top_logprobs, u_.answer.top_alternative);
  if (streamed_) {
    line(piece_line(speech_, node().created(), text, thinking, probability));
  } else {
    (thinking ? thinking_ : text_) += text;
    if (!probability.empty()) logprobs_ += (logprobs_.empty() ? "" : ",") + probability;
  }
  ++said_;
}

// The engine is read only as fast as the client reads.
wire::Task<bool> Speaker::taken() {
  if (client_.pending() <= 64 * 1024) co_return true;
  u_.turn->stalled = true;
  const bool ok = co_await client_.drained();
  if (ok) {
    u_.turn->stalled = false;
  } else {
    node().left(u_.turn);
  }
  co_return ok;
}

void Speaker::crash() {
  if (u_.answer.text.find("out of memory") != std::string::npos) {
    node().scheduler.crash_all(node().now());
  } else {
    node().scheduler.crash(blob_of(*u_.model));
  }
}

wire::Task<std::string> Speaker::break_off(Break b) {
  node().seen[u_.turn->seen].ended = "fault";
  switch (b.kind) {
    case Break::Kind::hang:
      while (!over()) co_await u_.turn->signal.wait();
      break;
    case Break::Kind::die: {
      const bool flushed = co_await client_.drained();
      (void)flushed;
      client_.reset();
      break;
    }
    case Break::Kind::end:
      if (streamed_) {
        if (!client_.begun()) client_.begin(reply_head(200, "application/x-ndjson", u_.also));
        client_.finish();
      } else {
        reply(client_, request_, 200, json_utf8,
              said_ ? whole_object(speech_, node().created(), u_.answer, thinking_, text_, {}, false, {}) : nothing_object(u_.asked.route),
              u_.also);
      }
      break;
    default:
      if (!streamed_) {
        node().seen[u_.turn->seen].status = b.status;
        reply(client_, request_, b.status, json_utf8, error_object(b.text), u_.also);
        break;
      }
      if (client_.begun()) {
        client_.piece(error_object(b.text) + "\n");
      } else {
        node().seen[u_.turn->seen].status = b.status;
        client_.begin(reply_head(b.status, "application/json", u_.also));
        client_.piece(error_object(b.text));
      }
      client_.finish();
  }
  co_return "fault";
}

void Speaker::finish(const Times& t) {
  const std::vector<ToolCall> none;
  if (streamed_) {
    line(done_line(speech_, node().created(), u_.answer, chat_route_ ? calls_ : none, t));
    client_.finish();
  } else {
    reply(client_, request_, 200, json_utf8,
          whole_object(speech_, node().created(), u_.answer, thinking_, text_, calls_, true, t, logprobs_), u_.also);
  }
}

wire::Task<std::string> Speaker::run() {
  const Answer& a = u_.answer;
  Break b = of_fault(u_.fault);
  if (b.kind == Break::Kind::none) b = of_engine(a, chat_route_);
  if (const std::string wrong = format_error(u_.asked); !wrong.empty()) b = {Break::Kind::error, 0, 500, wrong};

  const std::string& blob = blob_of(*u_.model);
  const Time ran = u_.turn->worked_until;
  const Duration prompt = std::max(from_seconds(std::max(0, a.prompt_n - u_.cached) / u_.model->prefill_tps), Duration{1000});
  const Duration pace = a.pace ? *a.pace : from_seconds(1 / u_.model->decode_tps);
  u_.turn->prompt_until = ran + from_seconds(in_seconds(prompt) / node().gpu.rate(blob));
  if (!co_await work(u_.node, u_.turn, blob, prompt)) co_return "client-closed";
  const Time first = u_.turn->worked_until;

  const std::size_t pieces = a.thinking.size() + a.pieces.size();
  for (std::size_t i = 0; i < pieces; ++i) {
    if (b.kind != Break::Kind::none && int(i) >= b.after) break;
    const bool thinking = i < a.thinking.size();
    const std::string& piece = thinking ? a.thinking[i] : a.pieces[i - a.thinking.size()];
    repeats_ = piece == last_ ? repeats_ + 1 : 0;
    last_ = piece;
    if (repeats_ > 30 && !chat_route_) {  // the repeat guard: the answer just ends
      b.kind = Break::Kind::end;
      break;
    }
    // The closing tag of the thinking and the blank line behind it are tokens too: /api/generate gives each a line of its own.
    if (!thinking && i == a.thinking.size() && i > 0 && streamed_ && u_.asked.route == Route::generate) {
      for (int tag = 0; tag < 2; ++tag) line(piece_line(speech_, node().created(), "", false));
    }
    say(piece, thinking);
    if (!co_await taken()) co_return "client-closed";
    if (i % 64 == 63) co_await wire::asio::post(u_.node->io, wire::tuple);  // let others in
    if (!co_await work(u_.node, u_.turn, blob, pace)) co_return "client-closed";
  }
  if (b.kind != Break::Kind::none) {
    if (a.fault == EngineFault::crash) crash();
    std::string how = co_await break_off(std::move(b));
    co_return how;
  }
  const int call_tokens = std::max(a.eval_n - int(pieces), 0);
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    if (!co_await work(u_.node, u_.turn, blob, pace * call_tokens / int(calls_.size()))) co_return "client-closed";
    if (streamed_ && !chat_route_) line(call_line(speech_, node().created(), {calls_[i]}, i));
  }
  Times t;
  t.load = node().real(u_.load);
  t.prompt = node().real(first - ran);
  t.eval = node().real(u_.turn->worked_until - first);
  t.total = std::max(node().real(u_.turn->worked_until - u_.began), t.load + t.prompt + t.eval);
  finish(t);
  co_return "whole";
}

}  // namespace

wire::Task<bool> work(StatePtr s, TurnPtr turn, const std::string& blob, Duration alone) {
  double left = in_seconds(alone);
  while (!turn->gone && !s->stopped) {
    const double rate = s->gpu.rate(blob);
    const Time end = turn->worked_until + from_seconds(left / rate);
    if (end <= s->now()) {
      turn->worked_until = end;
      co_return true;
    }
    co_await turn->signal.wait_until(s->real(end) + std::chrono::microseconds(1));
    const Time until = std::max(turn->worked_until, std::min(end, s->now()));  // the rate was that until now
    left -= in_seconds(until - turn->worked_until) * rate;
    turn->worked_until = until;
  }
  co_return false;
}

wire::Task<std::string> utter(Utterance u, Client& client, const Request& request) {
  Speaker speaker(std::move(u), client, request);
  std::string how = co_await speaker.run();
  co_return how;
}

bool broken(Node::State& s, Client& client, const Request& q, const Fault& f, std::size_t seen_at) {
  using What = Fault::What;
  s.seen[seen_at].ended = "fault";
  switch (f.what) {
    case What::die_before:
      client.reset();
      return true;
    case What::garbage:
      client.raw(std::string("\x16\x03\x01\x02 no HTTP at all\r\n\r\n", 24));
      client.cut();
      return true;
    case What::wrong_length:
      client.raw("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 1000\r\n\r\n{\"model\":");
      client.cut();
      return true;
    case What::status:
      s.seen[seen_at].status = f.status;
      reply(client, q, f.status, json_utf8, error_object("simulated failure " + std::to_string(f.status)));
      return true;
    default:
      s.seen[seen_at].ended = "whole";
      return false;
  }
}

}  // namespace rr::sim
