// What an engine keeps of the prompts it computed: the slot the last one, the host cache those before, least recently used out
// first (llama-server's --cache-ram). A prompt costs only what follows its longest common beginning with one of them; the answer
// counts as part of its prompt (reference/ollama-measured.md, "Prompt cache"). The engine's end empties it. Pure.
#pragma once

#include "sim/voice.hpp"

#include <list>
#include <string>
#include <string_view>

namespace rr::sim {

class PrefixCache {
 public:
  int cached(std::string_view prompt) const;  // tokens
  // `room`: bytes of the host cache; the newest prompt is the slot's and takes none of it.
  void keep(std::string prompt_and_answer, Bytes kv_per_token, Bytes room);
  std::size_t size() const { return kept_.size(); }

 private:
  std::list<std::string> kept_;  // least recent first
};

}  // namespace rr::sim
