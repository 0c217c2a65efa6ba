// Two names over one set of weights. Ollama's scheduler keys by the weights: `ollama cp` makes no second resident, and /api/ps
// lists the name that loaded them (reference: a plain copy has the same manifest digest in /api/tags).
#pragma once

#include "domain/fleet.hpp"

namespace rr {

// The name under which `model` is counted on this node: a role's own model, else one that is resident, with the same digest and
// the same num_ctx; else its own.
ModelName counted_as(const ModelName& model, const NodeBelief&, const Settings&);

}  // namespace rr
