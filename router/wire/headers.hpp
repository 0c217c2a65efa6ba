// Which fields cross the router. Allow-lists, never copy-and-delete (RFC 9110 7.6.1). Pure; tested as a table.
#pragma once

#include "domain/http.hpp"

namespace rr::wire {

// Fields of a request for a node: Content-Type, Accept, User-Agent, x-stainless-*, OpenAI-Beta, anthropic-*,
// and Via. Never Authorization, Cookie, Origin, Accept-Encoding, Host, hop-by-hop or what Connection names.
Fields to_node(const Fields& from_client, std::string_view via);

// Fields of a node's reply for the client: Content-Type, Retry-After, Date, Cache-Control, X-*. Framing is ours.
Fields to_client(const Fields& from_node);

// `Via` already names us: two routers point at each other (RFC 9110 7.6.3) -> 508.
bool loops(const Fields& from_client, std::string_view via);

}  // namespace rr::wire
