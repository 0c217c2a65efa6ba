#include "app/nodes.hpp"

#include "api/node_speech.hpp"

#include <array>

namespace rr::app {

namespace {

constexpr std::size_t most_body = 16u << 20;
constexpr Duration probe_patience = std::chrono::seconds(5);

Refusal node_down(const wire::NodeError& error) {
  const bool refused = error.what == wire::NodeError::What::refused;
  return {.code = refused ? "node_refused" : "node_down", .side = Side::node, .status = 503, .sentence = error.sentence};
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

wire::Task<Result<Nodes::Answer>> Nodes::ask(Address address, std::string method, std::string path, std::string body,
                                             Duration patience) {
  auto connection = co_await upstream_.connect(address);
  if (!connection) co_return node_down(connection.error());
  RequestHead head{.method = method, .target = path, .fields = {}};
  if (!body.empty()) head.fields.push_back({"Content-Type", "application/json"});
  const std::array<std::string_view, 1> pieces{body};
  auto reply = co_await connection->exchange(std::move(head), std::span(pieces).first(body.empty() ? 0 : 1), patience);
  if (!reply) co_return node_down(reply.error());
  auto rest = co_await connection->read_rest(most_body, patience);
  if (!rest) co_return node_down(rest.error());
  upstream_.keep(std::move(*connection));
  co_return Answer{reply->head.status, std::move(*rest)};
}

wire::Task<Result<Nodes::Heard>> Nodes::ps(Address address) {
  const Time asked = std::chrono::steady_clock::now();
  auto answer = co_await ask(address, "GET", "/api/ps", "", probe_patience);
  if (!answer) co_return answer.error();
  const Time heard = std::chrono::steady_clock::now();
  auto residents = api::parse_ps(answer->body, heard, wall_seconds());
  if (!residents) co_return residents.error();
  co_return Heard{std::move(*residents), heard - asked};
}

wire::Task<Result<Nodes::Stock>> Nodes::stock(Address address) {
  auto version = co_await ask(address, "GET", "/api/version", "", probe_patience);
  if (!version) co_return version.error();
  auto said = api::parse_version(version->body);
  if (!said) co_return said.error();
  auto tags = co_await ask(address, "GET", "/api/tags", "", probe_patience);
  if (!tags) co_return tags.error();
  auto models = api::parse_tags(tags->body);
  if (!models) co_return models.error();
  co_return Stock{std::move(*said), std::move(*models)};
}

wire::Task<std::optional<std::set<std::string>>> Nodes::capabilities(Address address, ModelName model) {
  auto answer = co_await ask(address, "POST", "/api/show", api::show_order(model), probe_patience);
  if (!answer || answer->status != 200) co_return std::nullopt;
  co_return api::parse_capabilities(answer->body);
}

wire::Task<std::optional<Nodes::Trouble>> Nodes::load(Address address, Load load, Duration patience) {
  auto order = api::load_order(load.model, load.num_ctx, load.keep_alive, load.use_mmap, load.embedding);
  auto answer = co_await ask(address, "POST", order.path, order.body, patience);
  if (!answer) co_return Trouble{answer.error().sentence, 0};
  if (answer->status != 200) co_return Trouble{api::parse_error(answer->body), answer->status};
  co_return std::nullopt;
}

wire::Task<std::optional<Nodes::Trouble>> Nodes::unload(Address address, ModelName model) {
  auto order = api::unload_order(model);
  auto answer = co_await ask(address, "POST", order.path, order.body, std::chrono::seconds(30));
  if (!answer) co_return Trouble{answer.error().sentence, 0};
  if (answer->status != 200) co_return Trouble{api::parse_error(answer->body), answer->status};
  co_return std::nullopt;
}

}  // namespace rr::app
