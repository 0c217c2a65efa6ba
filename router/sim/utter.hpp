// One answer on its way out: the pieces at their pace, streamed or gathered, and the faults that strike it.
#pragma once

#include "sim/native_reply.hpp"
#include "sim/node_state.hpp"

namespace rr::sim {

struct Utterance {
  StatePtr node;
  TurnPtr turn;
  Asked asked;
  const ModelSpec* model = nullptr;
  Answer answer;
  Fault fault;
  Fields also;       // CORS
  Time began;        // the handler's start
  Duration load{};   // until the engine was there
  int cached = 0;    // tokens of the prompt that the engine still has
};

// The call has its slot. Returns how it ended: "whole", "client-closed", "fault".
wire::Task<std::string> utter(Utterance, wire::Client&, const wire::Request&);

// A fault that needs no stream: reset, garbage, a status. True = the request is over.
bool broken(Node::State&, wire::Client&, const wire::Request&, const Fault&, std::size_t seen_at);

// Work that takes so long alone, on the GPU that others share; work that is late catches up. False when the client left or the node
// stopped first.
wire::Task<bool> work(StatePtr, TurnPtr, const std::string& blob, Duration alone);

}  // namespace rr::sim
