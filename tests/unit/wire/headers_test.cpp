#include "wire/head_text.hpp"
#include "wire/headers.hpp"

#include <doctest/doctest.h>

namespace headers_test {

using namespace rr;
using namespace rr::wire;

TEST_CASE("only listed fields reach a node") {
  const Fields from_client{
      {"Host", "localhost:8000"}, {"Content-Type", "application/json"}, {"accept", "*/*"}, {"User-Agent", "curl/8"},
      {"X-Stainless-Lang", "js"}, {"openai-beta", "assistants=v2"}, {"Anthropic-Version", "2023-06-01"},
      {"Authorization", "Bearer secret"}, {"Proxy-Authorization", "Basic x"}, {"X-API-Key", "secret"}, {"Cookie", "a=b"},
      {"Origin", "http://localhost"}, {"Referer", "http://localhost/"}, {"Accept-Encoding", "gzip"}, {"Content-Length", "3"},
      {"Transfer-Encoding", "chunked"}, {"Connection", "keep-alive"}, {"Keep-Alive", "timeout=5"}, {"TE", "trailers"},
      {"Trailer", "X"}, {"Upgrade", "websocket"}, {"Expect", "100-continue"}, {"X-Forwarded-For", "1.2.3.4"},
      {"Forwarded", "for=1.2.3.4"}, {"X-Agent-Role", "coder"}, {"X-Session-Id", "7"}};
  const Fields out = to_node(from_client, "role-router");
  CHECK(out.size() == 7);
  for (const char* name : {"Content-Type", "Accept", "User-Agent", "X-Stainless-Lang", "OpenAI-Beta", "Anthropic-Version"})
    CHECK_MESSAGE(find(out, name) == find(from_client, name), name);
  CHECK(find(out, "Via") == "1.1 role-router");
}

TEST_CASE("what Connection names does not cross, and it cannot take away what we set") {
  const Fields from_client{{"Connection", "close, X-Stainless-Lang, via,content-length"}, {"X-Stainless-Lang", "js"},
                           {"X-Stainless-OS", "mac"}, {"Connection", "user-agent"}, {"User-Agent", "curl/8"}};
  const Fields out = to_node(from_client, "role-router");
  CHECK_FALSE(has(out, "X-Stainless-Lang"));
  CHECK_FALSE(has(out, "User-Agent"));
  CHECK(find(out, "X-Stainless-OS") == "mac");
  CHECK(find(out, "Via") == "1.1 role-router");
}

TEST_CASE("Via grows by our name, and a message that carries it already is a loop") {
  CHECK(find(to_node({{"Via", "1.0 fred"}, {"Via", "1.1 nowhere.com (Apache)"}}, "role-router"), "Via") ==
        "1.0 fred, 1.1 nowhere.com (Apache), 1.1 role-router");
  CHECK(loops({{"Via", "1.0 fred, 1.1 Role-Router (x)"}}, "role-router"));
  CHECK(loops({{"via", "1.1 a"}, {"VIA", "1.1 role-router"}}, "role-router"));
  CHECK_FALSE(loops({{"Via", "1.1 role-router-2, 1.1 my-role-router"}}, "role-router"));
  CHECK_FALSE(loops({{"X-Via", "1.1 role-router"}}, "role-router"));
  CHECK_FALSE(loops({}, "role-router"));
}

TEST_CASE("only listed fields reach the client") {
  const Fields from_node{{"Content-Type", "application/x-ndjson"}, {"Date", "today"}, {"Retry-After", "3"}, {"Cache-Control", "no-store"},
                         {"X-Request-Id", "7"}, {"X-Router-Node", "false"}, {"Set-Cookie", "a=b"}, {"Server", "x"},
                         {"Content-Length", "3"}, {"Transfer-Encoding", "chunked"}, {"Connection", "X-Secret"}, {"X-Secret", "1"},
                         {"Access-Control-Allow-Origin", "*"}, {"Keep-Alive", "5"}, {"Content-Encoding", "gzip"}};
  const Fields out = to_client(from_node);
  CHECK(out.size() == 5);
  for (const char* name : {"Content-Type", "Date", "Retry-After", "Cache-Control", "X-Request-Id"})
    CHECK_MESSAGE(find(out, name) == find(from_node, name), name);
}

TEST_CASE("no value can begin a line of its own") {
  std::string text;
  append_head(text, ReplyHead{.status = 200, .reason = "O\r\nK", .fields = {{"X-Model", "a\r\nSet-Cookie: b"}, {"bad name", "x"}}});
  CHECK(text.find("\r\nSet-Cookie") == std::string::npos);
  CHECK(text.find("X-Model: a  Set-Cookie: b\r\n") != std::string::npos);
  CHECK(text.find("bad name") == std::string::npos);
  CHECK(text.starts_with("HTTP/1.1 200 O  K\r\n"));
}

TEST_CASE("framing fields are written by wire alone") {
  std::string text;
  append_head(text, RequestHead{.method = "POST", .target = "/", .fields = {{"content-length", "9"}, {"Transfer-Encoding", "x"},
                                                                          {"Connection", "close"}, {"Accept", "*/*"}}});
  CHECK(text == "POST / HTTP/1.1\r\nAccept: */*\r\n");
}

}  // namespace headers_test
