// Where the characters of a text begin and end: columns are counted in code points.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace rr::settings {

// Byte offset of the first thing that is no text: invalid UTF-8 (RFC 3629), or a control character other than tab and newline.
std::optional<std::size_t> not_text(std::string_view);

std::size_t code_points(std::string_view);

}  // namespace rr::settings
