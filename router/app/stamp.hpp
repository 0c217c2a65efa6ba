// Wall-clock times as we write them: RFC 3339 with milliseconds and the local offset, "2026-11-20T14:02:11.123+09:00".
#pragma once

#include <chrono>
#include <string>

namespace rr::app {

std::string stamp(std::chrono::system_clock::time_point);

}  // namespace rr::app
