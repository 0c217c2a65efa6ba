#include "sim/keep_alive.hpp"

#include <cmath>

namespace rr::sim {

namespace {

using Parsed = boost::system::result<Duration, std::string>;

std::string because(const char* what, std::string_view text) { return std::string("time: ") + what + " " + go_quoted(text); }

}  // namespace

Parsed go_duration(std::string_view whole) {
  std::string_view s = whole;
  const std::string invalid = because("invalid duration", whole);
  bool negative = false;
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) {
    negative = s[0] == '-';
    s.remove_prefix(1);
  }
  if (s == "0") return Duration::zero();
  if (s.empty()) return invalid;
  double total = 0;
  while (!s.empty()) {
    auto digits = [&] {
      double v = 0;
      std::size_t n = 0;
      for (; n < s.size() && s[n] >= '0' && s[n] <= '9'; ++n) v = v * 10 + (s[n] - '0');
      s.remove_prefix(n);
      return std::pair(v, n);
    };
    auto [value, before] = digits();
    std::size_t after = 0;
    if (!s.empty() && s[0] == '.') {
      s.remove_prefix(1);
      auto [fraction, n] = digits();
      value += fraction / std::pow(10.0, double(n));
      after = n;
    }
    if (!before && !after) return invalid;
    std::size_t n = 0;
    while (n < s.size() && s[n] != '.' && (s[n] < '0' || s[n] > '9')) ++n;
    const std::string_view unit = s.substr(0, n);
    s.remove_prefix(n);
    if (unit.empty()) return because("missing unit in duration", whole);
    double ns = 0;
    if (unit == "ns") ns = 1;
    if (unit == "us" || unit == "\xC2\xB5s" || unit == "\xCE\xBCs") ns = 1e3;
    if (unit == "ms") ns = 1e6;
    if (unit == "s") ns = 1e9;
    if (unit == "m") ns = 60e9;
    if (unit == "h") ns = 3600e9;
    if (ns == 0) return "time: unknown unit " + go_quoted(unit) + " in duration " + go_quoted(whole);
    total += value * ns;
    if (total > 9.2233720368547758e18) return invalid;
  }
  const Duration d{static_cast<Duration::rep>(std::llround(std::min(total, 9.2233720368547e18)))};
  return negative ? -d : d;
}

boost::system::result<KeepAlive, std::string> read_keep_alive(const Json& v) {
  if (v.is_number()) {
    const double seconds = v.get<double>();
    if (seconds < 0) return for_ever;
    if (seconds * 1e9 >= 9.2233720368547758e18) return KeepAlive{Duration{1}};
    return KeepAlive{Duration{static_cast<Duration::rep>(std::llround(seconds * 1e9))}};
  }
  if (v.is_string()) {
    Parsed d = go_duration(v.get_ref<const std::string&>());
    if (!d) return d.error();
    return *d < Duration::zero() ? for_ever : KeepAlive{*d};
  }
  if (v.is_array()) return std::string("Unsupported type: '[]interface {}'");
  if (v.is_object()) return std::string("Unsupported type: 'map[string]interface {}'");
  return std::string("Unsupported type: 'bool'");
}

}  // namespace rr::sim
