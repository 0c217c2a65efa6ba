// What a body says to its reader, cut short: the system prompt, the first and the last user message, the names of the tools.
// However big the body is, at most `most_looked` of its bytes are looked at, so that a prompt of a megabyte holds nobody up.
#pragma once

#include "api/members.hpp"

namespace rr::api {

constexpr std::size_t most_system = 6 << 10, most_user = 3 << 10, most_tail = 1 << 10, most_tools = 32 << 10;  // bytes of JSON
constexpr std::size_t most_looked = most_system + 2 * (most_user + most_tail) + most_tools;

struct PromptText {
  std::string system{};              // of all system and developer messages, in order; `system` of /api/generate first
  std::string first{}, last{};       // user messages; last "" when there is but one. /api/generate: `prompt` is the first
  std::vector<std::string> tools{};  // names
  std::size_t looked = 0;            // bytes of the body
};

PromptText prompt_text(const Members&);

// Of a JSON string with its quotes: what its first `most` bytes say, never half a character.
std::string beginning_of(std::string_view raw_string, std::size_t most);

}  // namespace rr::api
