#include "app/attempt.hpp"

#include "api/node_speech.hpp"
#include "api/say_no.hpp"
#include "app/passages.hpp"
#include "app/vet.hpp"
#include "app/wording.hpp"
#include "wire/headers.hpp"

namespace rr::app {

namespace {

Attempt done() { return {.done = true}; }
Attempt failed(Refusal refusal, bool elsewhere) { return {.elsewhere = elsewhere, .refusal = std::move(refusal)}; }
Attempt lost(Refusal refusal) { return {.elsewhere = true, .lost = true, .refusal = std::move(refusal)}; }
Attempt lost(const Call& call, const wire::Connection& connection, const wire::NodeError& error, Refusal refusal) {
  Attempt out = lost(std::move(refusal));
  out.again = error.what == wire::NodeError::What::lost;
  out.relink = error.link && call.house->other_way(call.grant.node, connection.address());
  return out;
}

Refusal transport(const Call& call, const wire::NodeError& error) {
  if (error.what == wire::NodeError::What::closed_by_us) return draining();
  if (error.link) return link_lost(call, 0);
  Refusal refusal{.code = "node_lost", .side = Side::node, .status = 502, .sentence = ""};
  if (error.what == wire::NodeError::What::timeout) {
    refusal.code = "node_silent";
    refusal.status = 504;
  }
  refusal.sentence = call.grant.model.spelt() + " on " + call.grant.node + " gave no answer: " + error.sentence;
  return refusal;
}

// Statuses after which another node may do better: it is full, it fails, or it lacks the model after all.
bool worth_elsewhere(int status) { return status == 404 || status == 429 || status >= 500; }

// A model that is silent is unloaded and loaded before its next request; not under passthrough.
bool loads_anew(const Call& call) { return call.settings->policy != PolicyName::passthrough && call.settings->runs(call.grant.node).loads; }

bool wants_done(Kind kind) { return kind == Kind::chat || kind == Kind::generate || api::translated(kind); }

void count(Call& call, const api::AnswerWatch& watch, Ticket& ticket, Ending ending) {
  Outcome& outcome = ticket.outcome;
  outcome.ending = ending;
  outcome.content_began = watch.content();
  outcome.prompt_tokens = watch.usage().prompt_tokens;
  outcome.output_tokens = watch.usage().output_tokens;
  outcome.prompt_time = watch.usage().prompt_time;
  outcome.output_time = watch.usage().output_time;
  outcome.first_byte = call.first_byte;
  call.outcome = outcome;
}

bool events(const wire::CheckedReply& node) { return find(node.head.fields, "Content-Type").starts_with("text/event-stream"); }

bool streams(const Call& call, const wire::CheckedReply& node, const Wording& wording) {
  if (!call.ask.stream) return false;
  if (wording.from_node) return events(node) && (node.framing == wire::Framing::chunked || node.framing == wire::Framing::until_close);
  return node.framing == wire::Framing::chunked;
}

// A server of the OpenAI API may send its head before it reads the prompt.
Duration longest_silence(const Settings& settings, const Wording& wording) {
  const Duration between = settings.between_chunks, first = settings.first_byte;
  if (!wording.from_node) return between;
  return between == Duration::zero() || first == Duration::zero() ? Duration::zero() : std::max(between, first);
}

ReplyHead head_for_client(const Call& call, const wire::CheckedReply& node, const Wording& wording) {
  ReplyHead head{.status = node.head.status, .reason = std::string(reason_phrase(node.head.status)), .fields = {}};
  if (wording.to_client) head.fields.push_back({"Content-Type", call.ask.stream ? "text/event-stream" : "application/json"});
  else if (wording.from_node) head.fields.push_back({"Content-Type", call.ask.stream ? "application/x-ndjson" : "application/json; charset=utf-8"});
  else head.fields = wire::to_client(node.head.fields);
  if (call.ask.stream && (call.route.kind == Kind::responses || call.route.kind == Kind::messages)) head.fields.push_back({"Cache-Control", "no-cache"});
  for (Field& field : told(call)) head.fields.push_back(std::move(field));
  return head;
}

// A stream was asked for, and the node said all of it at once.
Result<std::string> as_stream(api::Translation& translation, std::string_view body) {
  std::string out;
  translation.take(body, out);
  translation.finish(out);
  return {boost::system::in_place_value, std::move(out)};
}

// A whole native answer to the client.
Attempt deliver(Call& call, Wording& wording, std::string body, const wire::CheckedReply& node, Ticket& ticket) {
  api::AnswerWatch watch;
  watch.see(body);
  const bool whole = !wants_done(call.route.kind) || watch.done();
  if (!whole || watch.error()) {
    count(call, watch, ticket, Ending::node_failed);
    return lost({.code = "node_not_whole", .side = Side::node, .status = 502,
                      .sentence = watch.error() ? *watch.error()
                                                : call.grant.model.spelt() + " on " + call.grant.node +
                                                      " answered without done:true, so the answer is not whole; ask again"});
  }
  std::string out;
  if (wording.to_client) {
    Result<std::string> rendered = call.ask.stream ? as_stream(*wording.to_client, body) : wording.to_client->whole(body);
    if (!rendered) return failed(rendered.error(), false);
    out = std::move(*rendered);
  } else {
    api::Rename(call.grant.model.spelt(), call.ask.asked_model).apply(body, out);
  }
  call.status = node.head.status;
  call.first_byte = std::chrono::steady_clock::now();
  count(call, watch, ticket, Ending::ok);
  if (call.client.begun()) {  // by a filler
    call.client.piece(out);
    call.client.finish();
  } else {
    call.client.send(head_for_client(call, node, wording), std::move(out), call.house->draining);
  }
  return done();
}

// The node's whole (non-streamed) answer.
wire::Task<Attempt> pass_whole(Call& call, Wording& wording, wire::Connection& connection,
                               const wire::CheckedReply& node, Ticket& ticket) {
  auto body = co_await connection.read_rest(most_answer, longest_silence(*call.settings, wording));
  if (!body) co_return lost(call, connection, body.error(), transport(call, body.error()));
  if (wording.from_node && events(node)) {
    std::string native;
    wording.from_node->take(*body, native);
    wording.from_node->finish(native);
    *body = std::move(native);
  } else if (wording.from_node) {
    auto native = wording.from_node->whole(*body);
    if (!native) ticket.outcome.ending = Ending::node_failed;
    if (!native) co_return lost(native.error());
    *body = std::move(*native);
  }
  co_return deliver(call, wording, std::move(*body), node, ticket);
}

wire::Task<Attempt> pass_stream(Call& call, Wording& wording, wire::Connection& connection,
                                const wire::CheckedReply& node, Ticket& ticket) {
  std::unique_ptr<Watched> passage;
  if (wording.to_client) passage = std::make_unique<TranslatedPassage>(call, *wording.to_client);
  else passage = std::make_unique<NativePassage>(call, call.grant.model.spelt(), call.ask.asked_model);
  std::unique_ptr<ReadBack> read_back;
  if (wording.from_node) read_back = std::make_unique<ReadBack>(*wording.from_node, *passage, longest_silence(*call.settings, wording), connection.closer());
  wire::Passage& first = read_back ? static_cast<wire::Passage&>(*read_back) : *passage;
  const wire::RelayLimits limits{.between = longest_silence(*call.settings, wording),
                                 .stream_buffer = static_cast<std::size_t>(call.settings->limits.stream_buffer),
                                 .stream_buffers = &call.house->stream_buffers};
  call.status = node.head.status;
  const wire::RelayEnd end = co_await wire::relay(call.client, connection, head_for_client(call, node, wording), first, limits);
  using How = wire::RelayEnd::How;
  switch (end.how) {
    case How::whole: count(call, passage->watch(), ticket, Ending::ok); break;
    case How::client_left: count(call, passage->watch(), ticket, Ending::client_left); break;
    case How::overflow:
      count(call, passage->watch(), ticket, Ending::client_left);
      call.error = "client_too_slow";
      call.side = Side::client;
      break;
    case How::node_failed:
    case How::nothing:
      count(call, passage->watch(), ticket, Ending::node_failed);
      call.error = passage->trouble(end.error).code;
      call.side = passage->trouble(end.error).side;
      ticket.outcome.error = passage->trouble(end.error).sentence;
      if (end.how == How::nothing && read_back && read_back->silent()) {
        ticket.outcome.silent = true;
        Attempt gone = lost(passage->trouble(end.error));
        gone.silent = loads_anew(call);
        co_return gone;
      }
      if (end.how == How::nothing && end.error) co_return lost(call, connection, *end.error, passage->trouble(end.error));
      if (end.how == How::nothing) co_return lost(passage->trouble(end.error));
      break;
  }
  co_return done();
}

// A node's own error answer before any content.
wire::Task<Attempt> pass_error(Call& call, wire::Connection& connection, const wire::CheckedReply& node, Ticket& ticket) {
  auto body = co_await connection.read_rest(1u << 20, call.settings->between_chunks);
  if (!body) co_return failed(transport(call, body.error()), true);
  const int status = node.head.status;
  if (status < 400 || status > 599) {
    ticket.outcome.ending = Ending::node_failed;
    co_return failed({.code = "node_garbage", .side = Side::node, .status = 502,
                      .sentence = call.grant.model.spelt() + " on " + call.grant.node + " answered with status " + std::to_string(status) + ", which is no answer of a model; is it " + std::string(call.settings->runs(call.grant.node).title) + "?"}, true);
  }
  if ((status == 401 || status == 403) && !call.settings->runs(call.grant.node).native) {
    ticket.outcome.ending = Ending::node_failed;
    co_return failed({.code = "node_refused", .side = Side::node, .status = 502,
                      .sentence = call.grant.node + " wants another key than nodes." + call.grant.node + ".api_key in the YAML: " + api::parse_error(*body)}, true);
  }
  ticket.outcome.ending = status >= 500 && status != 503 ? Ending::node_failed : Ending::refused;  // 503: full, not sick
  if (status == 404) call.house->watch.take_stock(call.grant.node);
  ticket.outcome.error = api::parse_error(*body);
  Refusal refusal{.code = status == 404 ? "model_missing" : "node_refused", .side = status >= 500 ? Side::node : Side::client,
                  .status = status, .sentence = api::parse_error(*body), .ollama_text = true};
  if (status == 503 || status == 429) refusal.retry_after_s = 2;
  Attempt result = failed(std::move(refusal), worth_elsewhere(status));
  if (call.route.dialect == Dialect::ollama && body->starts_with("{\"error\":\"")) result.said = Said{wire::to_client(node.head.fields), std::move(*body)};
  co_return result;
}

}  // namespace

wire::Task<Attempt> attempt(Call& call, const api::Members& members, Ticket& ticket, bool fresh) {
  Peer peer = call.house->peer(call.grant.node);
  if (peer.way.empty()) co_return failed({.code = "node_gone", .side = Side::router, .status = 503,
                                  .sentence = "node " + call.grant.node + " left the configuration", .retry_after_s = 1}, true);
  call.link = to_text(peer.way.front());
  auto wording = co_await word(call, members);
  if (call.client.gone()) co_return done();
  if (!wording) {
    ticket.outcome = {.ending = Ending::refused, .sent = false};
    co_return failed(wording.error(), false);
  }
  if (wording->from_node && call.ask.purpose == Purpose::preload) {  // its server loads by itself
    const wire::CheckedReply own{.head = {.status = 200, .reason = "OK", .fields = {}}, .framing = wire::Framing::none};
    Attempt loaded = deliver(call, *wording, wording->from_node->loaded(), own, ticket);
    ticket.outcome.sent = false;
    co_return loaded;
  }

  wire::Client::Watch watch;
  auto connection = co_await call.house->upstream.connect(
      std::move(peer.way), [&](std::function<void()> stop) { watch = call.client.on_gone(std::move(stop)); }, fresh);
  if (call.client.gone()) co_return done();
  if (!connection) {
    ticket.outcome = {.ending = Ending::node_failed, .sent = false, .error = connection.error().sentence};
    call.house->watch.look(call.grant.node);
    co_return failed(transport(call, connection.error()), true);
  }
  call.link = to_text(connection->address());
  watch = call.client.on_gone(connection->closer());
  const Asked asked(*call.house, call.id, connection->closer());
  RequestHead head{.method = "POST", .target = wording->path,
                   .fields = wire::to_node(call.request.head.fields, via)};
  set(head.fields, "Content-Type", "application/json");
  if (!peer.key.empty()) set(head.fields, "Authorization", "Bearer " + peer.key);
  ticket.outcome.sent = true;
  auto node = co_await connection->exchange(std::move(head), wording->body.views, call.settings->first_byte);
  if (call.client.gone()) co_return done();
  if (!node) {
    ticket.outcome.ending = Ending::node_failed;
    ticket.outcome.error = node.error().sentence;
    call.house->watch.look(call.grant.node);
    if (node.error().nothing_sent) co_return failed(transport(call, node.error()), true);
    Attempt gone = lost(call, *connection, node.error(), transport(call, node.error()));
    ticket.outcome.silent = call.ask.stream && node.error().what == wire::NodeError::What::timeout;  // a whole answer may take its time
    gone.silent = ticket.outcome.silent && loads_anew(call);
    co_return gone;
  }
  Attempt result;
  if (node->head.status != 200) result = co_await pass_error(call, *connection, *node, ticket);
  else if (streams(call, *node, *wording)) result = co_await pass_stream(call, *wording, *connection, *node, ticket);
  else result = co_await pass_whole(call, *wording, *connection, *node, ticket);
  if (call.client.gone() && !result.done) result = done();
  call.house->upstream.keep(std::move(*connection));
  co_return result;
}

}  // namespace rr::app
