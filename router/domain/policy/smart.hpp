// The default policy: three rules over the gate, one parameter (max_wait); the swap report, section 4.2.
//   next    swap when the victims are idle; drain them only for a request that waited max_wait
//   pick    when the prompt cache is full, waiting conversations whose prompt is still cached go first
//   place   a role with two nodes goes where it would finish first
#pragma once

#include "domain/policy/policy.hpp"

namespace rr::smart {

Wish next(const PolicyView&, Time now);

// Estimated seconds to the end of a request for `model` that came now; infinity where it would need an eviction, or while a swap
// is under way. `extra`: other work there that it would share the machine with.
struct Request { ModelName model{}; RoleName role{}; const Chain* chain = nullptr; std::int64_t tokens = 0; };
double finish(const PolicyView&, const Request&, double extra, Time now);

// Other work on the first of a role's nodes: in flight on other models, and one for those who wait for an absent one.
double others(const PolicyView&, const ModelName&, Time now);

}  // namespace rr::smart
