// What was learnt of speeds, as a small JSON file: {"format":"role-router-pace/1","load_s":{"mac-mini/qwen3-coder:30b":10.1},...}.
// It may be lost without harm; figures that make no sense are left out.
#pragma once

#include "domain/pace.hpp"

#include <optional>
#include <string_view>

namespace rr::api {

std::string pace_text(const Pace&);
std::optional<Pace> parse_pace(std::string_view json);  // nothing: not such a file

}  // namespace rr::api
