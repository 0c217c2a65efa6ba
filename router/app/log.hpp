// One line per event, to standard error (app/lines.hpp: it never blocks the loop).
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
std::string complaint();              // of Lines; "" = none

// "id=r-000412 role=coder ..."; values with spaces, quotes or control bytes are quoted and escaped, empty ones left out.
std::string pairs(const std::vector<std::pair<std::string_view, std::string>>&);

}  // namespace rr::app::log
