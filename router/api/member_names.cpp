#include "api/member_names.hpp"

#include <algorithm>
#include <array>

namespace rr::api {
namespace {

using Name = std::string_view;
constexpr std::array<Name, 23> native{"model", "name", "messages", "prompt", "suffix", "system", "template", "context",
                                      "input", "raw", "stream", "keep_alive", "options", "tools", "format", "think",
                                      "images", "truncate", "dimensions", "shift", "user", "metadata", "role"};
// Of every OpenAI route that generates.
constexpr std::array<Name, 14> openai{"model", "stream", "stream_options", "temperature", "top_p", "stop", "seed", "n",
                                      "frequency_penalty", "presence_penalty", "user", "metadata", "role", "keep_alive"};
constexpr std::array<Name, 17> chat_completions{
    "messages", "input", "instructions", "tools", "tool_choice", "response_format", "text", "max_tokens", "max_completion_tokens",
    "max_output_tokens", "reasoning_effort", "reasoning", "logprobs", "top_logprobs", "options", "audio", "modalities"};
constexpr std::array<Name, 6> completions{"prompt", "suffix", "max_tokens", "logprobs", "echo", "best_of"};
constexpr std::array<Name, 4> embeddings{"input", "encoding_format", "dimensions", "truncate"};
constexpr std::array<Name, 15> responses{"input", "instructions", "tools", "tool_choice", "text", "reasoning", "max_output_tokens",
                                         "truncation", "include", "previous_response_id", "conversation", "background", "prompt",
                                         "top_logprobs", "parallel_tool_calls"};
constexpr std::array<Name, 17> messages{"model", "messages", "system", "max_tokens", "stream", "temperature", "top_p", "top_k",
                                        "stop_sequences", "tools", "tool_choice", "thinking", "output_config", "output_format",
                                        "metadata", "user", "role"};
constexpr std::array<Name, 7> options{"num_ctx", "num_gpu", "num_batch", "use_mmap", "num_thread", "main_gpu",
                                      "draft_num_predict"};

template <std::size_t N>
bool has(const std::array<Name, N>& names, Name name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool named_member(std::string_view name, Kind kind) {
  switch (kind) {
    case Kind::chat_completions: return has(openai, name) || has(chat_completions, name);
    case Kind::completions: return has(openai, name) || has(completions, name);
    case Kind::v1_embeddings: return has(openai, name) || has(embeddings, name);
    case Kind::responses: return has(openai, name) || has(responses, name);
    case Kind::messages:
    case Kind::count_tokens: return has(messages, name);
    default: return has(native, name);
  }
}
bool named_option(std::string_view name) { return has(options, name); }

std::string folded_member(std::string_view name) {
  constexpr std::size_t longest = 3 * 21;  // of max_completion_tokens in Kelvin signs
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || (c >= '0' && c <= '9'); };
  if (name.size() > longest || std::all_of(name.begin(), name.end(), plain)) return {};
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto rest = name.substr(i);
    if (rest.starts_with("\xC5\xBF")) {  // long s
      out += 's';
      i += 1;
    } else if (rest.starts_with("\xE2\x84\xAA")) {  // Kelvin sign
      out += 'k';
      i += 2;
    } else {
      out += rest[0] >= 'A' && rest[0] <= 'Z' ? static_cast<char>(rest[0] + 32) : rest[0];
    }
  }
  return out;
}

}  // namespace rr::api
