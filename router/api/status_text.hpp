// The JSON of GET /health as a page for a terminal: roles, machines with their links and models, who waits for what.
#pragma once

#include <string>
#include <string_view>

namespace rr::api {
std::string status_text(std::string_view health_json);  // "" = that is no answer of /health
}
