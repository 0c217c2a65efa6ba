#include "app/straight.hpp"

#include "api/say_no.hpp"
#include "api/usage.hpp"
#include "app/vet.hpp"
#include "wire/headers.hpp"
#include "wire/relay.hpp"

#include <array>

namespace rr::app {

namespace {

Refusal trouble(const std::string& node, const wire::NodeError& error) {
  using What = wire::NodeError::What;
  if (error.what == What::closed_by_us) return draining();
  Refusal refusal{.code = "node_lost", .side = Side::node, .status = 502, .sentence = node + " gave no whole answer: " + error.sentence};
  if (error.what == What::timeout) {
    refusal.code = "node_silent";
    refusal.status = 504;
  }
  return refusal;
}

// Bytes as they come. Management ends as the node ends it; an answer from the cloud must say that it is whole.
class Straight final : public wire::Passage {
 public:
  enum class Whole { framing, done, mark };
  Straight(Call& call, Whole whole) : call_(call), whole_(whole) {}

  void take(std::string_view lines, std::string& out) override {
    see(lines);
    out += lines;
    if (!began_) call_.first_byte = std::chrono::steady_clock::now();
    began_ = true;
  }
  bool end(const std::optional<wire::NodeError>& lost, std::string_view rest, std::string& out) override {
    if (!lost) see(rest);
    if (!lost && complete()) {
      out += rest;
      return true;
    }
    if (began_ && !watch_.error()) out += api::in_band(why(lost), call_.route.dialect, id_text(call_.id));
    return false;
  }
  bool complete() const { return whole_ == Whole::framing || (whole_ == Whole::done ? watch_.done() && !watch_.error() : marked_); }
  void see(std::string_view lines) {
    if (whole_ == Whole::done) watch_.see(lines);
    if (whole_ == Whole::mark) marked_ = marked_ || lines.find("data: [DONE]") != lines.npos;
  }
  const api::Usage& usage() const { return watch_.usage(); }
  Refusal why(const std::optional<wire::NodeError>& lost) const {
    if (lost) return trouble(call_.grant.node, *lost);
    if (watch_.error())
      return {.code = "node_error", .side = Side::node, .status = 502, .sentence = *watch_.error(), .ollama_text = true};
    return {.code = "node_not_whole", .side = Side::node, .status = 502,
            .sentence = call_.ask.asked_model + " by " + call_.grant.node + " ended without its last line, so the answer is not whole; ask again"};
  }

