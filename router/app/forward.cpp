#include "app/forward.hpp"

#include "api/node_speech.hpp"
#include "api/say_no.hpp"
#include "app/passages.hpp"
#include "app/vet.hpp"
#include "wire/headers.hpp"

namespace rr::app {

namespace {

constexpr std::size_t most_answer = 256u << 20;  // of a non-streamed answer
constexpr int most_attempts = 4;
constexpr int most_losses = 2;                   // sent and lost: one replay, then no more (RFC 9110 9.2.2)

// A node's own error in Ollama's form: to a native client it goes on as it is.
struct Said {
  Fields fields;
  std::string body;
};

// How one attempt at one node ended: done (the client has its answer, or left), or a failure that may go elsewhere.
struct Attempt {
  bool done = false;
  bool elsewhere = false;   // another node may be tried
  bool lost = false;        // the request was sent, and no whole answer came back
  bool stale = false;       // lost on a pooled connection before any byte: the node may be well
  bool silent = false;      // no first byte in its time: the dispatch has the model loaded anew, and then the same node may answer
  Refusal refusal{};        // what the client hears when none is left
  std::optional<Said> said{};  // in the node's own words
};

Attempt done() { return {.done = true}; }
Attempt failed(Refusal refusal, bool elsewhere) { return {.elsewhere = elsewhere, .refusal = std::move(refusal)}; }
Attempt lost(Refusal refusal, bool stale = false) {
  return {.elsewhere = true, .lost = true, .stale = stale, .refusal = std::move(refusal)};
}

Refusal transport(const Call& call, const wire::NodeError& error) {
  if (error.what == wire::NodeError::What::closed_by_us) return draining();
  Refusal refusal{.code = "node_lost", .side = Side::node, .status = 502, .sentence = ""};
  if (error.what == wire::NodeError::What::timeout) {
    refusal.code = "node_silent";
    refusal.status = 504;
  }
  refusal.sentence = call.grant.model.spelt() + " on " + call.grant.node + " gave no answer: " + error.sentence;
  return refusal;
}

std::string_view node_path(Kind kind) {
  switch (kind) {
    case Kind::generate: return "/api/generate";
    case Kind::embed: return "/api/embed";
    case Kind::embeddings: return "/api/embeddings";
    case Kind::show: return "/api/show";
    default: return "/api/chat";
  }
}

// Statuses after which another node may do better: it is full, it fails, or it lacks the model after all.
bool worth_elsewhere(int status) { return status == 404 || status == 429 || status >= 500; }

bool wants_done(Kind kind) { return kind == Kind::chat || kind == Kind::generate || api::translated(kind); }

void count(Call& call, const api::AnswerWatch& watch, Ticket& ticket, Ending ending) {
  Outcome& outcome = ticket.outcome;
  outcome.ending = ending;
  outcome.content_began = watch.content();
  outcome.prompt_tokens = watch.usage().prompt_tokens;
  outcome.output_tokens = watch.usage().output_tokens;
  outcome.prompt_time = watch.usage().prompt_time;
  outcome.output_time = watch.usage().output_time;
  call.outcome = outcome;
}

ReplyHead head_for_client(const Call& call, const wire::CheckedReply& node, bool translated) {
  ReplyHead head{.status = node.head.status, .reason = std::string(reason_phrase(node.head.status)), .fields = {}};
  if (translated) head.fields.push_back({"Content-Type", call.ask.stream ? "text/event-stream" : "application/json"});
  else head.fields = wire::to_client(node.head.fields);
  if (call.ask.stream && (call.route.kind == Kind::responses || call.route.kind == Kind::messages)) head.fields.push_back({"Cache-Control", "no-cache"});
  for (Field& field : told(call)) head.fields.push_back(std::move(field));
  return head;
}

// Null for a native route.
std::unique_ptr<api::Translation> translation(const Call& call, const api::Members& members) {
  return api::translation(call.route.kind, members,
                          {.unique = id_text(call.id).substr(2) + "-" + std::to_string(call.began.time_since_epoch().count() % 1'000'000'007),
                           .created = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count(),
                           .model = call.ask.asked_model,
                           .tokens = call.ask.tokens});
}

// A stream was asked for, and the node said all of it at once.
Result<std::string> as_stream(api::Translation& translation, std::string_view body) {
  std::string out;
  translation.take(body, out);
  translation.finish(out);
  return {boost::system::in_place_value, std::move(out)};
}

// The node's whole (non-streamed) answer.
wire::Task<Attempt> pass_whole(Call& call, api::Translation* translation, wire::Connection& connection,
                               const wire::CheckedReply& node, Ticket& ticket) {
  auto body = co_await connection.read_rest(most_answer, call.settings->between_chunks);
  if (!body) co_return lost(transport(call, body.error()));
  api::AnswerWatch watch;
  watch.see(*body);
  const bool whole = !wants_done(call.route.kind) || watch.done();
  if (!whole || watch.error()) {
    count(call, watch, ticket, Ending::node_failed);
    co_return lost({.code = "node_not_whole", .side = Side::node, .status = 502,
                      .sentence = watch.error() ? *watch.error()
                                                : call.grant.model.spelt() + " on " + call.grant.node +
                                                      " answered without done:true, so the answer is not whole; ask again"});
  }
  std::string out;
  if (translation) {
    Result<std::string> rendered = call.ask.stream ? as_stream(*translation, *body) : translation->whole(*body);
    if (!rendered) co_return failed(rendered.error(), false);
    out = std::move(*rendered);
  } else {
    api::Rename(call.grant.model.spelt(), call.ask.asked_model).apply(*body, out);
  }
  if (call.client.begun()) {  // by a filler: an event stream was promised
    count(call, watch, ticket, Ending::node_failed);
    co_return failed({.code = "node_not_whole", .side = Side::node, .status = 502,
                      .sentence = call.grant.model.spelt() + " on " + call.grant.node + " answered a stream with one object; ask again"}, true);
  }
  count(call, watch, ticket, Ending::ok);
  call.status = node.head.status;
  call.first_byte = std::chrono::steady_clock::now();
  call.client.send(head_for_client(call, node, translation != nullptr), std::move(out), call.house->draining);
  co_return done();
}

wire::Task<Attempt> pass_stream(Call& call, api::Translation* translation, wire::Connection& connection,
                                const wire::CheckedReply& node, Ticket& ticket) {
  std::unique_ptr<Watched> passage;
  if (translation) passage = std::make_unique<TranslatedPassage>(call, *translation);
  else passage = std::make_unique<NativePassage>(call, call.grant.model.spelt(), call.ask.asked_model);
  const wire::RelayLimits limits{.between = call.settings->between_chunks,
                                 .stream_buffer = static_cast<std::size_t>(call.settings->limits.stream_buffer),
                                 .stream_buffers = &call.house->stream_buffers};
  call.status = node.head.status;
  const wire::RelayEnd end = co_await wire::relay(call.client, connection, head_for_client(call, node, translation != nullptr), *passage, limits);
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
  ticket.outcome.ending = status >= 500 ? Ending::node_failed : Ending::refused;
  ticket.outcome.error = api::parse_error(*body);
  Refusal refusal{.code = status == 404 ? "model_missing" : "node_refused", .side = status >= 500 ? Side::node : Side::client,
                  .status = status, .sentence = api::parse_error(*body), .ollama_text = true};
  if (status == 503 || status == 429) refusal.retry_after_s = 2;
  Attempt result = failed(std::move(refusal), worth_elsewhere(status));
  if (call.route.dialect == Dialect::ollama && body->starts_with("{\"error\":")) result.said = Said{wire::to_client(node.head.fields), std::move(*body)};
  co_return result;
}

void give_up(Call& call, const Refusal& refusal, std::optional<Said> said) {
  if (!said || call.client.begun()) return refuse(call, refusal);
  ReplyHead head{.status = refusal.status, .reason = std::string(reason_phrase(refusal.status)), .fields = std::move(said->fields)};
  if (refusal.retry_after_s && !has(head.fields, "Retry-After")) head.fields.push_back({"Retry-After", std::to_string(*refusal.retry_after_s)});
  for (Field& field : told(call)) head.fields.push_back(std::move(field));
  call.status = refusal.status;
  call.error = refusal.code;
  call.side = refusal.side;
  call.client.send(std::move(head), std::move(said->body));
}

wire::Task<Attempt> attempt(Call& call, const api::Members& members, Ticket& ticket, bool fresh) {
  const Address* address = nullptr;
  if (const NodeSettings* node = call.settings->node(call.grant.node)) address = &node->addresses.front();
  if (!address) co_return failed({.code = "node_gone", .side = Side::router, .status = 503,
                                  .sentence = "node " + call.grant.node + " left the configuration", .retry_after_s = 1}, true);
  call.link = to_text(*address);
  const std::string_view body = call.request.body.view();
  const api::Edits edits{.model = call.grant.model.spelt(),
                         .num_ctx = call.grant.num_ctx,
                         .keep_alive = call.grant.keep_alive ? std::optional(api::json_text(*call.grant.keep_alive)) : std::nullopt,
                         .use_mmap = call.grant.use_mmap};
  if (const auto shift = members.value("shift"); shift && edits.keep_alive && shift.in(body) != "null") call.ignored = "shift " + std::string(shift.in(body));
  Result<api::Pieces> pieces = api::Pieces{};
  const auto translated = translation(call, members);
  if (translated) pieces = translated->to_native(members, call.ask, edits);
  else pieces = api::splice(body, members, edits);
  if (!pieces) {
    ticket.outcome = {.ending = Ending::refused, .sent = false};
    co_return failed(pieces.error(), false);
  }

  wire::Client::Watch watch;
  auto connection = co_await call.house->upstream.connect(
      *address, [&](std::function<void()> stop) { watch = call.client.on_gone(std::move(stop)); }, fresh);
  if (call.client.gone()) co_return done();
  if (!connection) {
    ticket.outcome = {.ending = Ending::node_failed, .sent = false, .error = connection.error().sentence};
    call.house->watch.look(call.grant.node);
    co_return failed(transport(call, connection.error()), true);
  }
  watch = call.client.on_gone(connection->closer());
  const Asked asked(*call.house, call.id, connection->closer());
  RequestHead head{.method = "POST", .target = std::string(translated ? translated->path() : node_path(call.route.kind)),
                   .fields = wire::to_node(call.request.head.fields, via)};
  set(head.fields, "Content-Type", "application/json");
  ticket.outcome.sent = true;
  auto node = co_await connection->exchange(std::move(head), pieces->views, call.settings->first_byte);
  if (call.client.gone()) co_return done();
  if (!node) {
    ticket.outcome.ending = Ending::node_failed;
    ticket.outcome.error = node.error().sentence;
    call.house->watch.look(call.grant.node);
    if (node.error().nothing_sent) co_return failed(transport(call, node.error()), true);
    Attempt gone = lost(transport(call, node.error()), connection->reused() && node.error().what == wire::NodeError::What::lost);
    ticket.outcome.silent = node.error().what == wire::NodeError::What::timeout;
    gone.silent = ticket.outcome.silent && call.grant.keep_alive;  // under passthrough nothing is loaded anew
    co_return gone;
  }
  Attempt result;
  if (node->head.status != 200) result = co_await pass_error(call, *connection, *node, ticket);
  else if (call.ask.stream && node->framing == wire::Framing::chunked)
    result = co_await pass_stream(call, translated.get(), *connection, *node, ticket);
  else result = co_await pass_whole(call, translated.get(), *connection, *node, ticket);
  if (call.client.gone() && !result.done) result = done();
  call.house->upstream.keep(std::move(*connection));
  co_return result;
}

}  // namespace

// Elsewhere freely while nothing was sent; once more if it was sent and lost, first on another node, else on the same one: on a fresh
// connection when the lost one was an old one, or once the model that was silent is loaded anew; never after the first content byte.
wire::Task<void> forward(Call& call, const api::Members& members) {
  std::optional<Refusal> last;
  std::optional<Said> said;
  int losses = 0;
  bool stale = false, silent = false, back = false;
  for (int tried = 0; tried < most_attempts; ++tried) {
    auto ticket = co_await call.house->desk.admit(call.ask, call.client);
    if (!ticket) {
      call.status = ticket.error().status;
      call.error = ticket.error().code;
      call.side = ticket.error().side;
      if (call.client.gone()) co_return;
      if ((stale || silent) && !back) {
        back = true;
        call.ask.avoid.clear();
        continue;
      }
      const bool tried_last = last && !(back && silent);  // else the way back has its own reason
      Refusal refusal = tried_last ? *last : ticket.error();
      // Every candidate was tried: a client's own retry would not help, but where a node only said that it is full.
      if (tried_last && last->code != "node_refused") refusal.retry_after_s.reset();
      give_up(call, refusal, std::move(said));
      co_return;
    }
    call.grant = ticket->grant();
    call.error.clear();
    call.side.reset();
    Attempt result = co_await attempt(call, members, *ticket, back);
    if (result.done || call.client.gone()) {
      if (call.client.gone() && call.status == 0) call.status = 499;
      co_return;
    }
    if (ticket->outcome.ending == Ending::client_left) ticket->outcome.ending = Ending::node_failed;  // it has not left
    last = result.refusal;
    said = std::move(result.said);
    stale = result.stale;
    silent = result.silent;
    losses += result.lost;
    if (!result.elsewhere || !call.ask.repeatable || losses >= most_losses || last->code == "draining") break;
    call.ask.avoid.push_back(call.grant.node);
  }
  give_up(call, *last, std::move(said));
}

}  // namespace rr::app
