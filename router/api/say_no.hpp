// A Refusal as the client's dialect expects it, before and during a stream. Envelopes: reference/ollama-api.md 6.
#pragma once

#include "domain/ask.hpp"
#include "domain/http.hpp"
#include "domain/refusal.hpp"

namespace rr::api {

struct Spoken {
  ReplyHead head{};    // status, Content-Type, Retry-After, Allow, x-should-retry
  std::string body{};
};

// ollama: {"error":"sentence","code":"..."} (Ollama's own words stand alone, without code, when ollama_text);
// openai: {"error":{"message","type","param":null,"code"}}; anthropic: {"type":"error","error":{"type","message"},"request_id"}.
// path_unknown and method_not_allowed on the native dialect: Ollama's text/plain bodies.
Spoken say_no(const Refusal&, Dialect, std::string_view request_id);

// The in-band ending of a broken stream: one NDJSON error line, or one SSE data event. The caller then cuts the connection.
std::string in_band(const Refusal&, Dialect, std::string_view request_id);

// What a client of an event stream may get at any time and does not notice: a comment, or Anthropic's ping. "" = the dialect has none.
std::string_view filler(Dialect);

// A node's error reply (native JSON) as the client's dialect says it; status kept.
Spoken pass_error(int status, std::string_view node_body, Dialect, std::string_view request_id);

}  // namespace rr::api
