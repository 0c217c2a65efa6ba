// One line of a node's answer, or a whole answer, from /api/chat or /api/generate: the raw texts that the dialects copy.
#pragma once

#include "domain/refusal.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace rr::api {

struct NativeLine {  // raw JSON texts; "" = absent or null
  std::string_view role{}, content{}, thinking{}, tool_calls{}, logprobs{}, done_reason{};
  std::string_view prompt_count = "0", output_count = "0", total_duration = "0";
  bool is_answer = false, done = false;  // content: of the message, or `response`
};
NativeLine native_line(std::string_view raw);
NativeLine native_whole(std::string_view answer);  // from the first brace on

struct NativeCall {
  std::string_view id{}, index{}, name{}, arguments{};
};
std::vector<NativeCall> native_calls(std::string_view tool_calls);

bool filled(std::string_view raw);            // neither absent nor empty
std::int64_t count_of(std::string_view raw);
std::int64_t sum_of(const NativeLine&);       // beyond its range it wraps, as the shim's does
std::string_view inside(std::string_view raw_string);  // without its quotes

Refusal not_whole();                          // an answer without done:true

// Calls `take` with every line that is part of an answer.
template <class Take>
void each_line(std::string_view lines, Take take) {
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const auto line = native_line(lines.substr(0, end));
    lines.remove_prefix(end == lines.npos ? lines.size() : end + 1);
    if (line.is_answer) take(line);
  }
}

}  // namespace rr::api
