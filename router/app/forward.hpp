// From a seat to the end of the answer: the node is asked, its answer relayed or translated; a failure before the first
// content byte moves the request to another node.
#pragma once

#include "app/call.hpp"

namespace rr::app {

wire::Task<void> forward(Call&, const api::Members&);        // inference: waits for a seat
wire::Task<void> forward_show(Call&, const api::Members&);   // /api/show: any node that has the model; no seat
void unload(Call&);                                          // an unload request of a client, answered as Ollama does

}  // namespace rr::app
