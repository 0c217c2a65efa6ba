// How an answer breaks off before its end: by a fault that was asked for, or as a real engine's would (transcripts engine-*).
#pragma once

#include "sim/node.hpp"
#include "sim/voice.hpp"

namespace rr::sim {

struct Break {
  enum class Kind { none, hang, die, end, error } kind = Kind::none;
  int after = 0;
  int status = 500;
  std::string text;
};

Break of_fault(const Fault&);
// The words depend on who reads the engine's stream: its chat route, or its completion route.
Break of_engine(const Answer&, bool chat_route);

}  // namespace rr::sim
