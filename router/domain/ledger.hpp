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
  // measured, for estimates: EWMA
  std::map<std::string, double> load_s{};         // "node/model" -> wall seconds of the gate's own load
  std::map<std::string, double> prefill_tps{};    // "node/model" -> prompt tokens a second
};

}  // namespace rr
