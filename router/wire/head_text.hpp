// Heads as bytes for the wire. Control characters in values become spaces: no field can smuggle a line.
#pragma once

#include "domain/http.hpp"

#include <string>

namespace rr::wire {

bool framing_field(std::string_view name);  // Content-Length, Transfer-Encoding, Connection, Keep-Alive: written by wire alone

void append_field(std::string& out, std::string_view name, std::string_view value);
// Start line and fields (framing fields left out), without the empty line; a reply gets a Date when it has none.
void append_head(std::string& out, const RequestHead&);
void append_head(std::string& out, const ReplyHead&);

}  // namespace rr::wire
