// What fits on a node, with the sum that shows it. Design section 5; reference/ollama-api.md 4 and 5.5.
#pragma once

#include "domain/fleet.hpp"

namespace rr {

struct Footprint {
  Bytes weights = 0;
  Bytes kv = 0;         // num_ctx x parallel; an estimate of shape when the architecture is unknown
  Bytes compute = 0;
  bool measured = false;  // total comes from /api/ps at this num_ctx
  bool known = false;     // false: no size is known at all; total is 0
  Bytes total = 0;
};

// Resident bytes of `model` on `node`: what /api/ps measured there (at the same num_ctx), else on another
// node, else weights (YAML size, /api/tags) + KV + compute.
Footprint footprint(const Settings&, const Fleet&, const NodeName&, const ModelName&);

// The rule a load must pass: alone it may load up to the limit; beside residents it needs
// total <= 80 % of what is free (Ollama's rule, server/sched.go). limit 0 = unknown: everything fits.
bool fits(Bytes limit, Bytes resident, Bytes wanted);

// Largest sets of a node's role models that fit together, loaded big to small, and the pairs that never do.
struct Pair { ModelName a{}, b{}; Bytes sum{}; };
struct Plan {
  struct Line { ModelName model; std::vector<RoleName> roles; Footprint need; bool alone_fits; };
  NodeName node{};
  Bytes limit = 0;
  std::vector<Line> models{};
  std::vector<std::vector<ModelName>> together{};  // maximal sets
  std::vector<Pair> never{};
};
Plan plan(const Settings&, const Fleet&, const NodeName&);

}  // namespace rr
