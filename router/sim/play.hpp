// A workload played against the real dispatch and simulated nodes, in virtual time: what would this YAML have done?
#pragma once

#include "domain/dispatch.hpp"
#include "sim/workload.hpp"

namespace rr::sim {

struct Machine {  // a simulated node; what is not said follows from its memory: under 24 GiB a laptop
  NodeName name{};
  double load_gbps = 0, speed = 0;  // speed 1 = the 64 GB mini of the swap report
  double cache_gib = 8;             // the host prompt cache of a model
};
Machine machine_of(const NodeSettings&);

struct Played {
  double makespan_s = 0;
  double ttft_p95_s = 0, ttft_mean_s = 0;        // over all turns but the router's
  std::map<RoleName, std::pair<double, double>> ttft{};  // p95, mean
  double worst_wait_s = 0;
  int loads = 0;
  double loaded_gb = 0, reprefill_s = 0;
  int stuck = 0;      // sessions that did not end within the horizon
  int refused = 0;    // answers of the router's own that said no; their clients ask again
};

// Seconds to the first token, by role: p95 and mean of each and of all.
void sum_up(const std::map<RoleName, std::vector<double>>& ttft, Played&);

struct Wait {  // what was expected of one that waited, and what came: seconds to its first token
  double at_s = 0, expected_s = 0, happened_s = 0;
  bool at_arrival = false;
  RoleName role{};
};

struct Play {
  Snapshot settings{};             // roles, nodes, models, policy
  std::vector<Machine> machines{};
  std::optional<KeepAlive> client_keep_alive{};   // sent with every request; matters under passthrough only
  std::vector<Wait>* waits = nullptr;             // filled when given: of each who waits, when it comes and every 10 s
  Duration horizon = std::chrono::hours(24);
};

// The error names a role of the script that the settings lack.
boost::system::result<Played, std::string> play(const Workload&, const Play&);

}  // namespace rr::sim
