#include "api/endpoints.hpp"

#include "api/percent.hpp"

#include <algorithm>
#include <array>

namespace rr::api {
namespace {

struct Served {
  std::string_view path;
  std::string_view allow;  // as Ollama's Allow says it
  Kind kind;
  Dialect dialect;
};

constexpr std::array served{
    Served{"/", "HEAD, GET", Kind::root, Dialect::ollama},
    Served{"/api/version", "HEAD, GET", Kind::version, Dialect::ollama},
    Served{"/api/tags", "HEAD, GET", Kind::tags, Dialect::ollama},
    Served{"/api/ps", "GET", Kind::ps, Dialect::ollama},
    Served{"/api/show", "POST", Kind::show, Dialect::ollama},
    Served{"/api/chat", "POST", Kind::chat, Dialect::ollama},
    Served{"/api/generate", "POST", Kind::generate, Dialect::ollama},
    Served{"/api/embed", "POST", Kind::embed, Dialect::ollama},
    Served{"/api/embeddings", "POST", Kind::embeddings, Dialect::ollama},
    Served{"/api/pull", "POST", Kind::manage, Dialect::ollama},
    Served{"/api/push", "POST", Kind::manage, Dialect::ollama},
    Served{"/api/create", "POST", Kind::manage, Dialect::ollama},
    Served{"/api/copy", "POST", Kind::manage, Dialect::ollama},
    Served{"/api/delete", "DELETE", Kind::manage, Dialect::ollama},
    Served{"/api/me", "POST", Kind::manage, Dialect::ollama},  // `ollama push` asks it first
    Served{"/api/experimental/web_search", "POST", Kind::web, Dialect::ollama},
    Served{"/api/experimental/web_fetch", "POST", Kind::web, Dialect::ollama},
    Served{"/v1/models", "GET", Kind::models, Dialect::openai},
    Served{"/v1/chat/completions", "POST", Kind::chat_completions, Dialect::openai},
    Served{"/v1/completions", "POST", Kind::completions, Dialect::openai},
    Served{"/v1/embeddings", "POST", Kind::v1_embeddings, Dialect::openai},
    Served{"/v1/responses", "POST", Kind::responses, Dialect::openai},
    Served{"/v1/messages", "POST", Kind::messages, Dialect::anthropic},
    Served{"/v1/messages/count_tokens", "POST", Kind::count_tokens, Dialect::anthropic},
    Served{"/health", "HEAD, GET", Kind::health, Dialect::own},
    Served{"/health/live", "HEAD, GET", Kind::live, Dialect::own},
    Served{"/explain", "POST", Kind::explain, Dialect::own},
};
constexpr std::string_view one_model = "/v1/models/", one_blob = "/api/blobs/", one_request = "/requests/", of_a_node = "/admin/nodes/";
constexpr std::string_view id_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

// Routes of Ollama, OpenAI, Anthropic or of ours that are not served. A path that ends in / stands for all below it.
struct Refused {
  std::string_view path;
  Dialect dialect;
  bool account;          // of the node at ollama.com: no key opens it
  std::string_view out;  // the way out
};

constexpr std::array refused{
    Refused{"/api/signout", Dialect::ollama, true, "run `ollama signout` on the node itself"},
    Refused{"/api/user/keys/", Dialect::ollama, true, "run `ollama signout` on the node itself"},
    Refused{"/api/experimental/", Dialect::ollama, false, "ask the node itself"},
    Refused{"/api/status", Dialect::ollama, false, "use GET /health"},
    Refused{"/v1/audio/transcriptions", Dialect::openai, false, "ask the node itself"},
    Refused{"/v1/images/", Dialect::openai, false, "ask the node itself"},
    Refused{"/admin/", Dialect::own, false, "it serves POST /admin/nodes/<node>/drain and /undrain; for the rest change the YAML: a saved file takes effect at once"},
    Refused{"/ui", Dialect::own, false, "use GET /health"},
    Refused{"/events", Dialect::own, false, "use GET /health"},
    Refused{"/metrics", Dialect::own, false, "use GET /health"},
};

// OpenAI's paths without /v1, as some clients send them; the twin in the /v1 table.
constexpr std::array<std::string_view, 7> root_twins{"/chat/completions", "/completions", "/embeddings", "/responses",
                                                     "/messages", "/messages/count_tokens", "/models"};

Refusal unknown(std::string_view path) {
  return {.code = "path_unknown", .side = Side::client, .status = 404,
          .sentence = "no such path: " + std::string(path) + ". The served ones: /api/chat, /v1/chat/completions, /health"};
}

// A route that a newer Ollama may have: nothing is known of what it does.
Refusal denied(std::string_view path) {
  return {.code = "route_denied", .side = Side::client, .status = 404,
          .sentence = std::string(path) + " is no route that role-router knows, and what it does not know below /api/ it passes on to no "
                                          "node: no key of the YAML opens it (`management` opens pull, push, create, copy, delete and "
                                          "blobs; `cloud` cloud models, web_search and web_fetch). Ask the node itself"};
}

bool plain_route(std::string_view path) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '/'; };
  return path.starts_with("/api/") && std::all_of(path.begin(), path.end(), plain);
}

