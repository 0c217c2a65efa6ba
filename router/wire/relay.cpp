#include "wire/relay.hpp"

#include "wire/whole_lines.hpp"

namespace rr::wire {

namespace {

using How = RelayEnd::How;

bool overflows(const Client& client, const RelayLimits& limits) {
  if (client.pending() == 0) return false;
  if (client.pending() > limits.stream_buffer) return true;
  return limits.stream_buffers && limits.stream_buffers->used() > limits.stream_buffers->limit();
}

void give(Client& client, ReplyHead& head, const std::string& out) {
  if (out.empty()) return;
  if (!client.begun()) client.begin(std::move(head));
  client.piece(out);
}

RelayEnd left(Connection& node) {
  node.close();
  return {How::client_left, std::nullopt};
}

RelayEnd overflow(Client& client, Connection& node) {
  node.close();
  client.reset();
  return {How::overflow, std::nullopt};
}

RelayEnd end(Client& client, ReplyHead& head, Passage& passage, std::string_view rest, std::optional<NodeError> lost) {
  std::string out;
  const bool whole = passage.end(lost, rest, out);
  give(client, head, out);
  if (whole) {
    if (!client.begun()) client.begin(std::move(head));
    client.finish();
    client.uncork();
    return {How::whole, std::nullopt};
  }
  if (!client.begun()) {
    client.uncork();
    return {How::nothing, std::move(lost)};
  }
  client.cut();
  client.uncork();
  return {How::node_failed, std::move(lost)};
}

}  // namespace

Task<RelayEnd> relay(Client& client, Connection& node, ReplyHead to_client, Passage& passage, RelayLimits limits) {
  if (client.gone()) co_return left(node);
  const Client::Watch watch = client.on_gone(node.closer());
  client.charge(limits.stream_buffers);
  WholeLines lines(limits.line_limit);
  std::string out;
  client.cork();
  for (;;) {
    auto piece = node.buffered_piece();
    if (!piece) {  // all that was read goes on in one write, before waiting for more
      client.uncork();
      if (client.gone()) co_return left(node);
      if (overflows(client, limits)) co_return overflow(client, node);
      auto next = co_await node.read_piece(limits.between);
      if (client.gone()) co_return left(node);
      client.cork();
      piece.emplace(std::move(next));
    }
    if (!*piece) {
      node.close();
      co_return end(client, to_client, passage, lines.rest(), piece->error());
    }
    if ((*piece)->kind == Piece::Kind::end) co_return end(client, to_client, passage, lines.rest(), std::nullopt);
    if (const std::string_view ready = lines.add((*piece)->bytes); !ready.empty()) {
      out.clear();
      passage.take(ready, out);
      give(client, to_client, out);
    }
    if (client.pending() > limits.stream_buffer) {
      client.uncork();
      if (overflows(client, limits)) co_return overflow(client, node);
      client.cork();
    }
  }
}

}  // namespace rr::wire
