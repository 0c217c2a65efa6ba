// Requests that are for one node: which node, and what stands in their way. The doors are `management` and `cloud` of the
// YAML; both are closed unless it opens them. Every "no" is a 403, never a 401 (for that the ollama command would advise to sign in).
#pragma once

#include "domain/fleet.hpp"
#include "domain/http.hpp"
#include "domain/refusal.hpp"

namespace rr {

struct Errand {
  std::string_view key{};      // "management", "cloud": the door's key in the YAML
  const Door& door;
  std::string_view path{};     // "/api/pull", for the sentence
  NodeName said{};             // by the path /node/<n>/... or the header X-Router-Node; "" = not said
  ModelName model{};           // its only owner may be meant; empty = nobody's
};

// In this order: the node that is said, the node of the YAML, the only node there is, the only node that has the model.
// 400 node_unknown lists the known ones; 400 node_unsaid tells the three ways to say it.
Result<NodeName> destination(const Errand&, const Fleet&, const Settings&);

Refusal node_unknown(const NodeName&, const Settings&);
Refusal management_closed(std::string_view path);       // 403: the YAML does not open it
Refusal role_may_not(const RoleName&, std::string_view path);  // 403: a role uses models, it does not manage them
Refusal cloud_closed(const std::string& what);          // 403; `what` runs at ollama.com
// 409 model_in_use: a role of the YAML uses it on that node.
std::optional<Refusal> in_use(const ModelName&, const NodeName&, const Settings&);

// 401 key_required: the request is not of this machine and does not carry the key, as `Authorization: Bearer KEY` or `x-api-key: KEY`.
std::optional<Refusal> key_required(const Fields&, bool loopback_peer, const std::string& key);

// 403 admin_only: what only the operator may is for a peer on this machine that is no web page and comes through no proxy or
// tunnel (Origin, Sec-Fetch-*, X-Forwarded-*, Cf-*, Tailscale-*).
std::optional<Refusal> admin_only(std::string_view path, const Fields&, bool loopback_peer);
bool forwarded(const Fields&);  // a proxy or a tunnel brought it: the peer is not who asks

}  // namespace rr
