// The JSON value used for what we write and for nodes' small answers; the order of members is kept.
// Never used on a client's request body (reference/performance.md: 100 MB/s, and it loses big integers and duplicates).
#pragma once

#include <nlohmann/json.hpp>

namespace rr::api {
using Json = nlohmann::ordered_json;

// In one line; bytes that are not UTF-8 become U+FFFD.
inline std::string written(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }
}
