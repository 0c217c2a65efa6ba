// One line per event, to standard error, by an asynchronous sink that never blocks the loop (full: the oldest lines are dropped).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rr::app::log {

void start();                         // before the first line; without it lines are dropped (tests)
void stop();                          // flushes
void info(std::string_view text);
void warn(std::string_view text);

// "id=r-000412 role=coder ..."; values with spaces, quotes or control bytes are quoted and escaped, empty ones left out.
std::string pairs(const std::vector<std::pair<std::string_view, std::string>>&);

}  // namespace rr::app::log
