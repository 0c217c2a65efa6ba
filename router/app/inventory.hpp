// What the nodes of a configuration list, asked directly by a command; a node that does not answer is down, with the reason.
#pragma once

#include "domain/fleet.hpp"

namespace rr::app {

Fleet inventory(const Settings&);  // takes at most 6 s

}  // namespace rr::app
