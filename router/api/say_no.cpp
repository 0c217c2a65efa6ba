#include "api/say_no.hpp"

#include "api/json.hpp"
#include "api/node_speech.hpp"

namespace rr::api {
namespace {

std::string_view openai_type(int status) {
  if (status == 400 || status == 401) return "invalid_request_error";
  if (status == 404) return "not_found_error";
  return "api_error";
}

std::string_view anthropic_type(int status) {
  switch (status) {
    case 400: return "invalid_request_error";
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 429: return "rate_limit_error";
    case 503:
    case 529: return "overloaded_error";
    default: return "api_error";
  }
}

// `code` "" = the node's or Ollama's own words: null, or no member at all.
std::string envelope(int status, const std::string& text, const std::string& code, Dialect dialect, std::string_view id) {
  if (dialect == Dialect::openai)
    return written({{"error",
                     {{"message", text},
                      {"type", openai_type(status)},
                      {"param", nullptr},
                      {"code", code.empty() ? Json(nullptr) : Json(code)}}}});
  if (dialect == Dialect::anthropic)
    return written({{"type", "error"},
                    {"error", {{"type", anthropic_type(status)}, {"message", text}}},
                    {"request_id", std::string(id)}});
  Json body{{"error", text}};
  if (!code.empty()) body["code"] = code;
  return written(body);
}

ReplyHead head_of(int status, std::string content_type) {
  ReplyHead head{.status = status, .reason = std::string(reason_phrase(status))};
  set(head.fields, "Content-Type", std::move(content_type));
  return head;
}

// The OpenAI and Anthropic clients try again by themselves, up to 30 times, unless they are told not to.
void say_retry(ReplyHead& head, Dialect dialect, std::optional<int> retry_after_s) {
  if (retry_after_s) set(head.fields, "Retry-After", std::to_string(*retry_after_s));
  if (dialect != Dialect::openai && dialect != Dialect::anthropic) return;
  const bool again = retry_after_s && (head.status >= 500 || head.status == 429);
  if (!again) set(head.fields, "x-should-retry", "false");
}

std::string content_type(Dialect dialect) {
  return dialect == Dialect::openai || dialect == Dialect::anthropic ? "application/json" : json_utf8;
}

// Ollama's /v1 routes refuse a body that they cannot read before their own writer of answers is in place: without its newline,
// with a charset.
bool unread(const Refusal& no, Dialect dialect) {
  if (dialect == Dialect::anthropic && (no.code == "model_required" || no.code == "max_tokens_missing")) return true;
  return no.code == "json_invalid" || no.code == "messages_empty" || (no.code == "unsupported_member" && no.ollama_text);
}

}  // namespace

Spoken say_no(const Refusal& refusal, Dialect dialect, std::string_view request_id) {
  if (dialect == Dialect::ollama && refusal.code == "path_unknown")
    return {head_of(404, "text/plain"), "404 page not found"};
  if (refusal.code == "method_not_allowed") {
    if (dialect != Dialect::ollama) {
      Spoken out{head_of(405, content_type(dialect)),
                 envelope(405, "method not allowed: use " + refusal.sentence, refusal.code, dialect, request_id)};
      set(out.head.fields, "Allow", refusal.sentence);
      say_retry(out.head, dialect, std::nullopt);
      return out;
    }
    Spoken out{head_of(405, "text/plain"), "405 method not allowed"};
    set(out.head.fields, "Allow", refusal.sentence);
    return out;
  }
  const bool v1 = dialect == Dialect::openai || dialect == Dialect::anthropic;
  Spoken out{head_of(refusal.status, content_type(unread(refusal, dialect) ? Dialect::ollama : dialect)),
             envelope(refusal.status, refusal.sentence, refusal.ollama_text ? "" : refusal.code, dialect, request_id)};
  if (v1 && !unread(refusal, dialect)) out.body += "\n";
  if (refusal.status == 401) set(out.head.fields, "WWW-Authenticate", "Bearer");
  say_retry(out.head, dialect, refusal.retry_after_s);
  return out;
}

std::string_view filler(Dialect dialect) {
  if (dialect == Dialect::openai) return ": waiting\n\n";
  if (dialect == Dialect::anthropic) return "event: ping\ndata: {\"type\": \"ping\"}\n\n";
  return "";
}

std::string in_band(const Refusal& refusal, Dialect dialect, std::string_view request_id) {
  const auto text = envelope(refusal.status, refusal.sentence, refusal.ollama_text ? "" : refusal.code, dialect, request_id);
  if (dialect == Dialect::openai) return "data: " + text + "\n\n";
  if (dialect == Dialect::anthropic) return "event: error\ndata: " + text + "\n\n";
  return text + "\n";
}

Spoken pass_error(int status, std::string_view node_body, Dialect dialect, std::string_view request_id) {
  if (dialect != Dialect::openai && dialect != Dialect::anthropic)
    return {head_of(status, content_type(dialect)), std::string(node_body)};
  Spoken out{head_of(status, content_type(dialect)), envelope(status, parse_error(node_body), "", dialect, request_id)};
  if (status < 500 && status != 429) set(out.head.fields, "x-should-retry", "false");
  return out;
}

}  // namespace rr::api
