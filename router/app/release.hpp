// smart_swap.on_exit: release. At the end, when nothing runs any more, the machines are asked to unload the roles' models, the
// pinned ones too; what is nobody's role is left alone.
#pragma once

#include "app/house.hpp"

namespace rr::app {

wire::Task<void> release(std::shared_ptr<House>);

}  // namespace rr::app
