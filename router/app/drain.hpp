// The moment before a cable is pulled or a lid closed: nothing new goes to a node, and the answer comes when nothing runs there any more.
#pragma once

#include "app/call.hpp"

namespace rr::app {

// POST /admin/nodes/<n>/drain and /undrain, for the operator alone: {"node":"mac-mini","drained":true,"waited_s":7}. Who asks and goes away
// leaves the node drained.
wire::Task<void> answer_drain(Call&);

}  // namespace rr::app
