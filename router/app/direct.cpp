#include "app/direct.hpp"

#include "api/managed.hpp"
#include "api/percent.hpp"
#include "app/straight.hpp"
#include "domain/door.hpp"

#include <algorithm>

namespace rr::app {

namespace {

Refusal no(std::string code, int status, std::string sentence, bool ollama_text = false) {
  return {.code = std::move(code), .side = Side::client, .status = status, .sentence = std::move(sentence), .ollama_text = ollama_text};
}

std::string trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  return from == text.npos ? "" : std::string(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1));
}

// Management is closed, or a role asks.
std::optional<Refusal> closed(const Settings& settings, const api::Route& route, const RequestHead& head) {
  if (!settings.management.open) return management_closed(route.path);
  if (!route.role.empty()) return role_may_not(route.role, route.path);
  if (const auto role = find(head.fields, "X-Agent-Role"); !role.empty()) return role_may_not(std::string(role), route.path);
  return std::nullopt;
}

// "sha256:" or "sha256-" and 64 hexadecimal digits, as Ollama wants it.
bool is_digest(std::string_view text) {
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  return text.size() == 71 && text.starts_with("sha256") && (text[6] == ':' || text[6] == '-') && std::all_of(text.begin() + 7, text.end(), hex);
}

// What every name of a management request must pass: it is written plainly, and it is no role's.
std::optional<Refusal> name_refused(const Call& call, const std::string& name) {
  const auto printable = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!std::all_of(name.begin(), name.end(), printable)) return no("model_name", 400, "invalid model name", true);
  constexpr std::string_view latest = ":latest";
  std::string_view bare = name;
  if (bare.ends_with(latest)) bare.remove_suffix(latest.size());
  if (const RoleSettings* role = call.names->find(bare))
    return no("model_name", 400, name + " is a role, not a model: name a model, such as the role's " + role->model.spelt());
  return std::nullopt;
}

struct Names {  // trimmed
  std::string model, from, source, destination, remote_host;
};

std::optional<Refusal> names_refused(const Call& call, const Names& names) {
  const bool deletes = call.route.path == "/api/delete";
  for (const std::string* name : {&names.model, &names.from, &names.source, &names.destination}) {
    if (auto refusal = name_refused(call, *name)) return refusal;
    if (!deletes && !call.settings->cloud.open && ModelName(*name).cloud()) return cloud_closed(*name);
  }
  if (!names.remote_host.empty() && !call.settings->cloud.open) return cloud_closed(names.model + " (member remote_host)");
  return std::nullopt;
}

// A role's model is not taken away under it: not deleted, not written over. A pull brings it up to date, which is what is wanted.
std::optional<Refusal> role_in_the_way(const Call& call, const Names& names, const NodeName& node) {
  const std::string& path = call.route.path;
  if (path == "/api/delete") return in_use(ModelName(names.model), node, *call.settings);
  if (path != "/api/create" && path != "/api/copy") return std::nullopt;
  const ModelName made(path == "/api/create" ? names.model : names.destination);
  const NodeBelief* belief = call.house->desk.dispatch().fleet().node(node);
  return belief && belief->find(made) ? in_use(made, node, *call.settings) : std::nullopt;
}

// The model whose only owner is meant when the node is not said.
ModelName owned(std::string_view path, const Names& names) {
  if (path == "/api/delete" || path == "/api/push") return ModelName(names.model);
  if (path == "/api/copy") return ModelName(names.source);
  return path == "/api/create" ? ModelName(names.from) : ModelName();
}

// However a request that may change a node's models ends: what it has is asked at once.
struct Stocktaking {
  Stocktaking(Call& c, NodeName n) : call(c), node(std::move(n)) {}
  ~Stocktaking() { call.house->watch.take_stock(node); }
  Stocktaking(const Stocktaking&) = delete;
  Call& call;
  NodeName node;
};

std::string cloud_name(const Call& call, const api::Members& members) {
  std::string name = trimmed(members.model.value_or(""));
  return name.empty() && call.route.kind == Kind::show ? trimmed(members.name.value_or("")) : name;
}

}  // namespace

NodeName said_node(const api::Route& route, const RequestHead& head) {
  if (!route.node.empty()) return route.node;
  const auto value = find(head.fields, "X-Router-Node");
  return value.empty() ? "" : api::decoded(value).value_or(std::string(value));
}

std::optional<Refusal> wrong_node(const Call& call) {
  const Kind kind = call.route.kind;
  if (kind == Kind::health || kind == Kind::live || kind == Kind::known_refused) return std::nullopt;
  const NodeName said = said_node(call.route, call.request.head);
  if (said.empty() || call.settings->node(said)) return std::nullopt;
  return node_unknown(said, *call.settings);
}