 private:
  Call& call_;
  Whole whole_;
  api::AnswerWatch watch_;
  bool began_ = false, marked_ = false;
};

Straight::Whole wholeness(const Call& call, const wire::CheckedReply& node, const Way& way) {
  if (!way.cloud || node.head.status != 200) return Straight::Whole::framing;
  if (call.route.kind == Kind::chat || call.route.kind == Kind::generate) return Straight::Whole::done;
  return find(node.head.fields, "Content-Type").substr(0, 17) == "text/event-stream" ? Straight::Whole::mark : Straight::Whole::framing;
}

void left(Call& call) {
  if (call.status == 0) call.status = 499;
  call.outcome.ending = Ending::client_left;
}

void failed(Call& call, std::string code, Side side) {
  call.error = std::move(code);
  call.side = side;
}

void refuse_here(Call& call, const Refusal& refusal) { refuse(call, refusal, call.house->draining); }

wire::Task<void> hand_on(Call& call, wire::Connection& connection, const wire::CheckedReply& node, const Way& way) {
  ReplyHead head{.status = node.head.status, .reason = std::string(reason_phrase(node.head.status)), .fields = wire::to_client(node.head.fields)};
  for (Field& field : told(call)) head.fields.push_back(std::move(field));
  Straight passage(call, wholeness(call, node, way));
  call.status = node.head.status;
  if (node.head.status >= 400) failed(call, "node_refused", node.head.status >= 500 ? Side::node : Side::client);
  if (node.framing == wire::Framing::none || node.framing == wire::Framing::length) {
    auto body = co_await connection.read_rest(most_answer, way.between);
    if (call.client.gone()) co_return left(call);
    if (body) passage.see(*body);
    if (!body) refuse_here(call, trouble(way.node, body.error()));
    else if (!passage.complete()) refuse_here(call, passage.why(std::nullopt));
    else call.client.send(std::move(head), std::move(*body), call.house->draining);
  } else {
    call.ask.stream = true;
    const wire::RelayLimits limits{.between = way.between,
                                   .stream_buffer = static_cast<std::size_t>(call.settings->limits.stream_buffer),
                                   .stream_buffers = &call.house->stream_buffers};
    const wire::RelayEnd end = co_await wire::relay(call.client, connection, std::move(head), passage, limits);
    using How = wire::RelayEnd::How;
    switch (end.how) {
      case How::whole: break;
      case How::client_left: left(call); break;
      case How::overflow: failed(call, "client_too_slow", Side::client); break;
      case How::node_failed: failed(call, passage.why(end.error).code, Side::node); break;
      case How::nothing: refuse_here(call, passage.why(end.error)); break;
    }
  }
  call.outcome.prompt_tokens = passage.usage().prompt_tokens;
  call.outcome.output_tokens = passage.usage().output_tokens;
}

// A fresh connection to the node, closed when the client leaves; nothing: that is answered already.
wire::Task<std::optional<wire::Connection>> dial(Call& call, const Way& way, wire::Client::Watch& watch) {
  call.grant.node = way.node;
  call.grant.model = call.ask.model;
  auto connection = co_await call.house->upstream.connect(
      call.house->way(way.node), [&](std::function<void()> stop) { watch = call.client.on_gone(std::move(stop)); }, true);
  if (call.client.gone()) {
    left(call);
    co_return std::nullopt;
  }
  if (!connection) {
    call.house->watch.look(way.node);
    refuse_here(call, {.code = "node_down", .side = Side::node, .status = 503, .sentence = way.node + " does not answer: " + connection.error().sentence,
                  .retry_after_s = 2});
    co_return std::nullopt;
  }
  call.link = to_text(connection->address());
  watch = call.client.on_gone(connection->closer());
  co_return std::move(*connection);
}

RequestHead head_for_node(const Call& call) {
  const std::string& target = call.request.head.target;
  const std::size_t query = std::min(target.find('?'), target.size());
  return {.method = call.request.head.method, .target = call.route.path + target.substr(query),
          .fields = wire::to_node(call.request.head.fields, via)};
}

}  // namespace

wire::Task<void> send_straight(Call& call, Way way) {
  wire::Client::Watch watch;
  auto connection = co_await dial(call, way, watch);
  if (!connection) co_return;
  const Asked asked(*call.house, call.id, connection->closer());
  const std::array<std::string_view, 1> body{call.request.body.view()};
  RequestHead head = head_for_node(call);
  auto node = co_await connection->exchange(std::move(head), std::span(body).first(body[0].empty() ? 0 : 1), way.first_byte);
  if (call.client.gone()) co_return left(call);
  if (!node) co_return refuse_here(call, trouble(way.node, node.error()));
  call.request.body.give_back();
  co_await hand_on(call, *connection, *node, way);
  call.house->upstream.keep(std::move(*connection));
}

wire::Task<void> upload_straight(Call& call, Way way) {
  wire::Block held = wire::Block::take(call.house->bodies, most_held);
  if (held.capacity() == 0)
    co_return refuse_here(call, {.code = "bodies_full", .side = Side::router, .status = 503,
                            .sentence = "the bodies of all running requests fill limits.bodies; ask again in a moment", .retry_after_s = 2});
  wire::Client::Watch watch;
  auto connection = co_await dial(call, way, watch);
  if (!connection) co_return;
  const Asked asked(*call.house, call.id, connection->closer());
  const Duration stall = call.settings->between_chunks;
  RequestHead head = head_for_node(call);
  auto sent = co_await connection->send_head(std::move(head), call.request.length, stall);
  while (sent && *sent) {
    const std::span<char> room(held.data(), most_held);
    wire::Taken taken = co_await call.client.read_body(room);
    if (std::holds_alternative<wire::Closed>(taken)) break;
    if (const auto* refusal = std::get_if<Refusal>(&taken)) {
      connection->close();
      co_return refuse(call, *refusal, true);
    }
    const std::size_t size = std::get<std::size_t>(taken);
    if (size == 0) break;
    call.body_bytes += static_cast<std::int64_t>(size);
    const std::string_view piece(held.data(), size);
    sent = co_await connection->send_piece(piece, stall);
  }
  held.give_back();
  if (sent && *sent && !call.client.gone()) sent = co_await connection->send_end(stall);
  if (call.client.gone()) {
    connection->close();
    co_return left(call);
  }
  if (!sent) co_return refuse_here(call, trouble(way.node, sent.error()));
  auto node = co_await connection->reply(way.first_byte);
  if (call.client.gone()) co_return left(call);
  if (!node) co_return refuse_here(call, trouble(way.node, node.error()));
  co_await hand_on(call, *connection, *node, way);
  call.house->upstream.keep(std::move(*connection));
}

}  // namespace rr::app
