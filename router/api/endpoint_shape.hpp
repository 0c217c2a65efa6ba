// Rule 7: what the endpoint itself says about the role, for model `auto` (design section 4).
//   fill in the middle: POST /api/generate with a `suffix`, or a prompt in a model's own FIM tokens
//     -> the coder: the role that is called so (role_notion.hpp). No such role: no match.
//   POST /api/embed, /api/embeddings -> the embedding pool: the first role whose model embeds, by the capabilities that a node
//     lists for it; while no node lists any, a role that is called embedding; without such a role, any node's model that embeds.
#pragma once

#include "api/members.hpp"
#include "domain/ask.hpp"
#include "domain/fleet.hpp"

namespace rr::api {

struct Shape {
  const RoleSettings* role = nullptr;
  ModelName model{};      // what is to run; empty: the shape says nothing
  std::string because{};  // "suffix", "an embedding"
};

// The endpoint that a body without one was written for: `messages` or a list of them in `input` -> chat, `prompt` or `suffix` ->
// generate, any other `input` -> embed; else chat.
Kind kind_of(const Members&);

Shape shape_of(Kind, const Members&, const Settings&, const Fleet&);

}  // namespace rr::api
