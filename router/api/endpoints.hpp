// One table: method + path -> kind and dialect. Exact-byte allow-list of paths (reference/reliability-security.md 2.2, 4.1).
#pragma once

#include "domain/ask.hpp"
#include "domain/http.hpp"
#include "domain/refusal.hpp"

namespace rr::api {

struct Route {
  Kind kind = Kind::root;
  Dialect dialect = Dialect::ollama;
  bool head_only = false;        // HEAD
  std::string path{};              // without prefix and query: "/api/chat"
  std::string role{};              // of /role/<role>/..., percent-decoded once; "" = none
  std::string session{};           // of /role/<role>/session/<s>/...
  std::string node{};              // of /node/<n>/... and /admin/nodes/<n>/..., percent-decoded once
  std::string model_id{};          // of /v1/models/<id>
};

// Paths: [/node/<n>][/role/<role>[/session/<s>]] + a known path, with or without query. Also known: the OpenAI paths without /v1.
// Unknown path: 404 code path_unknown, below /api/ 404 route_denied: what a new Ollama may offer there is not passed on unseen; wrong method: 405 code method_not_allowed, sentence = the Allow list
// (Ollama's plain texts: say_no renders them as text/plain). `%` is allowed only in node, role, session and model id.
// Known routes that are not served give Kind::known_refused; refuse_known() has the sentence with the way out.
Result<Route> route(const RequestHead&);
Refusal refuse_known(const Route&);

}  // namespace rr::api
