// %XX to bytes, once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rr::api {
std::optional<std::string> decoded(std::string_view);  // a broken escape, a control character, an empty result: nullopt
}
