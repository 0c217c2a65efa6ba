// What runs on a node, and what it can be told beside a request. Ollama loads and unloads on order and takes a lease and a context with
// each request. A server of the OpenAI API (llama.cpp's, LM Studio, vLLM, mlx_lm) does neither: what it lists it serves, and its models
// are its own. exo spreads a model over its machines and takes it away on order, and takes neither lease nor context.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rr {

enum class EngineType { ollama, openai, exo };

struct Engine {
  EngineType type = EngineType::ollama;
  std::string_view word;                // in the YAML
  std::string_view title;               // for people
  bool loads = true;                    // loads and unloads models on order
  bool options = true;                  // a request brings num_ctx, use_mmap and keep_alive, and they count
  bool native = true;                   // speaks Ollama's own API
  std::optional<std::uint16_t> port{};  // where it listens unless told otherwise
};

const Engine& engine(EngineType);
const Engine* engine(std::string_view word);  // null: no such type

}  // namespace rr
