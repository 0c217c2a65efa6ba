// Steps through JSON text without copying it: the raw texts of an array's elements, of an object's members. For text whose
// strings and brackets are known to be well formed (read_members has gone through it); other text gives fewer of them.
#pragma once

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

std::optional<std::string> unescaped(std::string_view raw_string);  // of a JSON string with its quotes

}  // namespace rr::api
