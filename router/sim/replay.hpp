// A day that was recorded in the access log, as a workload that can be played again: what would another YAML have done with it?
// A session's requests follow each other in lanes: a request that came while another of its session still ran is of another
// lane, each lane is a closed loop, and its pauses are those of the day.
#pragma once

#include "sim/play.hpp"

namespace rr::sim {

struct Recorded {
  Workload work{};
  Played day{};            // how it was: times from the log, loads from its fleet lines; stuck and re-prefill are not in it
  std::size_t requests = 0, left_out = 0;  // left out: refused, broken, without a role or without tokens
};

// `text` is what `access_log` wrote. Lines that are no JSON (a disk that was full) are left out; the error says that none is left.
boost::system::result<Recorded, std::string> read_access_log(const std::string& text, std::string name);

}  // namespace rr::sim
