#include "api/session.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>

namespace rr::api {
namespace {

std::uint64_t little_endian(std::string_view text) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(text.size(), 8); ++i)
    out |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  return out;
}

}  // namespace

std::uint64_t keyed_hash(std::string_view key, std::string_view text) {
  const std::uint64_t k0 = little_endian(key), k1 = key.size() > 8 ? little_endian(key.substr(8)) : 0;
  std::uint64_t v0 = 0x736f6d6570736575u ^ k0, v1 = 0x646f72616e646f6du ^ k1, v2 = 0x6c7967656e657261u ^ k0,
                v3 = 0x7465646279746573u ^ k1;
  const auto rounds = [&](int n) {
    for (; n > 0; --n) {
      v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
      v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
    }
  };
  const std::uint64_t size = text.size();
  for (; text.size() >= 8; text.remove_prefix(8)) {
    const auto word = little_endian(text);
    v3 ^= word, rounds(2), v0 ^= word;
  }
  const auto last = little_endian(text) | size << 56;
  v3 ^= last, rounds(2), v0 ^= last;
  v2 ^= 0xff, rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}

Session session_of(const RequestHead& head, std::string_view path_session, std::string_view first_user,
                   std::string_view key) {
  for (const auto name : {"X-Session-Id", "x-claude-code-session-id", "session-id", "x-session-affinity", "X-OpenWebUI-Chat-Id"})
    if (const auto value = find(head.fields, name); !value.empty()) return {std::string(value), true};
  if (!path_session.empty()) return {std::string(path_session), true};
  std::string text(first_user);
  text += '\0';
  const auto bearer = find(head.fields, "Authorization");
  text += bearer.empty() ? find(head.fields, "x-api-key") : bearer;
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(keyed_hash(key, text)));
  return {hex, false};
}

}  // namespace rr::api
