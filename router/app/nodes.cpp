#include "app/nodes.hpp"

#include "api/engines/openai_reply.hpp"
#include "api/node_speech.hpp"
#include "api/usage.hpp"

#include <algorithm>
#include <array>

namespace rr::app {

namespace {

constexpr std::size_t most_body = 16u << 20;
constexpr Duration probe_patience = std::chrono::seconds(5), link_patience = std::chrono::seconds(2), trial_patience = std::chrono::seconds(30);

// The rest of a conversation goes where its first answer came from: no address is waited for twice.
void stay(Peer& peer, const Address& over) {
  std::stable_partition(peer.way.begin(), peer.way.end(), [&](const Address& a) { return a == over; });
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Peer peer(const NodeSettings& node, Addresses way) { return {.type = node.type, .key = node.api_key, .way = std::move(way)}; }

Refusal Nodes::down(const wire::NodeError& error) {
  const bool refused = error.what == wire::NodeError::What::refused;
  return {.code = refused ? "node_refused" : "node_down", .side = Side::node, .status = 503, .sentence = error.sentence};
}

wire::Task<wire::NodeResult<Nodes::Answer>> Nodes::ask(Peer peer, std::string method, std::string path, std::string body,
                                                       Duration patience) {
  auto connection = co_await upstream_.connect(std::move(peer.way));
  if (!connection) co_return connection.error();
  RequestHead head{.method = method, .target = path, .fields = {}};
  if (!body.empty()) head.fields.push_back({"Content-Type", "application/json"});
  if (!peer.key.empty()) head.fields.push_back({"Authorization", "Bearer " + peer.key});
  const std::array<std::string_view, 1> pieces{body};
  auto reply = co_await connection->exchange(std::move(head), std::span(pieces).first(body.empty() ? 0 : 1), patience);
  if (!reply) co_return reply.error();
  auto rest = co_await connection->read_rest(most_body, patience);
  if (!rest) co_return rest.error();
  Answer answer{reply->head.status, std::move(*rest), connection->address()};
  upstream_.keep(std::move(*connection));
  co_return std::move(answer);
}

wire::Task<Result<Nodes::Lists>> Nodes::served(Peer to, Duration patience, std::string path) {
  const Time asked = std::chrono::steady_clock::now();
  auto answer = co_await ask(to, "GET", std::move(path), "", patience);
  if (!answer) co_return down(answer.error());
  const Duration took = std::chrono::steady_clock::now() - asked;
  auto list = api::parse_served(answer->status, answer->body);
  if (!list) co_return list.error();
  co_return Lists{std::move(*list), took, answer->over};
}

wire::Task<Result<Nodes::Heard>> Nodes::ps(Peer to) {
  if (to.type == EngineType::exo) {
    auto state = co_await placed(to);
    if (!state) co_return state.error();
    co_return Heard{api::exo_residents(state->instances), state->rtt, state->over};
  }
  if (!engine(to.type).native) {
    auto lists = co_await served(to, probe_patience);
    if (!lists) co_return lists.error();
    co_return Heard{std::move(lists->served.residents), lists->rtt, lists->over};
  }
  const Time asked = std::chrono::steady_clock::now();
  auto answer = co_await ask(to, "GET", "/api/ps", "", probe_patience);
  if (!answer) co_return down(answer.error());
  const Time heard = std::chrono::steady_clock::now();
  auto residents = api::parse_ps(answer->body, heard, wall_seconds());
  if (!residents) co_return residents.error();
  co_return Heard{std::move(*residents), heard - asked, answer->over};
}

wire::Task<Result<Nodes::Stock>> Nodes::stock(Peer to) {
  if (!engine(to.type).native) {
    std::string path = to.type == EngineType::exo ? "/v1/models?status=downloaded" : "/v1/models";
    auto lists = co_await served(to, probe_patience, std::move(path));
    if (!lists) co_return lists.error();
    co_return Stock{"", std::move(lists->served.models)};
  }
  auto version = co_await ask(to, "GET", "/api/version", "", probe_patience);
  if (!version) co_return down(version.error());
  auto said = api::parse_version(version->body);
  if (!said) co_return said.error();
  stay(to, version->over);
  auto tags = co_await ask(to, "GET", "/api/tags", "", probe_patience);
  if (!tags) co_return down(tags.error());
  auto models = api::parse_tags(tags->body);
  if (!models) co_return models.error();
  co_return Stock{std::move(*said), std::move(*models)};
}

wire::Task<Result<Duration>> Nodes::probe(Peer over) {
  if (over.type == EngineType::openai) {
    auto lists = co_await served(over, link_patience);
    if (!lists) co_return lists.error();
    co_return lists->rtt;
  }
  const Time asked = std::chrono::steady_clock::now();
  const bool exo = over.type == EngineType::exo;
  std::string path = exo ? "/node_id" : "/api/version";
  auto answer = co_await ask(over, "GET", std::move(path), "", link_patience);
  if (!answer) co_return down(answer.error());
  const Duration took = std::chrono::steady_clock::now() - asked;
  if (answer->status == 200 && (exo ? answer->body.starts_with('"') : api::parse_version(answer->body).has_value())) co_return took;
  co_return Refusal{.code = "node_garbage", .side = Side::node, .status = 502,  // a captive portal, or another machine that has this address here
                    .sentence = to_text(answer->over) + " answers, but not as " + std::string(engine(over.type).title) + " does"};
}

wire::Task<std::optional<std::set<std::string>>> Nodes::capabilities(Peer to, ModelName model) {
  if (!engine(to.type).native) co_return std::nullopt;
  auto answer = co_await ask(to, "POST", "/api/show", api::show_order(model), probe_patience);
  if (!answer || answer->status != 200) co_return std::nullopt;
  co_return api::parse_capabilities(answer->body);
}

wire::Task<std::optional<Nodes::Trouble>> Nodes::load(Peer to, Load load, Duration patience) {
  if (to.type == EngineType::exo) co_return co_await place(std::move(to), load.model, patience);
  auto order = api::load_order(load.model, load.num_ctx, load.keep_alive, load.use_mmap, load.embedding);
  auto answer = co_await ask(to, "POST", order.path, order.body, patience);
  if (!answer) co_return Trouble{answer.error().sentence, 0, answer.error().link};
  if (answer->status != 200) co_return Trouble{api::parse_error(answer->body), answer->status};
  co_return std::nullopt;
}

wire::Task<std::optional<Nodes::Trouble>> Nodes::unload(Peer to, ModelName model) {
  if (to.type == EngineType::exo) co_return co_await take_away(std::move(to), std::move(model));
  auto order = api::unload_order(model);
  auto answer = co_await ask(to, "POST", order.path, order.body, std::chrono::seconds(30));
  if (!answer) co_return Trouble{answer.error().sentence, 0, answer.error().link};
  if (answer->status != 200) co_return Trouble{api::parse_error(answer->body), answer->status};
  co_return std::nullopt;
}

wire::Task<std::optional<Nodes::Trouble>> Nodes::try_out(Peer to, Try trial) {
  std::string body = api::tiny_order(trial.model, trial.num_ctx, trial.keep_alive, trial.use_mmap), path = "/api/chat";
  const bool native = engine(to.type).native;
  if (!native) {
    const api::EngineOrder order = api::openai_order("/api/chat", std::move(body));
    body = order.body.joined();
    path = order.path;
  }
  auto answer = co_await ask(to, "POST", std::move(path), std::move(body), trial_patience);
  if (!answer) co_return Trouble{answer.error().sentence, 0, answer.error().link};
  if (answer->status != 200) co_return Trouble{api::parse_error(answer->body), answer->status};
  std::string said = std::move(answer->body);
  if (!native) {
    auto read = api::OpenAiReply(api::NativeShape::chat, trial.model.spelt(), "", [] { return std::chrono::steady_clock::now(); }).whole(said);
    if (!read) co_return Trouble{read.error().sentence, answer->status};
    said = std::move(*read);
  }
  api::AnswerWatch watch;
  watch.see(said);
  if (watch.error()) co_return Trouble{*watch.error(), answer->status};
  if (!watch.done()) co_return Trouble{"a tiny request was not answered whole", answer->status};
  co_return std::nullopt;
}

}  // namespace rr::app
