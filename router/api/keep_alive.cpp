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

std::optional<double> unit_ns(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\xC2\xB5s" || unit == "\xCE\xBCs") return 1e3;
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  if (unit == "m") return 60e9;
  if (unit == "h") return 3600e9;
  return std::nullopt;
}

constexpr double longest = 9.2e18;  // nanoseconds, a little below what 64 bits hold

bool digit(char c) { return c >= '0' && c <= '9'; }

// Go's time.ParseDuration.
Result<Duration> go_duration(std::string_view text) {
  const auto invalid = [&] { return bad("time: invalid duration " + shown(text)); };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return Duration{0};
  if (rest.empty()) return invalid();
  double sum = 0;
  while (!rest.empty()) {
    double number = 0, scale = 1;
    bool digits = false;
    for (; !rest.empty() && digit(rest[0]); rest.remove_prefix(1), digits = true) number = number * 10 + (rest[0] - '0');
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      for (; !rest.empty() && digit(rest[0]); rest.remove_prefix(1), digits = true) {
        scale *= 10;
        number += (rest[0] - '0') / scale;
      }
    }
    if (!digits) return invalid();
    std::size_t size = 0;
    while (size < rest.size() && rest[size] != '.' && !digit(rest[size])) ++size;
    if (size == 0) return bad("time: missing unit in duration " + shown(text));
    const auto unit = unit_ns(rest.substr(0, size));
    if (!unit) return bad("time: unknown unit " + shown(rest.substr(0, size)) + " in duration " + shown(text));
    rest.remove_prefix(size);
    sum += number * *unit;
    if (sum > longest) return invalid();
  }
  const auto ns = static_cast<std::int64_t>(std::llround(sum));
  return Duration{negative ? -ns : ns};
}

}  // namespace

Result<KeepAlive> parse_keep_alive(std::string_view raw) {
  if (const auto text = unescaped(raw)) {
    const auto duration = go_duration(*text);
    if (!duration) return duration.error();
    return *duration < Duration::zero() ? for_ever : KeepAlive{*duration};
  }
  if (raw == "true" || raw == "false") return bad("Unsupported type: 'bool'");
  if (raw.starts_with('{')) return bad("Unsupported type: 'map[string]interface {}'");
  if (raw.starts_with('[')) return bad("Unsupported type: '[]interface {}'");
  const double seconds = std::strtod(std::string(raw).c_str(), nullptr);
  if (seconds < 0 || seconds * 1e9 > longest) return for_ever;
  return KeepAlive{Duration{static_cast<std::int64_t>(seconds * 1e9)}};
}

}  // namespace rr::api
