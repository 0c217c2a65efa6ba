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

// The head to come, unless a filler has sent one, and whether a piece of the answer has followed.
struct Told {
  ReplyHead head;
  bool given = false;
};

void give(Client& client, Told& told, const std::string& out) {
  if (out.empty()) return;
  if (!client.begun()) client.begin(std::move(told.head));
  client.piece(out);
  told.given = true;
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

RelayEnd end(Client& client, Told& told, Passage& passage, std::string_view rest, std::optional<NodeError> lost) {
  std::string out;
  const bool whole = passage.end(lost, rest, out);
  give(client, told, out);
  if (whole) {
    if (!client.begun()) client.begin(std::move(told.head));
    client.finish();
    client.uncork();
    return {How::whole, std::nullopt};
  }
  if (!told.given) {
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
  Told told{.head = std::move(to_client)};
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
      co_return end(client, told, passage, lines.rest(), piece->error());
    }
    if ((*piece)->kind == Piece::Kind::end) co_return end(client, told, passage, lines.rest(), std::nullopt);
    if (const std::string_view ready = lines.add((*piece)->bytes); !ready.empty()) {
      out.clear();
      passage.take(ready, out);
      give(client, told, out);
    }
    if (client.pending() > limits.stream_buffer) {
      client.uncork();
      if (overflows(client, limits)) co_return overflow(client, node);
      client.cork();
    }
  }
}

}  // namespace rr::wire
