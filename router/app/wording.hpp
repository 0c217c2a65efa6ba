// How a request is said to the node of its grant, and how the node's answer is read back.
#pragma once

#include "api/dialects/translation.hpp"
#include "api/engines/openai_reply.hpp"
#include "app/call.hpp"

namespace rr::app {

struct Wording {
  std::string path{};
  api::Pieces body{};                              // views into the client's body and into what it owns
  std::unique_ptr<api::Translation> to_client{};   // null: the client speaks Ollama's API
  std::unique_ptr<api::OpenAiReply> from_node{};   // null: the node does
};
// A large body is translated beside the loop. A refusal is the client's: a member that cannot be honoured.
wire::Task<Result<Wording>> word(Call&, const api::Members&);

// Of this request's answer; null for a native route.
std::unique_ptr<api::Translation> translation(const Call&, const api::Members&);

}  // namespace rr::app
