// What a head must pass before anything of its body is read: Host, Origin and Sec-Fetch rules against web pages that
// reach for localhost, and the loop check. Pure. reference/reliability-security.md 4.2.
#pragma once

#include "domain/ask.hpp"
#include "domain/http.hpp"
#include "domain/refusal.hpp"
#include "domain/settings.hpp"

namespace rr::app {

// 403 host_refused: Host is no loopback name, no address we listen on and not in allowed_hosts.
// 403 origin_refused: a web page that is not allowed. 415 content_type: a browser's POST that is not JSON. 508 loop.
std::optional<Refusal> vet(const RequestHead&, const Settings&);

// 415 content_encoding: a packed body (Content-Encoding), but zstd on the translated /v1 paths, as with Ollama.
bool packed(const RequestHead&);
std::optional<Refusal> packed_refused(const RequestHead&, Kind);

bool preflight(const RequestHead&);                 // OPTIONS with Origin and Access-Control-Request-Method
Fields cors_fields(const RequestHead&);             // for an allowed Origin: Allow-Origin (exact, never *) and Vary; else none
Fields preflight_fields(const RequestHead&);

extern const std::string_view via;                  // our pseudonym in Via

}  // namespace rr::app
