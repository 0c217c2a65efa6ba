#include "api/classify.hpp"
#include "api/raw_json.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>

namespace rr::api {
namespace {

Refusal bad(std::string sentence) {
  return {.code = "keep_alive_invalid", .side = Side::client, .status = 400, .sentence = std::move(sentence),
          .ollama_text = true};
}

std::string shown(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::optional<std::uint64_t> unit_ns(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\xC2\xB5s" || unit == "\xCE\xBCs") return 1'000;
  if (unit == "ms") return 1'000'000;
  if (unit == "s") return 1'000'000'000;
  if (unit == "m") return 60'000'000'000;
  if (unit == "h") return 3'600'000'000'000;
  return std::nullopt;
}

constexpr Duration longest{9'200'000'000'000'000'000};  // from here on for ever, as Go's client writes it: now + lease must fit

constexpr std::uint64_t beyond = std::uint64_t{1} << 63;  // the first that 64 bits with a sign do not hold

bool digit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits in front; nothing: more than `beyond`.
std::optional<std::uint64_t> take_whole(std::string_view& rest) {
  std::uint64_t sum = 0;
  for (; !rest.empty() && digit(rest[0]); rest.remove_prefix(1)) {
    if (sum > beyond / 10) return std::nullopt;
    sum = sum * 10 + static_cast<unsigned>(rest[0] - '0');
    if (sum > beyond) return std::nullopt;
  }
  return sum;
}

struct Fraction {
  std::uint64_t digits = 0;
  double scale = 1;
};

// Takes the digits behind a point; those that no longer fit change nothing.
Fraction take_fraction(std::string_view& rest) {
  Fraction out;
  bool full = false;
  for (; !rest.empty() && digit(rest[0]); rest.remove_prefix(1)) {
    if (full || out.digits > (beyond - 1) / 10) {
      full = true;
      continue;
    }
    const std::uint64_t next = out.digits * 10 + static_cast<unsigned>(rest[0] - '0');
    full = next > beyond;
    if (!full) out = {next, out.scale * 10};
  }
  return out;
}

// Go's time.ParseDuration, to the nanosecond.
Result<Duration> go_duration(std::string_view text) {
  const auto invalid = [&] { return bad("time: invalid duration " + shown(text)); };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return Duration{0};
  if (rest.empty()) return invalid();
  std::uint64_t sum = 0;
  while (!rest.empty()) {
    const std::size_t before = rest.size();
    auto number = take_whole(rest);
    if (!number) return invalid();
    bool digits = rest.size() < before;
    Fraction fraction;
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      const std::size_t behind_point = rest.size();
      fraction = take_fraction(rest);
      digits = digits || rest.size() < behind_point;
    }
    if (!digits) return invalid();
    std::size_t size = 0;
    while (size < rest.size() && rest[size] != '.' && !digit(rest[size])) ++size;
    if (size == 0) return bad("time: missing unit in duration " + shown(text));
    const auto unit = unit_ns(rest.substr(0, size));
    if (!unit) return bad("time: unknown unit " + shown(rest.substr(0, size)) + " in duration " + shown(text));
    rest.remove_prefix(size);
    if (*number > beyond / *unit) return invalid();
    *number *= *unit;
    if (fraction.digits > 0) {
      *number += static_cast<std::uint64_t>(static_cast<double>(fraction.digits) * (static_cast<double>(*unit) / fraction.scale));
      if (*number > beyond) return invalid();
    }
    sum += *number;
    if (sum > beyond) return invalid();
  }
  if (negative) return Duration{sum == beyond ? std::numeric_limits<std::int64_t>::min() : -static_cast<std::int64_t>(sum)};
  if (sum == beyond) return invalid();
  return Duration{static_cast<std::int64_t>(sum)};
}

}  // namespace

Result<KeepAlive> parse_keep_alive(std::string_view raw) {
  if (const auto text = unescaped(raw)) {
    const auto duration = go_duration(*text);
    if (!duration) return duration.error();
    return *duration < Duration::zero() || *duration >= longest ? for_ever : KeepAlive{*duration};
  }
  if (raw.starts_with('"')) return bad("time: invalid duration " + std::string(raw));  // half a character
  if (raw == "true" || raw == "false") return bad("Unsupported type: 'bool'");
  if (raw.starts_with('{')) return bad("Unsupported type: 'map[string]interface {}'");
  if (raw.starts_with('[')) return bad("Unsupported type: '[]interface {}'");
  const double seconds = std::strtod(std::string(raw).c_str(), nullptr);
  if (std::isinf(seconds)) return bad("json: cannot unmarshal number " + std::string(raw) + " into Go value of type float64");
  if (seconds < 0 || seconds * 1e9 >= static_cast<double>(longest.count())) return for_ever;
  return KeepAlive{Duration{static_cast<std::int64_t>(seconds * 1e9)}};
}

}  // namespace rr::api
