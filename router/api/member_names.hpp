// The members that rules name, and the spellings that Go's decoder would take for one of them
// (reference: encoding/json matches names without regard to case, with Unicode's simple folding).
#pragma once

#include "domain/ask.hpp"

#include <string>
#include <string_view>

namespace rr::api {

bool named_member(std::string_view name, Kind);         // of the top level
bool named_option(std::string_view name);               // of options: exact case there
// What Go would match MODEL with: "model". "" when the name is its own folding or folds to no known one.
std::string folded_member(std::string_view name);

}  // namespace rr::api
