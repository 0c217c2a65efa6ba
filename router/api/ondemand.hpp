// What this room needs of simdjson on demand, in the words that 3.0 and 4.x share. Included by .cpp files only.
#pragma once

#include "api/json_scan.hpp"
#include "api/members.hpp"

#include <simdjson.h>

#include <algorithm>
#include <functional>

namespace rr::api {

namespace od = simdjson::ondemand;

// A parser kept for small bodies; big ones get their own, so that no memory stays behind.
class Parser {
 public:
  od::parser& of(std::size_t body) {
    if (body <= (std::size_t{2} << 20)) {
      static thread_local od::parser kept;
      return kept;
    }
    return own_;
  }

 private:
  od::parser own_;
};

// The text of a scalar without white space behind it; of an array or object only its first byte is meant. The value can
// still be read. Empty when it is none: behind brackets that do not match, simdjson's token may lie or end beyond the body.
inline std::string_view token(std::string_view body, od::value& value) {
  std::string_view out = value.raw_json_token();
  const std::less<const char*> before;
  if (before(out.data(), body.data()) || !before(out.data(), body.data() + body.size())) return {};
  out = {out.data(), std::min(out.size(), static_cast<std::size_t>(body.data() + body.size() - out.data()))};
  while (!out.empty() && static_cast<unsigned char>(out.back()) <= 0x20) out.remove_suffix(1);
  return out;
}

// The whole text of any value; costs a scan for an array or object.
inline std::string_view whole_text(std::string_view body, od::value& value) {
  const auto first = token(body, value);
  if (!first.starts_with('{') && !first.starts_with('[')) return first;
  return value_text(body, static_cast<std::size_t>(first.data() - body.data()));
}

// The text of a string value; one that cannot be unescaped (a lone surrogate) comes back as it is written.
inline std::string text_of(std::string_view body, od::value& value) {
  const std::string_view raw = token(body, value);
  std::string_view text{};
  if (!raw.empty() && value.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  return std::string(raw);
}

inline Span span_in(std::string_view body, std::string_view part) {
  return {static_cast<std::size_t>(part.data() - body.data()), part.size()};
}

}  // namespace rr::api
