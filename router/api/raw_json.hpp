// Steps through JSON text without copying it: the raw texts of an array's elements, of an object's members. For text whose
// strings and brackets are known to be well formed (read_members has gone through it); other text gives fewer of them.
#pragma once

#include "api/json_scan.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rr::api {

struct RawMember {
  std::string_view key;    // between its quotes, as written
  std::string_view value;
};

std::vector<std::string_view> raw_elements(std::string_view array);
std::vector<RawMember> raw_members(std::string_view object);
std::string_view raw_member(std::string_view object, std::string_view key);  // the last of that name; "" when absent or null

// The same in one go, for long lists: `take(key, value)` for each member of the object at `at`; the position behind it, the text's end
// when it is broken off.
template <class Take>
std::size_t step_members(std::string_view text, std::size_t at, Take take);
// `take(at)` for each object of an array, which says where that object ends.
template <class Take>
void step_objects(std::string_view array, Take take);

std::optional<std::string> unescaped(std::string_view raw_string);  // of a JSON string with its quotes

template <class Take>
std::size_t step_members(std::string_view text, std::size_t at, Take take) {
  const auto next = [&](std::size_t from) { return past_space(text, from); };
  for (at = next(at + 1); at < text.size() && text[at] == '"';) {
    const auto key = value_text(text, at);
    at = next(at + key.size());
    if (key.empty() || at == text.size() || text[at] != ':') return text.size();
    at = next(at + 1);
    const auto value = value_text(text, at);
    if (value.empty()) return text.size();
    take(key.substr(1, key.size() - 2), value);
    at = next(at + value.size());
    if (at < text.size() && text[at] == ',') at = next(at + 1);
  }
  return at < text.size() && text[at] == '}' ? at + 1 : text.size();
}

template <class Take>
void step_objects(std::string_view array, Take take) {
  if (!array.starts_with('[')) return;
  const auto next = [&](std::size_t from) {
    while (from < array.size() && (array[from] == ',' || is_space(array[from]))) ++from;
    return from;
  };
  for (std::size_t at = next(1); at < array.size() && array[at] != ']'; at = next(at)) {
    if (array[at] == '{') {
      at = take(at);
    } else {
      const auto value = value_text(array, at);
      if (value.empty()) return;
      at += value.size();
    }
  }
}

}  // namespace rr::api
