// Counts that must return to zero, and counts that only grow.
#pragma once

#include "domain/values.hpp"

#include <map>

namespace rr {

struct Ledger {
  // must return to zero when nobody asks
  int waiting = 0;
  int granted = 0;
  // only grow
  std::int64_t arrived = 0, answered = 0, left = 0, failed = 0;
  std::int64_t loads = 0, unloads = 0, swaps_given_up = 0;
  std::map<std::string, std::int64_t> refused{};  // by code
  // "node/model" -> prompt tokens a second as they went by, whatever else was at work: EWMA. How long a cancelled prompt goes on.
  std::map<std::string, double> prompt_tps{};
};

}  // namespace rr
