// What the nodes of a configuration list, asked directly by a command; a node that does not answer is down, with the reason.
#pragma once

#include "domain/fleet.hpp"

namespace rr::app {

// Takes at most 6 s. `links`: each of several addresses is asked too.
Fleet inventory(const Settings&, bool links = false);

}  // namespace rr::app
