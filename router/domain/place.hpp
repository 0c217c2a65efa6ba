// Role and model to node. Starts no swap; a pure function of beliefs.
#pragma once

#include "domain/ask.hpp"
#include "domain/fleet.hpp"
#include "domain/refusal.hpp"

namespace rr {

struct Candidate {
  NodeName node{};
  bool can = false;
  std::string why{};  // of a no: "the node is down: connection refused", "qwen3:1.7b is not there: ollama pull qwen3:1.7b"
};

struct Placement {
  NodeName node{};
  std::vector<Candidate> candidates{};  // every node of the fleet, the asked ones first
};

// The first node of ask.nodes (or of the fleet) that is up, is not in ask.avoid, has the model (or whose
// inventory is unknown), could ever hold it, and whose model has the capabilities asked for; one that holds it partly off
// the GPU only when no other can.
// Refusals: model_missing 404 (Ollama's text per route), node_down 503 + retry_after, capability_missing 400
// naming a role that has it, never_fits 503.
Result<Placement> place(const Ask&, const Fleet&, const Settings&);
std::vector<Candidate> candidates(const Ask&, const Fleet&, const Settings&);

// What brings a missing model to a node: "on mac-mini: ollama pull qwen3:1.7b".
std::string to_bring(const ModelName&, const NodeName&, const Settings&);

}  // namespace rr
