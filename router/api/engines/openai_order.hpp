// A request in Ollama's own API, as a server of the OpenAI API takes it: /api/chat and /api/generate by /v1/chat/completions, a prompt
// that is to be continued as it stands (raw, or with a suffix) by /v1/completions, /api/embed and /api/embeddings by /v1/embeddings.
#pragma once

#include "api/splice.hpp"

namespace rr::api {

enum class NativeShape { chat, generate, embed, embedding };  // the form in which the answer is due

struct EngineOrder {
  std::string_view path{};            // at the server
  NativeShape shape = NativeShape::chat;
  Pieces body{};                      // views into what it owns
  std::vector<std::string> ignored{}; // members of the request that have no counterpart there: "keep_alive", "options.num_gpu"
};
// `native`: a whole well-formed body for `native_path`. Neighbouring messages of one speaker are joined by an empty line, as Ollama joins
// them; a call without an id gets one, and its result is told apart by it.
EngineOrder openai_order(std::string_view native_path, std::string native);

}  // namespace rr::api
