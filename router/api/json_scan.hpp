// Looks at JSON text without reading it: where the first value ends and how deep it nests. Nothing is validated; a
// quote inside a string is the only thing understood.
#pragma once

#include <cstddef>
#include <string_view>

namespace rr::api {

struct Extent {
  std::size_t at = 0, end = 0;  // of the first value; end 0 = it never ends
  std::size_t depth = 0;        // deepest nesting seen
};

constexpr std::size_t max_depth = 128;

// Of a body whose first byte that is no white space is { or [; scalars have depth 0. Stops past max_depth.
Extent first_value(std::string_view body);

// Past the closing quote of the string whose opening quote is at `at`; npos when it never closes.
std::size_t string_end(std::string_view text, std::size_t at);

inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
// The next byte that is no white space; the text's size when there is none.
inline std::size_t past_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

// The text of the value that begins at `at`.
std::string_view value_text(std::string_view text, std::size_t at);

std::size_t hangul_bytes(std::string_view raw_json);  // three a syllable, written out or as \uXXXX

}  // namespace rr::api
