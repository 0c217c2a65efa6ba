// Who may see what others asked, and who may change anything by hand. The rule itself is domain/door's.
#pragma once

#include "app/call.hpp"

namespace rr::app {

bool loopback_peer(const wire::Client&);
std::optional<Refusal> admin_only(const Call&);          // /admin/...
std::optional<Refusal> admin_only_outside(const Call&);  // the same, but open to all who connect on this machine: /requests, /explain, ...

}  // namespace rr::app
