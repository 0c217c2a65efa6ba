#include "api/dialects/native_line.hpp"

#include "api/raw_json.hpp"

#include <algorithm>
#include <charconv>

namespace rr::api {

bool filled(std::string_view raw) { return !raw.empty() && raw != "\"\"" && raw != "[]"; }

NativeLine native_line(std::string_view raw) {
  NativeLine out;
  for (const auto& [key, value] : raw_members(raw)) {
    if (value == "null") continue;
    if (key == "message") {
      out.is_answer = true;
      for (const auto& [name, inner] : raw_members(value)) {
        if (inner == "null") continue;
        if (name == "role") out.role = inner;
        if (name == "content") out.content = inner;
        if (name == "thinking") out.thinking = inner;
        if (name == "tool_calls") out.tool_calls = inner;
      }
    }
    if (key == "response") out.is_answer = true, out.content = value;
    if (key == "thinking") out.thinking = value;
    if (key == "done") out.done = value == "true";
    if (key == "done_reason") out.done_reason = value;
    if (key == "logprobs") out.logprobs = value;
    if (key == "prompt_eval_count") out.prompt_count = value;
    if (key == "eval_count") out.output_count = value;
    if (key == "total_duration") out.total_duration = value;
  }
  return out;
}

NativeLine native_whole(std::string_view answer) { return native_line(answer.substr(std::min(answer.find('{'), answer.size()))); }

std::vector<NativeCall> native_calls(std::string_view tool_calls) {
  std::vector<NativeCall> out;
  for (const auto call : raw_elements(tool_calls)) {
    const auto function = raw_member(call, "function");
    NativeCall one{.id = raw_member(call, "id"), .index = raw_member(function, "index"), .name = raw_member(function, "name"),
                   .arguments = raw_member(function, "arguments")};
    if (one.name.empty()) one.name = "\"\"";
    if (one.arguments.empty()) one.arguments = "{}";
    out.push_back(one);
  }
  return out;
}

std::int64_t count_of(std::string_view raw) {
  std::int64_t out = 0;
  std::from_chars(raw.data(), raw.data() + raw.size(), out);
  return out;
}

std::int64_t sum_of(const NativeLine& line) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(count_of(line.prompt_count)) +
                                   static_cast<std::uint64_t>(count_of(line.output_count)));
}

std::string_view inside(std::string_view raw) { return raw.size() < 2 || raw.front() != '"' ? std::string_view{} : raw.substr(1, raw.size() - 2); }

Refusal not_whole() {
  return {.code = "node_not_whole", .side = Side::node, .status = 502,
          .sentence = "the node's answer ended before it was done: ask again"};
}

}  // namespace rr::api
