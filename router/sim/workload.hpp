// A swap script: who asks what, how long, after which pause (swap report section 8, `swap-script/1`, JSONL). A session is a closed
// loop: its next turn begins when the answer before has ended and its think time is over.
#pragma once

#include "domain/values.hpp"

#include <boost/system/result.hpp>

#include <map>
#include <string>
#include <vector>

namespace rr::sim {

struct WorkTurn {
  Duration think{};
  bool router_first = false;   // a short router call comes before it
  RoleName role{};
  std::int64_t prompt_tokens = 0, new_tokens = 0, output_tokens = 0;
  bool history_reset = false;  // nothing of earlier turns can be reused
};

struct WorkSession {
  std::string name{};
  Duration start{};
  std::vector<WorkTurn> turns{};
};

struct Workload {
  std::string name{};          // "s2-50"
  std::int64_t router_prompt = 900, router_new = 300, router_output = 8;
  std::vector<WorkSession> sessions{};
};

// The error names the line and the member.
boost::system::result<Workload, std::string> read_workload(const std::string& text, std::string name);

}  // namespace rr::sim
