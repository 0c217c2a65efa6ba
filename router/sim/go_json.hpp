// JSON as Go's encoding/json reads and writes it: its error words, its escaping (<, >, & and U+2028/9 as \u....), its numbers.
#pragma once

#include "api/json.hpp"

#include <string>
#include <string_view>

namespace rr::sim {

using api::Json;

// The first JSON value of a body; what follows it is ignored. Duplicate names: the last wins. Bad UTF-8 becomes U+FFFD.
// `error` is what Go's decoder says ("unexpected EOF", "invalid character 'x' looking for beginning of value"); "EOF" = nothing there.
struct FirstValue {
  Json value;
  std::string error;
};
FirstValue read_first(std::string_view body);

std::string json_text(std::string_view);         // a JSON string, quotes included
std::string go_quoted(std::string_view);      // fmt's %q
std::string number(double);                   // shortest; exponent below 1e-6 and from 1e21 on
std::string number(float);
// A value that went through Go's `any`: numbers are float64, members of nested objects sorted; `keep_order`: not on this level.
std::string through_any(const Json&, bool keep_order);

// Member by name as Go matches it: exact or case-folded, the last one given. Null when absent.
const Json* member(const Json& object, std::string_view name);
std::string_view kind(const Json&);           // "string", "number", "array", "object", "bool": the decoder's words

}  // namespace rr::sim
