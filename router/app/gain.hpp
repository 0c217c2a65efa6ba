// What swapping costs on one node, and what would avoid it: the lines under the hint of `role-router check`.
#pragma once

#include "settings/memory_report.hpp"

namespace rr::app {

// Plays teams of agents with these settings and with substitutes, in virtual time (about a tenth of a second). Each line ends in \n.
std::string no_swap_advice(const Settings&, const settings::Rivals&);

}  // namespace rr::app
