#include "wire/headers.hpp"

#include "wire/bytes.hpp"

#include <algorithm>
#include <array>

namespace rr::wire {

namespace {

using namespace std::string_view_literals;

bool begins(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && same_name(name.substr(0, prefix.size()), prefix);
}

template <std::size_t names, std::size_t prefixes>
bool listed(std::string_view name, const std::array<std::string_view, names>& whole,
            const std::array<std::string_view, prefixes>& heads) {
  return std::any_of(whole.begin(), whole.end(), [&](auto w) { return same_name(name, w); }) ||
         std::any_of(heads.begin(), heads.end(), [&](auto h) { return begins(name, h); });
}

bool named_by_connection(const Fields& fields, std::string_view name) {
  bool named = false;
  for (const Field& field : fields)
    if (same_name(field.name, "connection"))
      each_element(field.value, [&](std::string_view option) { named = named || same_name(option, name); });
  return named;
}

}  // namespace

Fields to_node(const Fields& from_client, std::string_view via) {
  static constexpr std::array names{"content-type"sv, "accept"sv, "user-agent"sv, "openai-beta"sv};
  static constexpr std::array prefixes{"x-stainless-"sv, "anthropic-"sv};
  Fields out;
  std::string way;
  for (const Field& field : from_client) {
    if (same_name(field.name, "via")) {
      if (!field.value.empty()) way += field.value + ", ";
    } else if (listed(field.name, names, prefixes) && !named_by_connection(from_client, field.name)) {
      out.push_back(field);
    }
  }
  out.push_back({"Via", way + "1.1 " + std::string(via)});
  return out;
}

Fields to_client(const Fields& from_node) {
  static constexpr std::array names{"content-type"sv, "retry-after"sv, "date"sv, "cache-control"sv};
  static constexpr std::array prefixes{"x-"sv};
  Fields out;
  for (const Field& field : from_node) {
    if (begins(field.name, "x-router-")) continue;  // ours to say
    if (listed(field.name, names, prefixes) && !named_by_connection(from_node, field.name)) out.push_back(field);
  }
  return out;
}

bool loops(const Fields& from_client, std::string_view via) {
  bool found = false;
  for (const Field& field : from_client) {
    if (!same_name(field.name, "via")) continue;
    each_element(field.value, [&](std::string_view element) {  // "1.1 name (comment)"
      const std::size_t space = element.find_first_of(" \t");
      if (space == std::string_view::npos) return;
      const std::string_view by = trim(element.substr(space));
      found = found || same_name(by.substr(0, by.find_first_of(" \t")), via);
    });
  }
  return found;
}

}  // namespace rr::wire
