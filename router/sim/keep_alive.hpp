// keep_alive as Ollama reads it: a number of seconds or Go's duration words; negative = for ever; null is nobody's business here.
#pragma once

#include "domain/values.hpp"
#include "sim/go_json.hpp"

#include <boost/system/result.hpp>

namespace rr::sim {

// The error is Go's sentence: `time: missing unit in duration "-1"`, `Unsupported type: 'bool'`.
// A number too large for Go's duration wraps around there: the model then leaves at once (1 ns here).
boost::system::result<KeepAlive, std::string> read_keep_alive(const Json&);
boost::system::result<Duration, std::string> go_duration(std::string_view);  // time.ParseDuration

}  // namespace rr::sim
