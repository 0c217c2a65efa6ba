// The second half of `role-router check`: what fits together in memory on each node, what never, and what it needs.
#pragma once

#include "domain/memory.hpp"

#include <functional>
#include <string>

namespace rr::settings {

// Models of one node that fit alone, but not beside its largest: their roles swap.
struct Rivals {
  NodeName node{};
  ModelName large{};
  std::vector<ModelName> others{};
  std::vector<ModelName> bound{};   // of the others, those that no role may use on another node
  Bytes room = 0;                   // resident bytes that `large` could have beside the bound ones; 0 = none
};
std::vector<Rivals> rivals(const Settings&, const Fleet&);

// `advice`: lines on one of the rivals, indented under its hint; each ends in \n.
std::string memory_report(const Settings&, const Fleet&, const std::function<std::string(const Rivals&)>& advice = {});
}
