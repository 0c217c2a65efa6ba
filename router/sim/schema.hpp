// The smallest instance of a JSON schema: types, const, enum, required, nested objects, arrays with minItems, $ref into $defs,
// anyOf / oneOf / allOf, string formats and lengths, numeric bounds.
#pragma once

#include "sim/go_json.hpp"

namespace rr::sim {

Json minimal_instance(const Json& schema);

}  // namespace rr::sim
