// A policy says what a node should hold next, and why. It may be silly; it cannot do harm: the gate refuses.
#pragma once

#include "domain/gate.hpp"
#include "domain/policy/experience.hpp"

#include <variant>

namespace rr {

struct Waiting {  // all who wait for one model on one node
  ModelName model;
  int count = 0;
  Time oldest{};  // arrival of the head
};

struct PolicyView {
  const Gate& gate;
  const GateFacts& facts;
  const std::vector<Waiting>& waiting;   // longest-waiting head first
  const Settings& settings;
  NodeName node;
  const Experience& seen;
};

struct WaitUntil { Time at; };
using Wish = std::variant<std::monostate, Proposal, WaitUntil>;  // nothing, a swap, or ask again then

// The table of the source notes to the letter: an architect request (a role with keep_alive 0) proposes its model
// and everybody unpinned as victims at once; an idle model whose role says keep_alive 0 is unloaded; others load
// when they fit, and otherwise the idle residents with the shortest keep_alive make room, then the busy ones.
namespace seed {
Wish next(const PolicyView&, Time now);
}

// Proposes nothing: every request goes straight to its node with the client's own keep_alive (the dispatch does
// not hold it at the gate).
namespace passthrough {
Wish next(const PolicyView&, Time now);
}

// This router loaded it, or a role has it: its lease is ours to end.
bool ours(const PolicyView&, const Held&);

// Of a model that is unloaded and loaded again, shown to people.
std::string why_reload(const PolicyView&, const Held&);

// The policy of that name.
Wish next(PolicyName, const PolicyView&, Time now);

}  // namespace rr
