// One line per event, to standard error. Lines of 20 ms are handed over together to an asynchronous sink that never blocks the
// loop (full: the oldest are dropped): a line costs the loop no system call.
#pragma once

#include "wire/net.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rr::app::log {

void start(wire::Executor);           // before the first line; without it lines are dropped (tests)
void stop();                          // writes what waits; before the io_context ends
void info(std::string_view text);
void warn(std::string_view text);

// "id=r-000412 role=coder ..."; values with spaces, quotes or control bytes are quoted and escaped, empty ones left out.
std::string pairs(const std::vector<std::pair<std::string_view, std::string>>&);

}  // namespace rr::app::log
