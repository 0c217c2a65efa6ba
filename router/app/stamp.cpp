#include "app/stamp.hpp"

#include <cstdio>
#include <ctime>

namespace rr::app {

namespace {

struct Second {  // the last one that was written: its text is made once
  std::time_t at = -1;
  std::string text, offset;  // "2026-11-20T14:02:11", "+09:00"
};
thread_local Second last;

}  // namespace

std::string stamp(std::chrono::system_clock::time_point when) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(when);
  const std::time_t second = std::chrono::system_clock::to_time_t(whole);
  if (second != last.at) {
    std::tm local{};
    localtime_r(&second, &local);
    char text[32], zone[8];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &local);
    std::strftime(zone, sizeof zone, "%z", &local);
    last = {second, text, std::string(zone, 3) + ":" + (zone + 3)};
  }
  char ms[8];
  std::snprintf(ms, sizeof ms, ".%03d", static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(when - whole).count()));
  return last.text + ms + last.offset;
}

}  // namespace rr::app
