#include "app/vet.hpp"

#include <doctest/doctest.h>

namespace vet_test {

using namespace rr;
using namespace rr::app;

namespace {

int verdict(const Fields& fields, const std::string& method = "POST", Settings settings = {}) {
  auto refusal = vet({.method = method, .target = "/api/chat", .fields = fields}, settings);
  return refusal ? refusal->status : 200;
}

}  // namespace

TEST_CASE("the Host must be a loopback name, an address we listen on, or a name the YAML allows") {
  for (const char* good : {"localhost", "localhost:8000", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8000", "127.8.8.8", "[::1]", "[::1]:8000", "a.localhost:8000"}) {
    CAPTURE(good);
    CHECK(verdict({{"Host", good}}) == 200);
  }
  for (const char* bad : {"evil.example.com", "evil.example.com:8000", "localhost.evil.com", "127.0.0.1.evil.com", "192.168.1.9", "10.0.0.1:8000", "[fe80::1]:8000", "xlocalhost", ""}) {
    CAPTURE(bad);
    CHECK(verdict({{"Host", bad}}) == 403);
  }
  Settings settings;
  settings.allowed_hosts = {"AI.example.com"};
  settings.listen = {{"100.64.0.7", 8000}};
  CHECK(verdict({{"Host", "ai.example.com:443"}}, "POST", settings) == 200);
  CHECK(verdict({{"Host", "100.64.0.7:8000"}}, "POST", settings) == 200);
}

TEST_CASE("a web page may call only when its origin is local, a desktop app's, or allowed in the YAML") {
  const auto from = [](const std::string& origin, Settings settings = {}) {
    return verdict({{"Host", "localhost:8000"}, {"Origin", origin}, {"Content-Type", "application/json"}}, "POST", settings);
  };
  for (const char* good : {"http://localhost:5173", "https://127.0.0.1", "http://[::1]:3000", "http://0.0.0.0:1", "app://obsidian.md", "vscode-webview://x", "tauri://localhost", "file://"}) {
    CAPTURE(good);
    CHECK(from(good) == 200);
  }
  for (const char* bad : {"https://evil.example.com", "null", "chrome-extension://abc", "http://localhost.evil.com", "http://evil.com:8000"}) {
    CAPTURE(bad);
    CHECK(from(bad) == 403);
  }
  Settings settings;
  settings.allowed_origins = {"https://chat.example.com"};
  CHECK(from("https://chat.example.com", settings) == 200);
  CHECK(from("https://chat.example.com.evil.com", settings) == 403);
}

TEST_CASE("a cross-site fetch without an allowed origin is refused, and a browser's POST must be JSON") {
  CHECK(verdict({{"Host", "localhost"}, {"Sec-Fetch-Site", "cross-site"}}) == 403);
  CHECK(verdict({{"Host", "localhost"}, {"Sec-Fetch-Site", "same-site"}}, "GET") == 403);
  CHECK(verdict({{"Host", "localhost"}, {"Sec-Fetch-Site", "none"}}, "GET") == 200);
  CHECK(verdict({{"Host", "localhost"}, {"Origin", "http://localhost:1"}, {"Content-Type", "text/plain"}}) == 415);
  CHECK(verdict({{"Host", "localhost"}, {"Referer", "http://x/"}, {"Content-Type", "application/x-www-form-urlencoded"}}) == 415);
  CHECK(verdict({{"Host", "localhost"}, {"Content-Type", "application/x-www-form-urlencoded"}}) == 200);  // curl -d
}

TEST_CASE("a request that came through a role-router before is a loop") {
  CHECK(verdict({{"Host", "localhost"}, {"Via", "1.1 role-router"}}) == 508);
  CHECK(verdict({{"Host", "localhost"}, {"Via", "1.1 nginx, 1.1 role-router"}}) == 508);
  CHECK(verdict({{"Host", "localhost"}, {"Via", "1.1 nginx"}}) == 200);
}

TEST_CASE("a preflight is answered with the exact origin, never *") {
  const RequestHead head{.method = "OPTIONS", .target = "/api/chat",
                         .fields = {{"Origin", "http://localhost:5173"}, {"Access-Control-Request-Method", "POST"}, {"Access-Control-Request-Headers", "x-api-key"}}};
  CHECK(preflight(head));
  const Fields fields = preflight_fields(head);
  CHECK(find(fields, "Access-Control-Allow-Origin") == "http://localhost:5173");
  CHECK(find(fields, "Access-Control-Allow-Headers") == "x-api-key");
  CHECK_FALSE(has(fields, "Access-Control-Allow-Credentials"));
}

}  // namespace vet_test
