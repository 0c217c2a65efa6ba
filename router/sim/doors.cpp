#include "sim/doors.hpp"

#include "domain/values.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace rr::sim {

namespace {

struct Known {
  std::string_view path, methods;  // as in Allow
};
constexpr std::array known{
    Known{"/", "HEAD, GET"},          Known{"/api/version", "HEAD, GET"},  Known{"/api/tags", "HEAD, GET"},
    Known{"/api/status", "GET"},      Known{"/api/ps", "GET"},             Known{"/api/show", "POST"},
    Known{"/api/generate", "POST"},   Known{"/api/chat", "POST"},          Known{"/api/embed", "POST"},
    Known{"/api/pull", "POST"},       Known{"/api/push", "POST"},          Known{"/api/create", "POST"},
    Known{"/api/copy", "POST"},       Known{"/api/delete", "DELETE"},      Known{"/api/blobs/*", "HEAD, POST"},
    Known{"/api/me", "POST"},
    Known{"/api/embeddings", "POST"}, Known{"/v1/models", "GET"},          Known{"/v1/models/*", "GET"},
    Known{"/v1/chat/completions", "POST"}, Known{"/v1/completions", "POST"}, Known{"/v1/embeddings", "POST"},
    Known{"/v1/responses", "POST"},   Known{"/v1/messages", "POST"},
};

bool ends_with(std::string_view s, std::string_view tail) { return s.size() >= tail.size() && s.substr(s.size() - tail.size()) == tail; }

const Known* find_route(std::string_view path) {
  for (auto& k : known) {
    if (k.path == path) return &k;
    if (k.path.back() == '*' && path.substr(0, k.path.size() - 1) == k.path.substr(0, k.path.size() - 1) && path.size() >= k.path.size() &&
        path.find('/', k.path.size() - 1) == std::string_view::npos) {
      return &k;
    }
  }
  return nullptr;
}

bool allows(const Known& k, std::string_view method) {
  std::string_view list = k.methods;
  while (!list.empty()) {
    const auto comma = std::min(list.find(", "), list.size());
    if (list.substr(0, comma) == method) return true;
    list.remove_prefix(std::min(comma + 2, list.size()));
  }
  return false;
}

std::string decoded(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    auto digit = [&](std::size_t at) {
      const char c = at < s.size() ? char(std::tolower(static_cast<unsigned char>(s[at]))) : ' ';
      return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    if (s[i] == '%' && digit(i + 1) >= 0 && digit(i + 2) >= 0) {
      out += char(digit(i + 1) * 16 + digit(i + 2));
      i += 2;
    } else {
      out += s[i];
    }
  }
  return out;
}

Short redirect(const RequestHead& q, std::string location, std::string_view query) {
  Short s;
  location += query;
  const bool slashes_only = q.target.find("//") != std::string::npos;
  s.status = q.method == "GET" && !slashes_only ? 301 : 307;
  const bool with_text = q.method == "GET" || q.method == "HEAD";
  if (with_text) s.fields.push_back({"Content-Type", "text/html; charset=utf-8"});
  s.fields.push_back({"Location", location});
  if (q.method == "GET") s.body = "<a href=\"" + location + "\">" + std::string(reason_phrase(s.status)) + "</a>.\n\n";
  return s;
}

std::string without_port(std::string_view host) {
  if (!host.empty() && host.front() == '[') {
    const auto close = host.find(']');
    return close == std::string_view::npos ? std::string(host) : std::string(host.substr(1, close - 1));
  }
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(':') != colon) return std::string(host);
  return std::string(host.substr(0, colon));
}

std::optional<std::array<int, 4>> ipv4(std::string_view s) {
  std::array<int, 4> out{};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto dot = i < 3 ? s.find('.') : s.size();
    if (dot == std::string_view::npos || dot == 0 || dot > 3) return {};
    int v = 0;
    for (char c : s.substr(0, dot)) {
      if (c < '0' || c > '9') return {};
      v = v * 10 + (c - '0');
    }
    if (v > 255) return {};
    out[i] = v;
    s.remove_prefix(std::min(dot + 1, s.size()));
  }
  return s.empty() ? std::optional(out) : std::nullopt;
}

bool is_ip(std::string_view host) { return ipv4(host) || host.find(':') != std::string_view::npos; }

