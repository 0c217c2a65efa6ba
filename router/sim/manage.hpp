// What changes a node's models: pull, push, create, copy, delete, blobs. As the real server does it on the wire; a registry is a list
// of models, a blob is its digest and its length.
#pragma once

#include "sim/node_state.hpp"

namespace rr::sim {

bool manages(std::string_view path);
bool uploads(const RequestHead&);  // its body is taken piece by piece
wire::Task<void> manage(StatePtr, wire::Client&, const wire::Request&, Fields also, std::string path, std::size_t seen_at);

}  // namespace rr::sim
