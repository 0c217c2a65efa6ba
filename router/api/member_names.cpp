#include "api/member_names.hpp"

#include <algorithm>
#include <array>

namespace rr::api {
namespace {

using Name = std::string_view;
constexpr std::array<Name, 23> native{"model", "name", "messages", "prompt", "suffix", "system", "template", "context",
                                      "input", "raw", "stream", "keep_alive", "options", "tools", "format", "think",
                                      "images", "truncate", "dimensions", "shift", "user", "metadata", "role"};
constexpr std::array<Name, 27> openai_chat{
    "model", "messages", "stream", "stream_options", "tools", "tool_choice", "response_format", "temperature", "top_p",
    "max_tokens", "max_completion_tokens", "stop", "seed", "n", "frequency_penalty", "presence_penalty",
    "reasoning_effort", "reasoning", "logprobs", "top_logprobs", "user", "metadata", "role", "keep_alive", "options", "audio",
    "modalities"};
constexpr std::array<Name, 7> options{"num_ctx", "num_gpu", "num_batch", "use_mmap", "num_thread", "main_gpu",
                                      "draft_num_predict"};

template <std::size_t N>
bool has(const std::array<Name, N>& names, Name name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool named_member(std::string_view name, bool openai) { return openai ? has(openai_chat, name) : has(native, name); }
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
