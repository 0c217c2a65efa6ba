// What is written down of a request when it ends: one line to the log, and one JSON line to the access log when the YAML
// names one.
#pragma once

#include "app/call.hpp"

namespace rr::app {

void record(const Call&);

// A request that was refused by its head, or whose body never came whole.
struct Unread {
  std::string method{}, path{};  // "" = not even that was read
};
void record(House&, TicketId, const Unread&, Time began, const Refusal&);

// One line per change of the fleet.
void record(House&, const Note&);

}  // namespace rr::app
