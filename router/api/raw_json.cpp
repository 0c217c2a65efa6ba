#include "api/raw_json.hpp"

#include "api/ondemand.hpp"

namespace rr::api {
namespace {

// Goes to the next byte that is no white space; false at the end.
bool skip(std::string_view text, std::size_t& at) {
  at = past_space(text, at);
  return at < text.size();
}

}  // namespace

std::vector<std::string_view> raw_elements(std::string_view array) {
  std::vector<std::string_view> out;
  if (!array.starts_with('[')) return out;
  for (std::size_t at = 1; skip(array, at) && array[at] != ']';) {
    const auto value = value_text(array, at);
    if (value.empty()) break;
    out.push_back(value);
    at += value.size();
    if (!skip(array, at) || array[at] != ',') break;
    ++at;
  }
  return out;
}

std::vector<RawMember> raw_members(std::string_view object) {
  std::vector<RawMember> out;
  if (!object.starts_with('{')) return out;
  for (std::size_t at = 1; skip(object, at) && object[at] == '"';) {
    const auto key = value_text(object, at);
    if (key.empty()) break;
    at += key.size();
    if (!skip(object, at) || object[at] != ':') break;
    ++at;
    if (!skip(object, at)) break;
    const auto value = value_text(object, at);
    if (value.empty()) break;
    out.push_back({key.substr(1, key.size() - 2), value});
    at += value.size();
    if (!skip(object, at) || object[at] != ',') break;
    ++at;
  }
  return out;
}

std::string_view raw_member(std::string_view object, std::string_view key) {
  std::string_view out;
  for (const auto& member : raw_members(object))
    if (member.key == key) out = member.value == "null" ? std::string_view{} : member.value;
  return out;
}

std::optional<std::string> unescaped(std::string_view raw) {
  if (raw.size() < 2 || raw.front() != '"') return std::nullopt;
  if (raw.find('\\') == raw.npos) return std::string(raw.substr(1, raw.size() - 2));
  const simdjson::padded_string copy(raw);
  od::parser parser;
  od::document document;
  std::string_view text;
  if (parser.iterate(copy).get(document) || document.get_string().get(text)) return std::nullopt;
  return std::string(text);
}

}  // namespace rr::api
