// /v1/completions spoken to a node as native /api/generate, and its answer rendered as Ollama's own shim renders it
// (reference/ollama-api.md 1.4, transcripts completions-*), with unique ids and log probabilities in the form of that route.
#pragma once

#include "api/dialects/native_line.hpp"
#include "api/dialects/translation.hpp"

namespace rr::api {

class OpenAiCompletions final : public Translation {
 public:
  OpenAiCompletions(const Members&, Answer);
  std::string_view path() const override { return "/api/generate"; }
  // prompt (a string, or a list of one), suffix, temperature, top_p (1.0 when absent, as the shim's), max_tokens, stop, seed, penalties,
  // logprobs. 400: several prompts, token ids, n, best_of, echo.
  Result<Pieces> to_native(const Members&, const Ask&, const Edits&) override;
  void take(std::string_view lines, std::string& out) override;
  void finish(std::string& out) override { out += "data: [DONE]\n\n"; }
  Result<std::string> whole(std::string_view native) override;

 private:
  std::string choice(const NativeLine&);
  std::string start_, end_;         // of every chunk, before and behind its choices
  bool include_usage_ = false;
  std::size_t offset_ = 0;          // characters said so far: text_offset
};

}  // namespace rr::api
