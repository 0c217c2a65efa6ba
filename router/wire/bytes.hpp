// Classes of bytes in HTTP (RFC 9110 5.6.2, RFC 3986 2) and a list's elements.
#pragma once

#include <cstddef>
#include <string_view>

namespace rr::wire {

constexpr bool digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr int hex(char c) {  // -1: no hexadecimal digit
  if (digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
constexpr bool token_char(char c) {
  return digit(c) || letter(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}
constexpr bool token(std::string_view s) {
  for (const char c : s)
    if (!token_char(c)) return false;
  return !s.empty();
}
// What a field's value and a reason may hold: HTAB, printable ASCII, and bytes from 0x80.
constexpr bool text_char(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }

constexpr std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

// Calls with each trimmed, non-empty element of a comma-separated list.
template <class Take>
constexpr void each_element(std::string_view list, Take take) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (const auto element = trim(list.substr(0, comma)); !element.empty()) take(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace rr::wire
