#include "api/json_scan.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace rr::api {

namespace {

// Of the next `wanted`; a look by hand first, because in dense text a call of memchr for every hit costs more.
std::size_t next(std::string_view text, std::size_t at, char wanted) {
  for (const auto near = std::min(at + 16, text.size()); at < near; ++at)
    if (text[at] == wanted) return at;
  if (at >= text.size()) return text.npos;
  const void* found = std::memchr(text.data() + at, wanted, text.size() - at);
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) : text.npos;
}

constexpr std::array<bool, 256> structural = [] {
  std::array<bool, 256> out{};
  for (const char c : {'"', '{', '}', '[', ']'}) out[static_cast<unsigned char>(c)] = true;
  return out;
}();

}  // namespace

std::size_t string_end(std::string_view text, std::size_t at) {
  static_assert(std::endian::native == std::endian::little);
  const auto marks = [](std::uint64_t word, std::uint64_t byte) {  // the lowest mark is at the first byte that is the one looked for
    constexpr std::uint64_t ones = 0x0101010101010101u;
    word ^= ones * byte;
    return (word - ones) & ~word & (ones << 7);
  };
  std::size_t i = at + 1;
  while (i < text.size()) {
    if (i + 8 <= text.size()) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + i, 8);
      const std::uint64_t found = marks(word, '"') | marks(word, '\\');
      if (found == 0) {
        i += 8;
        continue;
      }
      i += static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
    if (text[i] == '"') return i + 1;
    i += text[i] == '\\' ? 2 : 1;
  }
  return text.npos;
}

Extent first_value(std::string_view body) {
  Extent out;
  std::size_t i = body.find_first_not_of(" \t\r\n");
  if (i == body.npos) return out;
  out.at = i;
  std::size_t depth = 0;
  for (; i < body.size(); ++i) {
    const char c = body[i];
    if (!structural[static_cast<unsigned char>(c)]) continue;
    if (c == '"') {
      i = string_end(body, i);
      if (i == body.npos) return out;
      --i;
    } else if (c == '{' || c == '[') {
      if (++depth > out.depth) out.depth = depth;
      if (depth > max_depth) return out;
    } else {
      if (depth == 0) return out;
      --depth;
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
  for (std::size_t i = next(text, 0, '\\'); i != text.npos && i + 2 < text.size(); i = next(text, i + 2, '\\')) {
    const char c = static_cast<char>(text[i + 2] | 0x20);
    if (text[i + 1] == 'u' && c >= 'a' && c <= 'd') found += 3;
  }
  return found;
}

}  // namespace rr::api
