// Requests that go straight to one node, as they are, where the YAML opens the door: management (pull, push, create, copy, delete,
// blobs) and Ollama's cloud (its models, web_search, web_fetch). No role, no line, no gate; progress and answers stream through.
// Each client's request is a request of its own to the node, and its connection ends when the client leaves: Ollama shares one
// download among the pulls of a model and cancels it when the last of them is gone (its server/download.go).
#pragma once

#include "app/call.hpp"

namespace rr::app {

NodeName said_node(const api::Route&, const RequestHead&);  // by /node/<n>/... or X-Router-Node; "" = not said
// 400 node_unknown; 400 node_not_chosen: an answer is asked of a node, but roles and the line choose it.
std::optional<Refusal> wrong_node(const Call&);
std::optional<Refusal> chooses_in_vain(const Call&);

std::optional<Refusal> blob_refused(const House&, const api::Route&, const RequestHead&);  // before anything of the body is read

wire::Task<void> forward_managed(Call&);
wire::Task<void> forward_blob(Call&);                       // the body passes in pieces of 64 KiB, whatever its length
wire::Task<void> forward_web(Call&);

bool wants_cloud(const Call&, const api::Members&);         // and `cloud` is open
wire::Task<void> forward_cloud(Call&, const api::Members&);

}  // namespace rr::app
