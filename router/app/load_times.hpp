// How fast a node loads a model, with its file mapped into memory and read into it: what `doctor --loads` measures, and its advice.
#pragma once

#include "domain/fleet.hpp"

#include <functional>

namespace rr::app {

struct LoadTimes {
  NodeName node{};
  ModelName model{};
  Bytes file = 0;                           // 0 = unknown
  std::optional<Duration> mapped{}, read{};  // use_mmap true, false
  std::string why{};                        // nothing was measured, or not both
};

std::string text(const LoadTimes&);         // one line, with the line for the YAML when one way is clearly faster; ends in \n

// Loads every role model of every node that is up, one node after the other, first all mapped, then all read: so that what the
// system has cached of a file has been pushed out by the others. A model that is loaded already, or that does not fit beside what
// is, is left alone and says so. Afterwards nothing of it stays loaded.
std::vector<LoadTimes> measure_loads(const Settings&, const Fleet&, const std::function<void(const std::string&)>& progress);

}  // namespace rr::app
