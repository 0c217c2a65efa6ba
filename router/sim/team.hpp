// Work as a team of agents does it, where none was recorded: four phases, in each the design role thinks twice, then the others go
// round; at last the design role looks at it all. The lengths are the means of the swap report's workloads (section 3).
#pragma once

#include "sim/workload.hpp"

namespace rr::sim {

// `sessions` such teams, each begun 20 s after the one before. `round` is never empty.
Workload teams(const RoleName& design, const std::vector<RoleName>& round, int sessions);

}  // namespace rr::sim
