// Keeps a silent event stream alive: while a client of an SSE dialect waits in the line, for a load or for its prompt, something
// harmless is sent now and then, so that neither it nor a proxy between gives up. The first one commits the status, not the answer:
// another node may still give it, and a refusal comes as an event. NDJSON has no harmless line: there is none.
#pragma once

#include "app/call.hpp"

namespace rr::app {

class Filler {
 public:
  explicit Filler(Call&);  // begins to watch the call, which outlives it; nothing for a native or a whole answer
  ~Filler();
  Filler(const Filler&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the pending timer only
};

}  // namespace rr::app
