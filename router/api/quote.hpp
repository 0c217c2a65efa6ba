// Text as a JSON string, with its quotes. Bytes that are not UTF-8 become U+FFFD.
#pragma once

#include <string>
#include <string_view>

namespace rr::api {
std::string quote(std::string_view);
}
