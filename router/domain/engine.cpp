#include "domain/engine.hpp"

namespace rr {

namespace {

constexpr Engine engines[] = {
    {.type = EngineType::ollama, .word = "ollama", .title = "Ollama", .port = 11434},
    {.type = EngineType::openai, .word = "openai", .title = "an OpenAI-compatible server", .loads = false, .options = false, .native = false},
    {.type = EngineType::exo, .word = "exo", .title = "exo", .options = false, .native = false, .port = 52415},
};

}  // namespace

const Engine& engine(EngineType type) {
  for (const Engine& one : engines)
    if (one.type == type) return one;
  return engines[0];
}

const Engine* engine(std::string_view word) {
  for (const Engine& one : engines)
    if (one.word == word) return &one;
  return nullptr;
}

}  // namespace rr