std::optional<Refusal> chooses_in_vain(const Call& call) {
  if (call.route.kind == Kind::show) return std::nullopt;
  const NodeName said = said_node(call.route, call.request.head);
  if (said.empty()) return std::nullopt;
  return no("node_not_chosen", 400,
            "the node of " + call.route.path + " follows from role and model: send it without /node/" + said +
                " and X-Router-Node, which are for management and cloud models, or change the role's node in the YAML");
}

std::optional<Refusal> blob_refused(const House& house, const api::Route& route, const RequestHead& head) {
  const Settings& settings = *house.settings;
  if (auto refusal = closed(settings, route, head)) return refusal;
  if (!is_digest(route.path.substr(route.path.rfind('/') + 1)) || std::count(route.path.begin(), route.path.end(), '/') != 3)
    return no("digest_invalid", 400, "invalid digest format", true);
  const Errand errand{.key = "management", .door = settings.management, .path = route.path, .said = said_node(route, head)};
  if (auto node = destination(errand, house.desk.dispatch().fleet(), settings); !node) return node.error();
  return std::nullopt;
}

wire::Task<void> forward_managed(Call& call) {
  if (auto refusal = closed(*call.settings, call.route, call.request.head)) co_return refuse(call, *refusal);
  Names names;
  if (call.route.path != "/api/me") {
    auto read = api::read_managed(call.request.body.view());
    if (!read) co_return refuse(call, read.error());
    names = {trimmed(read->model), trimmed(read->from), trimmed(read->source), trimmed(read->destination), trimmed(read->remote_host)};
  }
  call.ask.asked_model = names.model.empty() ? names.source : names.model;
  call.ask.model = ModelName(call.ask.asked_model);
  if (auto refusal = names_refused(call, names)) co_return refuse(call, *refusal);
  const Errand errand{.key = "management", .door = call.settings->management, .path = call.route.path,
                      .said = said_node(call.route, call.request.head), .model = owned(call.route.path, names)};
  auto node = destination(errand, call.house->desk.dispatch().fleet(), *call.settings);
  if (!node) co_return refuse(call, node.error());
  if (auto refusal = role_in_the_way(call, names, *node)) co_return refuse(call, *refusal);
  std::optional<Stocktaking> stock;
  if (call.route.path != "/api/push" && call.route.path != "/api/me") stock.emplace(call, *node);
  Way way{.node = *node};
  co_await send_straight(call, std::move(way));
}

wire::Task<void> forward_blob(Call& call) {
  const Errand errand{.key = "management", .door = call.settings->management, .path = call.route.path,
                      .said = said_node(call.route, call.request.head)};
  auto node = destination(errand, call.house->desk.dispatch().fleet(), *call.settings);
  if (!node) co_return refuse(call, node.error());
  Way way{.node = *node};
  if (call.request.in_pieces) co_await upload_straight(call, std::move(way));
  else co_await send_straight(call, std::move(way));
}

wire::Task<void> forward_web(Call& call) {
  if (!call.settings->cloud.open) co_return refuse(call, cloud_closed(call.route.path));
  const Errand errand{.key = "cloud", .door = call.settings->cloud, .path = call.route.path, .said = said_node(call.route, call.request.head)};
  auto node = destination(errand, call.house->desk.dispatch().fleet(), *call.settings);
  if (!node) co_return refuse(call, node.error());
  Way way{.node = *node, .first_byte = call.settings->first_byte, .between = call.settings->between_chunks};
  co_await send_straight(call, std::move(way));
}

bool wants_cloud(const Call& call, const api::Members& members) {
  if (!call.settings->cloud.open) return false;
  const std::string name = cloud_name(call, members);
  return ModelName(name).cloud() && !name.ends_with(":local:cloud");  // both is an error, said in Ollama's words elsewhere
}

wire::Task<void> forward_cloud(Call& call, const api::Members& members) {
  const std::string name = cloud_name(call, members);
  call.ask.asked_model = name;
  call.ask.model = ModelName(name);
  if (same_name(std::string_view(name).substr(0, 5), "role:"))
    co_return refuse(call, no("model_name", 400, "a cloud model has no role: name it alone, without role:"));
  const Errand errand{.key = "cloud", .door = call.settings->cloud, .path = call.route.path,
                      .said = said_node(call.route, call.request.head), .model = call.ask.model};
  auto node = destination(errand, call.house->desk.dispatch().fleet(), *call.settings);
  if (!node) co_return refuse(call, node.error());
  Way way{.node = *node, .first_byte = call.settings->first_byte, .between = call.settings->between_chunks, .cloud = true};
  co_await send_straight(call, std::move(way));
}

}  // namespace rr::app
