#include "api/json_scan.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace rr::api {

std::size_t string_end(std::string_view text, std::size_t at) {
  const char* const begin = text.data();
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    const void* found = std::memchr(begin + i, '"', text.size() - i);
    if (!found) break;
    i = static_cast<std::size_t>(static_cast<const char*>(found) - begin);
    std::size_t backslashes = 0;
    while (begin[i - 1 - backslashes] == '\\') ++backslashes;  // the opening quote ends the run
    if (backslashes % 2 == 0) return i + 1;
  }
  return std::string_view::npos;
}

Extent first_value(std::string_view body) {
  Extent out;
  std::size_t i = body.find_first_not_of(" \t\r\n");
  if (i == body.npos) return out;
  out.at = i;
  std::size_t depth = 0;
  for (; i < body.size(); ++i) {
    switch (body[i]) {
      case '"':
        i = string_end(body, i);
        if (i == body.npos) return out;
        --i;
        break;
      case '{':
      case '[':
        if (++depth > out.depth) out.depth = depth;
        if (depth > max_depth) return out;
        break;
      case '}':
      case ']':
        if (depth == 0) return out;
        --depth;
        break;
      default: continue;
    }
    if (depth == 0) {
      out.end = i + 1;
      return out;
    }
  }
  return out;
}

std::string_view value_text(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  std::size_t end = text.npos;
  if (text[at] == '"') {
    end = string_end(text, at);
  } else if (text[at] == '{' || text[at] == '[') {
    const auto extent = first_value(text.substr(at));
    if (extent.end) end = at + extent.end;
  } else {
    end = std::min(text.find_first_of(",]} \t\r\n", at), text.size());
  }
  return end == text.npos ? std::string_view{} : text.substr(at, end - at);
}

std::size_t hangul_bytes(std::string_view text) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < text.size();) {  // U+AC00 to U+D7A3 begin with EA to ED in UTF-8
    std::uint64_t word = 0;
    if (i + 8 <= text.size()) std::memcpy(&word, text.data() + i, 8);
    else word = ~std::uint64_t{0};
    if ((word & 0x8080808080808080u) == 0) {
      i += 8;
      continue;
    }
    for (const std::size_t end = std::min(i + 8, text.size()); i < end; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if (byte >= 0xEA && byte <= 0xED) found += 3;
    }
  }
  for (std::size_t i = text.find("\\u"); i != text.npos; i = text.find("\\u", i + 2)) {
    if (i + 2 >= text.size()) break;
    const char c = static_cast<char>(text[i + 2] | 0x20);
    if (c >= 'a' && c <= 'd') found += 3;
  }
  return found;
}

}  // namespace rr::api
