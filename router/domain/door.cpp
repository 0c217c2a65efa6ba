#include "domain/door.hpp"

#include <algorithm>

namespace rr {

namespace {

Refusal no(std::string code, int status, std::string sentence) {
  return {.code = std::move(code), .side = Side::client, .status = status, .sentence = std::move(sentence)};
}

std::string names(const Settings& settings, bool all = true) {
  std::string out;
  for (const NodeSettings& node : settings.nodes)
    if (all || engine(node.type).native) out += (out.empty() ? "" : ", ") + node.name;
  return out;
}

Refusal no_ollama(std::string_view path, const NodeName& node, const Settings& settings) {
  const std::string others = names(settings, false);
  return no("node_unknown", 400,
            std::string(path) + " is Ollama's, and on node " + node + " runs " + std::string(settings.runs(node).title) + (others.empty() ? "" : ". The nodes with Ollama: " + others));
}

// What does the same on the node itself.
std::string_view command(std::string_view path) {
  if (path == "/api/pull") return "ollama pull MODEL";
  if (path == "/api/push") return "ollama push MODEL";
  if (path == "/api/copy") return "ollama cp SOURCE TARGET";
  if (path == "/api/delete") return "ollama rm MODEL";
  return path == "/api/me" ? "ollama signin" : "ollama create MODEL";
}

bool begins(std::string_view name, std::string_view prefix) {
  return name.size() > prefix.size() && same_name(name.substr(0, prefix.size()), prefix);
}

bool of_a_proxy(std::string_view name) {
  return begins(name, "X-Forwarded-") || begins(name, "Cf-") || begins(name, "Tailscale-") || same_name(name, "Forwarded");
}

// Takes as long for every wrong key of one length.
bool same_secret(std::string_view said, std::string_view key) {
  unsigned differs = said.size() != key.size();
  for (std::size_t i = 0; i < said.size(); ++i) differs |= static_cast<unsigned>(said[i] ^ key[i % key.size()]);
  return differs == 0;
}

}  // namespace

Result<NodeName> destination(const Errand& errand, const Fleet& fleet, const Settings& settings) {
  const NodeName& said = errand.said.empty() ? errand.door.node : errand.said;
  if (!said.empty()) {
    if (!settings.node(said)) return node_unknown(said, settings);
    if (!settings.runs(said).native) return no_ollama(errand.path, said, settings);
    return {boost::system::in_place_value, said};
  }
  std::vector<NodeName> able;
  for (const NodeSettings& node : settings.nodes)
    if (engine(node.type).native) able.push_back(node.name);
  if (able.empty() && !settings.nodes.empty()) return no_ollama(errand.path, settings.nodes.front().name, settings);
  if (able.size() == 1) return {boost::system::in_place_value, able.front()};
  std::string owners = ": " + errand.model.spelt() + " is on none of them";
  NodeName owner;
  int count = 0;
  for (const NodeBelief& node : fleet.nodes) {
    if (errand.model.empty() || std::find(able.begin(), able.end(), node.name) == able.end() || !node.find(errand.model)) continue;
    owner = node.name;
    owners = ++count == 1 ? ": " + errand.model.spelt() + " is on " + owner : owners + " and " + owner;
  }
  if (count == 1) return {boost::system::in_place_value, owner};
  const std::string path(errand.path), key(errand.key);
  const std::string& one = able.empty() ? path : able.front();
  return no("node_unsaid", 400,
            path + " is for one node, and it is not said which of " + names(settings, false) + (errand.model.empty() ? "" : owners) +
                ". Say it by path (/node/" + one + path + "), by header (X-Router-Node: " + one + ") or in the YAML (" + key +
                ": " + one + ")");
}

Refusal node_unknown(const NodeName& node, const Settings& settings) {
  return no("node_unknown", 400, "node \"" + node.substr(0, 80) + "\" is not known. The nodes: " + names(settings));
}

Refusal management_closed(std::string_view path) {
  return no("management_closed", 403,
            std::string(path) + " is closed: `management` in the YAML does not open it (management: true, or the name of the node "
                                "that is managed). Or run `" + std::string(command(path)) + "` on the node itself");
}

Refusal role_may_not(const RoleName& role, std::string_view path) {
  return no("role_may_not", 403,
            "role " + role + " has no right to " + std::string(path) + ": a role uses models, it does not manage them. Send it without "
                                                                       "/role/ and X-Agent-Role");
}

Refusal cloud_closed(const std::string& what) {
  return no("cloud_closed", 403,
            what + " runs in Ollama's cloud, so prompts would leave these machines: `cloud` in the YAML does not allow it. Ask for a "
                   "role or a local model");
}

std::optional<Refusal> in_use(const ModelName& model, const NodeName& node, const Settings& settings) {
  for (const RoleSettings& role : settings.roles) {
    const bool there = std::find(role.nodes.begin(), role.nodes.end(), node) != role.nodes.end();
    if (!there || role.model != model) continue;
    return no("model_in_use", 409,
              model.spelt() + " is the model of role " + role.name + " on " + node + ": give roles." + role.name +
                  " another model or node in the YAML first");
  }
  return std::nullopt;
}

bool forwarded(const Fields& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const Field& f) { return of_a_proxy(f.name); });
}

std::optional<Refusal> key_required(const Fields& fields, bool loopback_peer, const std::string& key) {
  if (key.empty() || (loopback_peer && !forwarded(fields))) return std::nullopt;
  constexpr std::string_view bearer = "Bearer ";
  std::string_view said = find(fields, "Authorization");
  if (begins(said, bearer)) said.remove_prefix(bearer.size());
  else said = find(fields, "x-api-key");
  if (same_secret(said, key)) return std::nullopt;
  return no("key_required", 401,
            said.empty() ? "this router wants its api_key from who is not on its machine: send it as Authorization: Bearer KEY, or x-api-key"
                         : "that is not the api_key of this router: put in the one of its YAML");
}

std::optional<Refusal> admin_only(std::string_view path, const Fields& fields, bool loopback_peer) {
  std::string why = loopback_peer ? "" : "it came from another machine";
  for (const Field& f : fields)
    if (why.empty() && (same_name(f.name, "Origin") || begins(f.name, "Sec-Fetch-") || of_a_proxy(f.name))) why = "it carries " + f.name.substr(0, 80);
  if (why.empty()) return std::nullopt;
  return no("admin_only", 403,
            std::string(path) + " is for the operator on the router's own machine, and " + why + ": run role-router or curl there, "
                                "against localhost");
}

}  // namespace rr
