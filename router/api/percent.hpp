// %XX to bytes, once; and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rr::api {
std::optional<std::string> decoded(std::string_view);  // a broken escape, a control character, an empty result: nullopt
std::string encoded(std::string_view);                 // as one segment of a path
}
