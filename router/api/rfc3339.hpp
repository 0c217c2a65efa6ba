// Ollama's dates: "2026-11-20T10:17:36.432387053Z", "2319-02-28T22:10:31.8+09:00".
#pragma once

#include <optional>
#include <string_view>

namespace rr::api {
std::optional<double> seconds_since_1970(std::string_view rfc3339);
}