bool allowed_ip(std::string_view host) {
  if (const auto a = ipv4(host)) {
    const auto& p = *a;
    return p[0] == 127 || p[0] == 10 || (p[0] == 172 && p[1] >= 16 && p[1] < 32) || (p[0] == 192 && p[1] == 168) ||
           (p[0] == 0 && p[1] == 0 && p[2] == 0 && p[3] == 0);
  }
  const std::string h = lower(host);
  return h == "::1" || h == "::" || h.rfind("fc", 0) == 0 || h.rfind("fd", 0) == 0;
}

bool allowed_name(std::string_view host) {
  const std::string h = lower(host);
  if (h.empty() || h == "localhost") return true;
  for (std::string_view tail : {".localhost", ".local", ".internal"}) {
    if (ends_with(h, tail)) return true;
  }
  return false;
}

bool allowed_origin(std::string_view origin) {
  for (std::string_view scheme : {"app://", "file://", "tauri://", "vscode-webview://", "vscode-file://"}) {
    if (origin.substr(0, scheme.size()) == scheme) return true;
  }
  for (std::string_view scheme : {"http://", "https://"}) {
    if (origin.substr(0, scheme.size()) != scheme) continue;
    const std::string host = lower(without_port(origin.substr(scheme.size())));
    return host == "localhost" || host == "127.0.0.1" || host == "0.0.0.0";
  }
  return false;
}

constexpr const char* allowed_headers =
    "Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta,X-Stainless-Arch,X-Stainless-Async,"
    "X-Stainless-Custom-Poll-Interval,X-Stainless-Helper-Method,X-Stainless-Lang,X-Stainless-Os,X-Stainless-Package-Version,"
    "X-Stainless-Poll-Helper,X-Stainless-Retry-Count,X-Stainless-Runtime,X-Stainless-Runtime-Version,X-Stainless-Timeout";

}  // namespace

Passed pass(const RequestHead& q, bool loopback) {
  Passed out;
  const auto mark = std::min(q.target.find('?'), q.target.size());
  const std::string_view query = std::string_view(q.target).substr(mark);
  out.path = decoded(std::string_view(q.target).substr(0, mark));

  std::string clean;
  for (char c : out.path) {
    if (c != '/' || clean.empty() || clean.back() != '/') clean += c;
  }
  if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  if (clean != out.path && find_route(clean)) {
    out.answer = redirect(q, clean, query);
    return out;
  }
  const Known* route = find_route(out.path);
  Fields allow;
  if (route && !allows(*route, q.method)) allow.push_back({"Allow", std::string(route->methods)});

  const std::string host(find(q.fields, "Host"));
  const std::string origin(find(q.fields, "Origin"));
  const bool same = origin == "http://" + host || origin == "https://" + host;
  if (!origin.empty() && !same) {
    if (!allowed_origin(origin)) {
      out.answer = Short{403, allow, ""};
      return out;
    }
    if (q.method == "OPTIONS") {
      out.answer = Short{204, {{"Access-Control-Allow-Headers", allowed_headers},
                               {"Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"},
                               {"Access-Control-Allow-Origin", origin},
                               {"Access-Control-Max-Age", "43200"}}, ""};
      for (auto& f : allow) out.answer->fields.push_back(f);
      for (const char* v : {"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"}) {
        out.answer->fields.push_back({"Vary", v});
      }
      return out;
    }
    out.fields = {{"Access-Control-Allow-Origin", origin}, {"Vary", "Origin"}};
  }
  if (loopback) {
    const std::string name = without_port(host);
    const bool bracketed_alone = !host.empty() && host.front() == '[' && host.back() == ']';  // refused there; with a port it is fine
    if (bracketed_alone || !(is_ip(name) ? allowed_ip(name) : allowed_name(name))) {
      out.answer = Short{403, allow, ""};
      return out;
    }
    if (q.method == "OPTIONS" && !is_ip(name)) {
      out.answer = Short{204, allow, ""};
      return out;
    }
  }
  if (!route || !allow.empty()) {
    out.answer = Short{route ? 405 : 404, allow, route ? "405 method not allowed" : "404 page not found"};
    out.answer->fields.push_back({"Content-Type", "text/plain"});
    for (auto& f : out.fields) out.answer->fields.push_back(f);
  }
  return out;
}

}  // namespace rr::sim
