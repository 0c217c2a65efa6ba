#include "app/serve.hpp"

#include "api/listing.hpp"
#include "api/say_no.hpp"
#include "app/admin_rule.hpp"
#include "app/call.hpp"
#include "app/direct.hpp"
#include "app/drain.hpp"
#include "app/explain.hpp"
#include "app/filler.hpp"
#include "app/forward.hpp"
#include "app/record.hpp"
#include "app/vet.hpp"
#include "app/why.hpp"
#include "domain/door.hpp"
#include "wire/aside.hpp"
#include "wire/zstd.hpp"

#include <new>

namespace rr::app {

namespace {

constexpr std::string_view plain = "text/plain; charset=utf-8";

wire::ClientLimits limits(const House& house) {
  wire::ClientLimits limits = house.client_limits;
  limits.body = static_cast<std::uint64_t>(house.settings->limits.body);
  return limits;
}

// Between head and body: the page rules, the table of paths, the stop. Nothing of the body is read for a request that fails here.
std::optional<Refusal> check(const House& house, const wire::Client& client, const RequestHead& head, api::Route& route) {
  if (auto refusal = vet(head, *house.settings)) return refusal;
  if (preflight(head)) return std::nullopt;
  if (auto refusal = key_required(head.fields, loopback_peer(client), house.settings->api_key)) return refusal;
  auto found = api::route(head);
  if (!found) return found.error();
  route = std::move(*found);
  if (auto refusal = packed_refused(head, route.kind)) return refusal;
  if (house.draining && route.kind != Kind::health && route.kind != Kind::live) return draining();
  if (route.kind == Kind::blob) return blob_refused(house, route, head);
  return std::nullopt;
}

// The dialect in which a refusal of this head is said.
Dialect dialect_of(const RequestHead& head) {
  if (auto route = api::route(head)) return route->dialect;
  return head.target.find("/v1/") != std::string::npos ? Dialect::openai : Dialect::ollama;
}

void health(Call& call) {
  const Time now = std::chrono::steady_clock::now();
  Picture picture = call.house->desk.dispatch().picture(now);
  for (std::string& warning : call.house->complaints()) picture.warnings.push_back(std::move(warning));
  auto told = api::health(picture, *call.settings, call.house->adoption,
                          now - call.house->started, now);
  reply(call, told.status, json_utf8, std::move(told.body));
}

void one_model(Call& call) {
  if (ModelName(call.route.model_id).cloud() && !call.settings->cloud.open) return refuse(call, cloud_closed(call.route.model_id));
  auto found = api::v1_model(call.route.model_id, call.house->desk.dispatch().fleet(), *call.settings);
  if (!found) return refuse(call, found.error());
  reply(call, 200, "application/json", std::move(*found));
}

// An estimate, and it says so: only the model's own tokenizer could count.
void count_tokens(Call& call) {
  const int seen = call.house->desk.dispatch().guess().seen(call.ask.model);
  call.extra.push_back({"X-Router-Estimate", seen > 0 ? "learnt from " + std::to_string(seen) + (seen == 1 ? " prompt of " : " prompts of ") + call.ask.model.spelt()
                                                      : "by bytes: no prompt of " + call.ask.model.spelt() + " was counted yet"});
  reply(call, 200, "application/json", "{\"input_tokens\":" + std::to_string(call.ask.tokens) + "}\n");
}

// A large body is read beside the loop: nobody's stream waits for it.
wire::Task<Result<api::Members>> understand(Call& call) {
  const std::string_view body = call.request.body.view();
  const Kind kind = call.route.kind;
  if (body.size() < large_body) co_return api::read_members(body, kind);
  co_return co_await wire::aside(call.house->io.get_executor(), [body, kind] { return api::read_members(body, kind); });
}

// What needs a node: read the body, find role and model, wait for a seat, forward, relay.
wire::Task<void> infer(Call& call) {
  auto members = co_await understand(call);
  if (!members) {
    refuse(call, members.error());
    co_return;
  }
  if (wants_cloud(call, *members)) {
    co_await forward_cloud(call, *members);
    co_return;
  }
  if (auto refusal = chooses_in_vain(call)) co_return refuse(call, *refusal);
  const api::Circumstance circumstance{*call.settings, *call.names, call.house->desk.dispatch().fleet(),
                                       call.house->session_key, &call.house->desk.dispatch().guess()};
  auto ask = api::classify(call.request.head, call.route, *members, circumstance);
  if (!ask) {
    refuse(call, ask.error());
    co_return;
  }
  ask->id = call.id;
  if (const NodeName said = said_node(call.route, call.request.head); !said.empty()) ask->nodes = {said};  // of /api/show
  call.ask = *ask;
  if (call.route.kind == Kind::count_tokens) {
    count_tokens(call);
  } else if (call.route.kind == Kind::show) {
    co_await forward_show(call, *members);
  } else if (ask->purpose == Purpose::unload) {
    unload(call);
  } else {
    const Filler filler(call);
    co_await forward(call, *members);
  }
}

// What the nodes have, or the one that the request names.
Fleet listed(const Call& call) {
  const Fleet& fleet = call.house->desk.dispatch().fleet();
  const NodeName said = said_node(call.route, call.request.head);
  const NodeBelief* one = said.empty() ? nullptr : fleet.node(said);
  return one ? Fleet{.nodes = {*one}} : fleet;
}

wire::Task<void> answer(Call& call) {
  const Fleet& fleet = call.house->desk.dispatch().fleet();
  if (auto refusal = wrong_node(call)) co_return refuse(call, *refusal);
  if (const Kind kind = call.route.kind; kind == Kind::explain || kind == Kind::request)
    if (auto refusal = admin_only_outside(call)) co_return refuse(call, *refusal);
  switch (call.route.kind) {
    case Kind::root: reply(call, 200, plain, "Ollama is running"); break;
    case Kind::version: reply(call, 200, json_utf8, api::version(fleet)); break;
    case Kind::tags: reply(call, 200, json_utf8, api::tags(listed(call), *call.settings)); break;
    case Kind::ps: reply(call, 200, json_utf8, api::ps(listed(call))); break;
    case Kind::models: reply(call, 200, "application/json", api::v1_models(fleet, *call.settings)); break;
    case Kind::model: one_model(call); break;
    case Kind::health: health(call); break;
    case Kind::live: reply(call, 200, json_utf8, "{\"status\":\"live\"}\n"); break;
    case Kind::explain: answer_explain(call); break;
    case Kind::request: answer_story(call); break;
    case Kind::admin: co_await answer_drain(call); break;
    case Kind::manage: co_await forward_managed(call); break;
    case Kind::blob: co_await forward_blob(call); break;
    case Kind::web: co_await forward_web(call); break;
    case Kind::known_refused: refuse(call, api::refuse_known(call.route)); break;
    default: co_await infer(call); break;
  }
}

// A body that came packed takes the place of what it unpacks to; false: it was refused.
wire::Task<bool> unpack(Call& call) {
  const std::size_t most = std::min(wire::most_unpacked, static_cast<std::size_t>(call.settings->limits.body));
  auto whole = co_await wire::unzstd(call.request.body.view(), call.house->bodies, most);
  if (!whole) {
    refuse(call, whole.error());
    co_return false;
  }
  call.request.body = std::move(*whole);
  std::erase_if(call.request.head.fields, [](const Field& field) { return same_name(field.name, "Content-Encoding"); });
  co_return true;
}

// This request's own: what it held is free again, and the others go on.
void short_of_memory(Call& call) {
  call.request.body.give_back();
  if (call.client.begun()) return call.client.cut();
  refuse(call, {.code = "memory_short", .side = Side::router, .status = 503,
                .sentence = "this machine has no memory left for a request of " + std::to_string(call.body_bytes >> 20) + " MiB: send less, or lower limits.body and limits.bodies",
                .retry_after_s = 10});
}

// Counts what is between a head and the end of its answer, for draining.
struct Answering {
  explicit Answering(House& h) : house(h) { ++house.answering; }
  ~Answering() { --house.answering; }
  Answering(const Answering&) = delete;
  House& house;
};

struct Enrolled {
  Enrolled(House& h, wire::Client& c) : house(h), client(c) { house.clients.insert(&client); }
  ~Enrolled() { house.clients.erase(&client); }
  Enrolled(const Enrolled&) = delete;
  House& house;
  wire::Client& client;
};

// From the end of one answer to the next request's head: over limits.connections this one may be closed for a new one.
struct Resting {
  Resting(House& h, wire::Client& c) : house(h), at(h.resting.insert(h.resting.end(), &c)) {}
  ~Resting() { over(); }
  Resting(const Resting&) = delete;
  void over() {
    if (std::exchange(rests, false)) house.resting.erase(at);
  }
  House& house;
  std::list<wire::Client*>::iterator at;
  bool rests = true;
};

// One request, read and vetted, to the end of its answer. Of its own, so that a connection that rests holds nothing of it.
wire::Task<void> serve_one(std::shared_ptr<House> house, wire::Client& client, wire::Request request, api::Route route, Time began) {
  const Answering answering(*house);
  Call call{.house = house,
            .settings = house->settings,
            .names = house->names,
            .client = client,
            .request = std::move(request),
            .route = std::move(route),
            .id = house->desk.next_id(),
            .began = began};
  call.body_bytes = static_cast<std::int64_t>(call.request.body.view().size());
  call.extra = cors_fields(call.request.head);
  if (preflight(call.request.head)) {
    call.extra = preflight_fields(call.request.head);
    reply(call, 204, "", "");
  } else {
    bool plain_body = !packed(call.request.head);
    if (!plain_body) plain_body = co_await unpack(call);
    bool no_memory = false;
    try {
      if (plain_body) co_await answer(call);
    } catch (const std::bad_alloc&) {
      no_memory = true;
    }
    if (no_memory && !call.client.gone()) short_of_memory(call);
  }
  record(call);
  co_await client.drained();
}

}  // namespace

wire::Task<void> serve(std::shared_ptr<House> house, wire::Socket socket) {
  wire::Client client(std::move(socket), limits(*house), house->bodies);
  const Enrolled enrolled(*house, client);
  for (;;) {
    Dialect dialect = Dialect::ollama;
    api::Route route;
    Unread seen;
    Time began = std::chrono::steady_clock::now();
    Resting resting(*house, client);
    auto received = co_await client.read_request([&](const RequestHead& head, std::uint64_t) {
      resting.over();
      began = std::chrono::steady_clock::now();
      seen = {.method = head.method, .path = head.target.substr(0, head.target.find('?'))};
      auto refusal = check(*house, client, head, route);
      if (refusal) dialect = dialect_of(head);
      return refusal;
    }, [&](const RequestHead& head) { return route.kind == Kind::blob && head.method == "POST"; });
    resting.over();
    if (std::holds_alternative<wire::Closed>(received)) co_return;
    if (auto* refusal = std::get_if<Refusal>(&received)) {
      const TicketId id = house->desk.next_id();
      api::Spoken spoken = api::say_no(*refusal, dialect, id_text(id));
      spoken.head.fields.push_back({"X-Router-Request", id_text(id)});
      record(*house, id, seen, began, *refusal);
      client.send(std::move(spoken.head), std::move(spoken.body), true);
      co_await client.drained();
      co_return;
    }
    co_await serve_one(house, client, std::move(std::get<wire::Request>(received)), std::move(route), began);
    if (!client.reusable() || house->draining) co_return;
  }
}

}  // namespace rr::app
