// /api/show and unload requests: what a client asks of a model without needing a seat.
#include "api/engines/served_models.hpp"
#include "api/json.hpp"
#include "api/node_speech.hpp"
#include "api/splice.hpp"
#include "app/forward.hpp"
#include "app/vet.hpp"
#include "wire/headers.hpp"

namespace rr::app {

wire::Task<void> forward_show(Call& call, const api::Members& members) {
  auto placed = place(call.ask, call.house->desk.dispatch().fleet(), *call.settings);
  if (!placed) {
    refuse(call, placed.error());
    co_return;
  }
  call.grant.node = placed->node;
  call.grant.model = call.ask.model;
  if (!call.settings->runs(placed->node).native)
    co_return reply(call, 200, json_utf8, api::served_show(call.ask.asked_model, call.settings->model(call.ask.model).num_ctx));
  wire::Client::Watch watch;
  auto connection = co_await call.house->upstream.connect(
      call.house->way(placed->node), [&](std::function<void()> stop) { watch = call.client.on_gone(std::move(stop)); });
  if (call.client.gone()) co_return;
  if (!connection) {
    refuse(call, {.code = "node_down", .side = Side::node, .status = 503, .sentence = connection.error().sentence, .retry_after_s = 2});
    co_return;
  }
  watch = call.client.on_gone(connection->closer());
  const api::Pieces pieces = api::splice(call.request.body.view(), members,
                                         {.model = call.ask.model.spelt(), .num_ctx = 0, .keep_alive = {}, .use_mmap = {}});
  RequestHead head{.method = "POST", .target = "/api/show", .fields = wire::to_node(call.request.head.fields, via)};
  set(head.fields, "Content-Type", "application/json");
  auto node = co_await connection->exchange(std::move(head), pieces.views, std::chrono::seconds(30));
  std::optional<wire::NodeError> trouble;
  std::string body;
  if (!node) {
    trouble = node.error();
  } else {
    auto rest = co_await connection->read_rest(64u << 20, std::chrono::seconds(30));
    if (rest) body = std::move(*rest);
    else trouble = rest.error();
  }
  if (call.client.gone()) co_return;
  if (trouble) {
    refuse(call, {.code = "node_lost", .side = Side::node, .status = 502, .sentence = trouble->sentence});
    co_return;
  }
  ReplyHead reply_head{.status = node->head.status, .reason = std::string(reason_phrase(node->head.status)),
                       .fields = wire::to_client(node->head.fields)};
  for (Field& field : told(call)) reply_head.fields.push_back(std::move(field));
  call.status = node->head.status;
  call.client.send(std::move(reply_head), std::move(body), call.house->draining);
  call.house->upstream.keep(std::move(*connection));
}

// Answered at once, before the unload happens, as Ollama does (reference/ollama-api.md 2.4). A model that a role pins stays:
// that is an error, not a silent success.
void unload(Call& call) {
  auto placed = place(call.ask, call.house->desk.dispatch().fleet(), *call.settings);
  if (!placed) return refuse(call, placed.error());
  if (!call.settings->runs(placed->node).loads)
    return refuse(call, {.code = "model_pinned", .side = Side::client, .status = 403,
                         .sentence = call.ask.model.spelt() + " stays on " + placed->node + ": its server keeps its own models (type: " + std::string(call.settings->runs(placed->node).word) + ")"});
  for (const NodeSettings& node : call.settings->nodes) {
    if (!call.settings->pinned(call.ask.model, node.name)) continue;
    return refuse(call, {.code = "model_pinned", .side = Side::client, .status = 403,
                         .sentence = call.ask.model.spelt() + " stays on " + node.name +
                                     ": a role keeps it for ever (keep_alive: -1); change that role's keep_alive in the YAML"});
  }
  call.house->desk.tell(UnloadWanted{call.ask.model});
  api::Json out;
  out["model"] = call.ask.asked_model;
  out["created_at"] = utc_text();
  if (call.route.kind == Kind::generate) out["response"] = "";
  else out["message"] = {{"role", "assistant"}, {"content", ""}};
  out["done"] = true;
  out["done_reason"] = "unload";
  reply(call, 200, json_utf8, out.dump());
}

}  // namespace rr::app
