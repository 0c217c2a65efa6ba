#include "api/rfc3339.hpp"

#include <chrono>
#include <cstdio>
#include <string>

namespace rr::api {

std::optional<double> seconds_since_1970(std::string_view text) {
  const std::string date(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  if (std::sscanf(date.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &used) < 6 || used == 0)
    return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                        std::chrono::day{static_cast<unsigned>(day)}};
  if (!ymd.ok()) return std::nullopt;
  double out = static_cast<double>(std::chrono::sys_days{ymd}.time_since_epoch().count()) * 86400.0 + hour * 3600 + minute * 60 + second;
  std::string_view rest = std::string_view(date).substr(static_cast<std::size_t>(used));
  if (rest.starts_with('.')) {
    double scale = 0.1;
    for (rest.remove_prefix(1); !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; rest.remove_prefix(1), scale /= 10)
      out += (rest[0] - '0') * scale;
  }
  int off_hour = 0, off_minute = 0;
  if (rest == "Z") return out;
  if (std::sscanf(std::string(rest).c_str(), "%3d:%2d", &off_hour, &off_minute) != 2) return std::nullopt;
  const int sign = rest.starts_with('-') ? -1 : 1;
  return out - off_hour * 3600 - sign * off_minute * 60;
}

}  // namespace rr::api
