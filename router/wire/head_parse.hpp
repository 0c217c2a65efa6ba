// Beast's reading of a head that our own check has passed: the second opinion, and the fields as text.
#pragma once

#include "domain/http.hpp"

#include <string_view>

namespace rr::wire {

// `raw` ends with CRLFCRLF. False: Beast refuses what we let pass; then so do we.
bool parse_head(std::string_view raw, RequestHead&);
bool parse_head(std::string_view raw, ReplyHead&);

}  // namespace rr::wire
