// The second half of `role-router check`: what fits together in memory on each node, what never, and what it needs.
#pragma once

#include "domain/memory.hpp"

#include <string>

namespace rr::settings {
std::string memory_report(const Settings&, const Fleet&);
}
