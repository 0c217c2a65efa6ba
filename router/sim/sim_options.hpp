// A node from simple values, as a command line gives them.
#pragma once

#include "sim/spec.hpp"

#include <boost/system/result.hpp>

namespace rr::sim {

struct SimOptions {
  std::string machine = "mac-mini";  // "macbook", "mac-mini", or "bare" (no models of its own)
  Address listen{"127.0.0.1", 11434};
  std::vector<std::string> models;   // "NAME=GB" adds a model of that file size; "NAME" keeps only those of the machine
  double clock = 1.0;
  double load_gbps = 0;              // 0 = the machine's
  double gpu_gib = 0;                // 0 = the machine's
  int num_parallel = 1, max_loaded = 8, max_queue = 512;
  std::string keep_alive;            // Go's duration words or "-1"; "" = 5m
};

// The error names the value and what it may be.
boost::system::result<NodeSpec, std::string> node_from(const SimOptions&);

}  // namespace rr::sim
