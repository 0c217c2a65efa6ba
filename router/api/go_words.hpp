// Ollama's own words for a body it cannot read: what Go's encoding/json says. Only for refusals, never for reading.
#pragma once

#include "domain/ask.hpp"

#include <string>
#include <string_view>

namespace rr::api {

// "unexpected EOF", "invalid character 'x' looking for beginning of value", ...; "" when Go finds no fault.
std::string go_syntax_error(std::string_view body);

bool go_reads_whole(std::string_view value);  // one JSON value, and nothing behind it

// "json: cannot unmarshal number into Go struct field ChatRequest.model of type string". `raw` is the value; member "" means
// the whole body.
std::string go_type_error(Kind, std::string_view raw, std::string_view member);

// "model 'x' not found" as the route says it.
std::string not_found(Kind, std::string_view model);

}  // namespace rr::api
