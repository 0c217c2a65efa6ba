// What a management request names: the models it reads, makes and removes (reference/ollama-api.md 1.1).
#pragma once

#include "domain/refusal.hpp"

#include <string>
#include <string_view>

namespace rr::api {

struct Managed {
  std::string model{};        // `model`, when that is empty `name` (what the ollama command sends)
  std::string from{};         // of create
  std::string source{}, destination{};  // of copy
  std::string remote_host{};  // of create: the model would run there
};

// Refused, as Go would read it otherwise than it looks: one of these members twice, or in another spelling (MODEL): 400 json_member.
// 400 json_invalid with Ollama's words for what is no JSON object. `body` has wire::Block::padding readable bytes behind it.
Result<Managed> read_managed(std::string_view body);

}  // namespace rr::api
