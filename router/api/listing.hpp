// Many nodes, one list: /api/tags, /api/ps, /v1/models as a client of the router sees them. From beliefs; no node is asked.
#pragma once

#include "domain/fleet.hpp"
#include "domain/refusal.hpp"

#include <string>

namespace rr::api {

// Ollama's members and order; models of several nodes once; then one entry per role name (its model's details and digest).
// `models` is [] when empty.
std::string tags(const Fleet&, const Settings&);
std::string ps(const Fleet&);                                   // concrete models only, each with "node"
std::string v1_models(const Fleet&, const Settings&);           // data is an array
Result<std::string> v1_model(const std::string& id, const Fleet&, const Settings&);  // 404 model 'x' not found
std::string version(const Fleet&);                              // {"version":"..."}: the oldest of the nodes, else ours

}  // namespace rr::api
