// One attempt at one node: the request goes out in its language, the answer comes back in the client's, whole or as it comes.
#pragma once

#include "api/members.hpp"
#include "app/call.hpp"

namespace rr::app {

// A node's own error in Ollama's form: to a native client it goes on as it is.
struct Said {
  Fields fields;
  std::string body;
};

// How one attempt at one node ended: done (the client has its answer, or left), or a failure that may go elsewhere.
struct Attempt {
  bool done = false;
  bool elsewhere = false;   // another node may be tried
  bool lost = false;        // the request was sent, and no whole answer came back
  bool again = false;       // lost with its connection before any byte of the answer was passed on: the node may be well
  bool relink = false;      // lost with its link while another link of the node answers: once more there, with the same seat
  bool silent = false;      // no first byte in its time: the dispatch has the model loaded anew, and then the same node may answer
  Refusal refusal{};        // what the client hears when none is left
  std::optional<Said> said{};  // in the node's own words
};

// `fresh`: on a new connection, because a pooled one was lost before.
wire::Task<Attempt> attempt(Call&, const api::Members&, Ticket&, bool fresh);

}  // namespace rr::app
