#include "app/vet.hpp"

#include "api/dialects/translation.hpp"
#include "wire/headers.hpp"

#include <algorithm>
#include <array>

namespace rr::app {

const std::string_view via = "role-router";

namespace {

// "localhost:8000" -> "localhost", "[::1]:8000" -> "::1".
std::string host_of(std::string_view authority) {
  if (!authority.empty() && authority.front() == '[') {
    const auto close = authority.find(']');
    return lower(authority.substr(1, close == std::string_view::npos ? 0 : close - 1));
  }
  return lower(authority.substr(0, authority.rfind(':')));
}

bool loopback(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  if (host.size() > 10 && host.ends_with(".localhost")) return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

bool host_allowed(const std::string& host, const Settings& settings) {
  if (loopback(host)) return true;
  const auto same = [&](const std::string& allowed) { return lower(allowed) == host; };
  if (std::any_of(settings.allowed_hosts.begin(), settings.allowed_hosts.end(), same)) return true;
  return std::any_of(settings.listen.begin(), settings.listen.end(), [&](const Address& a) { return lower(a.host) == host; });
}

// Ollama's own list (envconfig/config.go): local pages, desktop apps and editors' webviews.
bool origin_allowed(std::string_view origin, std::string_view host, const Settings& settings) {
  static constexpr std::array<std::string_view, 5> schemes{"app://", "file://", "tauri://", "vscode-webview://", "vscode-file://"};
  for (const auto scheme : schemes)
    if (origin.starts_with(scheme)) return true;
  if (std::find(settings.allowed_origins.begin(), settings.allowed_origins.end(), origin) != settings.allowed_origins.end()) return true;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!origin.starts_with(scheme)) continue;
    const std::string_view authority = origin.substr(scheme.size());
    if (authority.find_first_of(" /@?#\\") != std::string_view::npos) return false;
    if (authority == host) return true;
    const std::string name = host_of(authority);
    return loopback(name) || name == "0.0.0.0";
  }
  return false;
}

bool json_type(std::string_view type) {
  const std::string t = lower(type.substr(0, type.find(';')));
  return t.starts_with("application/json");
}

}  // namespace

std::optional<Refusal> vet(const RequestHead& head, const Settings& settings) {
  const std::string_view host = find(head.fields, "Host");
  if (head.version == 11 || !host.empty()) {
    if (!host_allowed(host_of(host), settings))
      return clients_fault(403, "host_refused", "this router does not answer to the name " + host_of(host) +
                                         ": use localhost, or add the name to allowed_hosts in the YAML");
  }
  const std::string_view origin = find(head.fields, "Origin");
  const bool known_origin = !origin.empty() && origin_allowed(origin, host, settings);
  if (!origin.empty() && !known_origin)
    return clients_fault(403, "origin_refused", "web pages of " + std::string(origin.substr(0, 200)) +
                                         " may not call this router: add the origin to allowed_origins in the YAML");
  const std::string_view site = find(head.fields, "Sec-Fetch-Site");
  if ((site == "cross-site" || site == "same-site") && !known_origin)
    return clients_fault(403, "origin_refused", "another web site may not call this router: add its origin to allowed_origins in the YAML");
  const bool browser = !origin.empty() || !site.empty() || has(head.fields, "Referer");
  if (browser && head.method == "POST" && !json_type(find(head.fields, "Content-Type")))
    return clients_fault(415, "content_type", "a browser's POST must say Content-Type: application/json");
  if (wire::loops(head.fields, via))
    return clients_fault(508, "loop", "this request came through role-router before: a node's address in the YAML points at a router");
  return std::nullopt;
}

bool packed(const RequestHead& head) {
  const std::string_view encoding = find(head.fields, "Content-Encoding");
  return !encoding.empty() && lower(encoding) != "identity";
}

std::optional<Refusal> packed_refused(const RequestHead& head, Kind kind) {
  if (!packed(head)) return std::nullopt;
  const std::string_view encoding = find(head.fields, "Content-Encoding");
  const bool taken = api::translated(kind);
  if (taken && lower(encoding) == "zstd") return std::nullopt;
  return clients_fault(415, "content_encoding", std::string(taken ? "a request's body is unpacked only from zstd" : "a request's body is not unpacked on this path") +
                                                    ": send it without Content-Encoding " + std::string(encoding.substr(0, 100)));
}

bool preflight(const RequestHead& head) {
  return head.method == "OPTIONS" && has(head.fields, "Origin") && has(head.fields, "Access-Control-Request-Method");
}

Fields cors_fields(const RequestHead& head) {
  const std::string_view origin = find(head.fields, "Origin");
  if (origin.empty()) return {};
  return {{"Access-Control-Allow-Origin", std::string(origin)}, {"Vary", "Origin"}};
}

Fields preflight_fields(const RequestHead& head) {
  Fields fields = cors_fields(head);
  fields.push_back({"Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"});
  std::string wanted(find(head.fields, "Access-Control-Request-Headers"));
  if (wanted.empty()) wanted = "Authorization, Content-Type, X-Agent-Role, X-Session-Id";
  fields.push_back({"Access-Control-Allow-Headers", std::move(wanted)});
  fields.push_back({"Access-Control-Max-Age", "43200"});
  return fields;
}

}  // namespace rr::app