bool takes_a_node(Kind kind) { return kind != Kind::health && kind != Kind::live && kind != Kind::explain && kind != Kind::request && kind != Kind::models && kind != Kind::model; }

// Takes "<name>" from the front of "<name>/rest" and leaves "/rest".
std::optional<std::string> take_segment(std::string_view& rest) {
  const auto end = std::min(rest.find('/'), rest.size());
  const auto segment = rest.substr(0, end);
  rest.remove_prefix(end);
  return decoded(segment);
}

bool matches(const Refused& entry, std::string_view path) {
  if (!entry.path.ends_with('/')) return path == entry.path;
  return path.starts_with(entry.path) || path == entry.path.substr(0, entry.path.size() - 1);
}

}  // namespace

Result<Route> route(const RequestHead& head) {
  std::string_view path = head.target;
  path = path.substr(0, path.find('?'));
  const std::string_view whole = path;
  if (!path.starts_with('/') || path.find("//") != path.npos) return unknown(whole);

  Route found;
  found.head_only = head.method == "HEAD";
  if (path.starts_with("/node/")) {
    path.remove_prefix(6);
    auto node = take_segment(path);
    if (!node) return unknown(whole);
    found.node = *node;
    if (path.empty()) path = "/";
  }
  if (path.starts_with("/role/")) {
    path.remove_prefix(6);
    auto role = take_segment(path);
    if (!role) return unknown(whole);
    found.role = *role;
    if (path.starts_with("/session/")) {
      path.remove_prefix(9);
      auto session = take_segment(path);
      if (!session) return unknown(whole);
      found.session = *session;
    }
    if (path.empty()) path = "/";
  }
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);

  std::string known(path);
  for (const auto twin : root_twins)
    if (path == twin || (twin == "/models" && path.starts_with("/models/"))) known = "/v1" + known;

  std::string_view allow;
  if (known.starts_with(one_model)) {
    auto id = decoded(std::string_view(known).substr(one_model.size()));
    if (!id) return unknown(whole);
    found.kind = Kind::model;
    found.dialect = Dialect::openai;
    found.model_id = *id;
    allow = "GET";
  }
  if (known.starts_with(of_a_node) && found.node.empty()) {
    std::string_view rest = std::string_view(known).substr(of_a_node.size());
    auto node = take_segment(rest);
    if (!node) return unknown(whole);
    if (rest == "/drain" || rest == "/undrain") {
      found.kind = Kind::admin;
      found.dialect = Dialect::own;
      found.node = *node;
      known = "/admin" + std::string(rest);
      allow = "POST";
    }
  }
  if (known.starts_with(one_blob) && known.size() > one_blob.size()) {
    found.kind = Kind::blob;
    allow = "HEAD, POST";
  }
  if (known.starts_with(one_request) && known.find_first_not_of(id_letters, one_request.size()) == known.npos) {
    found.kind = Kind::request;
    found.dialect = Dialect::own;
    allow = "HEAD, GET";
  }
  for (const auto& entry : served) {
    if (entry.path != known) continue;
    found.kind = entry.kind;
    found.dialect = entry.dialect;
    allow = entry.allow;
  }
  found.path = known;
  if (!found.node.empty() && (allow.empty() || !takes_a_node(found.kind))) return unknown(whole);
  if (!allow.empty()) {
    for (std::string_view left = allow; !left.empty();) {
      const auto method = left.substr(0, left.find(", "));
      if (method == head.method) return found;
      left.remove_prefix(std::min(method.size() + 2, left.size()));
    }
    return Refusal{.code = "method_not_allowed", .side = Side::client, .status = 405, .sentence = std::string(allow)};
  }
  for (const auto& entry : refused) {
    if (!matches(entry, known)) continue;
    found.kind = Kind::known_refused;
    found.dialect = entry.dialect;
    return found;
  }
  return plain_route(known) ? denied(known) : unknown(whole);
}

Refusal refuse_known(const Route& route) {
  for (const auto& entry : refused) {
    if (!matches(entry, route.path)) continue;
    if (entry.account)
      return {.code = "management_closed", .side = Side::client, .status = 403,
              .sentence = "role-router does not pass " + route.path + " on, whatever `management` in the YAML says: it is about the node's "
                          "account at ollama.com; " + std::string(entry.out)};
    return {.code = "route_not_served", .side = Side::client, .status = 501,
            .sentence = "role-router does not serve " + route.path + ": " + std::string(entry.out)};
  }
  return unknown(route.path);
}

}  // namespace rr::api
