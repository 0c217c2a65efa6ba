// What the scheduler keeps of an engine and of a call: for scheduler.cpp and scheduler_loops.cpp.
#pragma once

#include "sim/scheduler.hpp"

namespace rr::sim {

struct Scheduler::Runner {
  Want want;
  Bytes size = 0, vram = 0;
  KeepAlive keep;
  int refs = 0;
  std::optional<Time> timer;
  std::optional<Time> expires_at;  // nothing until it was idle once
  bool expires_never = false;
  int places = 1;                  // slots of the engine
  std::deque<CallId> line;         // waits for a slot: unbounded, invisible
  std::vector<Time> busy_until;    // slots that compute an abandoned prompt
  bool dead = false, gone = false;
  bool must_leave = false;         // an expiry came while it was busy: gone at its next idle moment
};

struct Scheduler::Call {
  CallId id = 0;
  Want want;
  enum class At { queued, head, loading, admitted, in_line, running } at = At::queued;
  RunnerPtr runner;
  bool left = false, waited = false, loaded = false;
};

}  // namespace rr::sim
