// What is malformed, foreign or malicious is refused by the router and nothing of it reaches a node.
#include "support/heap.hpp"
#include "support/scene.hpp"
#include "unit/wire/request_vectors.hpp"

namespace framing_test {

using namespace rr;
using namespace rr::test;

namespace {

const std::string body = chat_body("coder", false);
const std::string size = std::to_string(body.size());

// Bytes held by the process, read between two handlers of the loop.
std::size_t live(Scene& scene) {
  return scene.on_loop([] { return live_bytes(); });
}

}  // namespace

TEST_CASE("row 43: a hundred requests in one packet are answered in order, one at a node at a time") {
  Scene scene;
  RawClient client(scene.port());
  std::string all;
  for (int i = 0; i < 100; ++i)
    all += i % 2 ? request_text("GET", "/v1/models/m" + std::to_string(i))
                 : request_text("POST", "/api/chat", chat_body("coder", i % 4 == 0, "number " + std::to_string(i)));
  REQUIRE(all.size() < 64 * 1024);
  client.send(all);
  for (int i = 0; i < 100; ++i) {
    CAPTURE(i);
    const Answer a = client.answer();
    CHECK(a.clean);
    if (i % 2) {
      CHECK(a.status == 404);
      CHECK(a.body.find("m" + std::to_string(i)) != std::string::npos);
    } else {
      CHECK(a.status == 200);
      CHECK(a.chunked == (i % 4 == 0));
    }
  }
  CHECK(scene.on_loop([&] { return scene.here.most; }) == 1);
  scene.on_loop([&] {
    const auto& bodies = scene.node_here.state().bodies;
    CHECK(bodies.size() == 51);
    for (std::size_t i = 1; i < bodies.size(); ++i) CHECK(bodies[i].find("number " + std::to_string((i - 1) * 2) + " ") != std::string::npos);
  });
  client.close();
  scene.invariants();
}

TEST_CASE("row 43: what is pipelined beyond 64 KiB waits in the client's own socket") {
  Scene scene;
  scene.on_loop([&] { scene.here.how = Playing::How::hold_before; });
  RawClient client(scene.port());
  client.send(chat_text("coder", false));
  CHECK(scene.comes([&] { return scene.here.active == 1; }));
  const std::string one = request_text("GET", "/api/version", "", {{"X-Filler", std::string(8000, 'x')}});
  std::size_t sent = 0;
  std::string rest;
  const std::size_t before = live(scene);
  while (sent < 64u << 20) {  // until nothing more is taken
    if (rest.empty()) rest = one;
    const auto n = ::send(client.fd(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
      rest.erase(0, static_cast<std::size_t>(n));
      continue;
    }
    scene.others_are_served();
    pollfd writable{client.fd(), POLLOUT, 0};
    if (::poll(&writable, 1, 50) == 0) break;
  }
  CHECK(sent < 64u << 20);
  CHECK(live(scene) < before + (1u << 20));  // the router holds no more of it than its buffer
  scene.on_loop([&] { scene.here.release(); });
  CHECK(client.answer().status == 200);
  client.close();
  scene.invariants();
}

TEST_CASE("row 44: every malformed request is refused with its status and closed, and a node sees nothing") {
  Scene scene("limits: { body: 1MiB }\n");
  int refused = 0;
  for (const auto& vector : wire::test::request_vectors()) {
    if (vector.status == 200) continue;
    CAPTURE(vector.what);
    RawClient client(scene.port());
    client.send(vector.bytes);
    const Answer a = client.answer();
    CHECK(a.status == vector.status);
    CHECK(same_name(a.field("Connection"), "close"));
    CHECK(client.closed_by_peer());
    ++refused;
  }
  CHECK(refused >= 100);
  CHECK(scene.upstream() == 0);
  scene.invariants();
}

TEST_CASE("row 44: a smuggled second request never becomes one") {
  Scene scene;
  const std::string evil = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + size + "\r\n\r\n" + body;
  for (const std::string& head : std::vector<std::string>{
           "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: identity\r\n", "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked, identity\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 3\r\nContent-Length: 3\r\n",
           "Content-Length: 003\r\n", "Content-Length: 3, 3\r\n", "Content-Length: +3\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding:\r\n chunked\r\n", "X: y\r\n folded\r\nContent-Length: 0\r\n", "Content_Length: 3\r\n"}) {
    CAPTURE(head);
    RawClient client(scene.port());
    client.send("POST /api/version HTTP/1.1\r\nHost: localhost\r\n" + head + "\r\n" + evil);
    CHECK(client.answer().status >= 400);
    CHECK(client.closed_by_peer());  // and nothing else is answered on this connection
  }
  CHECK(scene.upstream() == 0);
  scene.invariants();
}

TEST_CASE("row 45: foreign pages and hosts reach no node") {
  Scene scene;
  const auto status = [&](const Fields& fields) {
    return ask(scene.port(), "POST", "/api/chat", body, fields).status;
  };
  const Field json{"Content-Type", "application/json"};
  for (const char* host : {"evil.example.com", "localhost.evil.example.com", "127.0.0.1.evil.example.com", "evil.example.com:8000", "169.254.19.104", "0.0.0.0",
                           "[::2]", "localhost.", "127.1.evil"}) {
    CAPTURE(std::string(host));
    CHECK(status({{"Host", host}}) == 403);
  }
  for (const char* origin : {"https://evil.example.com", "null", "http://localhost.evil.example.com", "http://127.0.0.1@evil.example.com", "http://127.0.0.1.evil.example.com",
                             "chrome-extension://abc", "https://localhost:1 evil", "javascript://localhost"}) {
    CAPTURE(std::string(origin));
    CHECK(status({{"Origin", origin}, json}) == 403);
  }
  for (const char* site : {"cross-site", "same-site"}) CHECK(status({{"Sec-Fetch-Site", site}, json}) == 403);
  for (const Field& browser : Fields{{"Origin", "http://localhost:1"}, {"Sec-Fetch-Site", "same-origin"}, {"Referer", "http://localhost:1/"}})
    for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""}) CHECK(status({browser, {"Content-Type", type}}) == 415);
  CHECK(scene.upstream() == 0);
  CHECK(ask(scene.port(), "OPTIONS", "/api/chat", "", {{"Origin", "https://evil.example.com"}, {"Access-Control-Request-Method", "POST"}}).status == 403);
  const Answer preflight = ask(scene.port(), "OPTIONS", "/api/chat", "", {{"Origin", "http://localhost:5173"}, {"Access-Control-Request-Method", "POST"}});
  CHECK(preflight.status == 204);
  CHECK(preflight.field("Access-Control-Allow-Origin") == "http://localhost:5173");
  CHECK_FALSE(has(preflight.fields, "Access-Control-Allow-Credentials"));
  CHECK(status({{"Origin", "http://localhost:5173"}, json}) == 200);
  CHECK(status({{"Host", "[::1]:8000"}}) == 200);
  scene.invariants();
}

TEST_CASE("row 46: paths that are no path of ours reach no node, whatever their spelling") {
  Scene scene;
  for (const char* target : {"//api/chat", "/api//chat", "/api/%63hat", "/v1/../api/chat", "/API/CHAT", "/api/chat;x", "/api/delete", "/api/%64elete", "//api/delete",
                             "/v1/../api/delete", "/API/DELETE", "/api/pull", "/api/push", "/api/create", "/api/copy", "/api/blobs/sha256:0", "/api/me", "/api/signout",
                             "/api/experimental/web_search", "/debug/pprof", "/role/coder%2Fapi%2Fdelete", "/role/coder/api/delete", "/role/%2e%2e/api/chat",
                             "/api/unknown_new", "/role//api/chat", "/api/chat%20", "/api/chat%00", "/api/chat/../delete", "/api\\delete", "/./api/delete",
                             "/role/coder/role/tester/api/chat", "/role/coder%2e%2e%2fapi/chat"}) {
    CAPTURE(std::string(target));
    RawClient client(scene.port());
    client.send("POST " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + size + "\r\n\r\n" + body);
    const Answer a = client.answer();
    CHECK(a.status >= 400);
    CHECK(a.status < 502);
  }
  for (const char* method : {"DELETE", "PUT", "PATCH", "GET"}) CHECK(ask(scene.port(), method, "/api/delete", body).status >= 400);
  CHECK(scene.upstream() == 0);
  scene.on_loop([&] {
    for (ScriptedNode* node : {&scene.node_here, &scene.node_there})
      for (const std::string& seen : node->state().log) CHECK(seen.find("delete") == std::string::npos);
  });
  scene.invariants();
}

// No token is configured in this version: whatever stands in Authorization opens and closes nothing, and stays here.
TEST_CASE("row 47: an Authorization of any kind changes nothing and goes to no node") {
  Scene scene;
  const Answer without = ask(scene.port(), "POST", "/api/chat", body);
  REQUIRE(without.status == 200);
  std::string bytes;
  for (int c = 0x80; c < 0x100; ++c) bytes += static_cast<char>(c);
  for (const std::string& token : std::vector<std::string>{"", "Bearer", "Bearer ", "Bearer " + canary, "Basic eDp5", "Bearer " + bytes, std::string(3000, 'k'), "\"", "Bearer a\tb"}) {
    const Answer a = ask(scene.port(), "POST", "/api/chat", body, {{"Authorization", token}, {"X-Api-Key", token}, {"Cookie", token}, {"Proxy-Authorization", token}});
    CHECK(a.status == 200);
    CHECK(a.body == without.body);
  }
  const std::size_t reached = scene.upstream();
  CHECK(reached == 10);
  const Answer huge = ask(scene.port(), "POST", "/api/chat", body, {{"Authorization", "Bearer " + std::string(1 << 20, 'k')}});
  CHECK(huge.status == 431);
  CHECK(scene.upstream() == reached);
  scene.on_loop([&] {
    for (const Fields& fields : scene.node_here.state().fields)
      for (const char* name : {"Authorization", "X-Api-Key", "Cookie", "Proxy-Authorization"}) CHECK_FALSE(has(fields, name));
  });
  scene.invariants();
}

TEST_CASE("row 48: Expect with a body that is too large is answered with 413 at once, without a 100") {
  Scene scene("limits: { body: 1MiB }\n");
  const auto head = [](const std::string& length) {
    return "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: " + length + "\r\n\r\n";
  };
  for (const char* length : {"1048577", "134217729", "99999999999999999"}) {
    RawClient client(scene.port());
    client.send(head(length));  // nothing of the body ever comes
    while (client.buffered().find("\r\n\r\n") == std::string::npos && client.more()) {
    }
    CHECK(client.buffered().starts_with("HTTP/1.1 413"));
    CHECK(client.answer().status == 413);
    CHECK(client.closed_by_peer());
  }
  CHECK(scene.upstream() == 0);
  RawClient client(scene.port());  // the same with a body that is not
  client.send(head(size));
  CHECK(client.head().status == 100);
  client.send(body);
  CHECK(client.answer().status == 200);
  client.close();
  scene.invariants();
}

TEST_CASE("nothing of the client's identity goes to a node, and the node hears its own name as Host") {
  Scene scene;
  const Answer a = ask(scene.port(), "POST", "/api/chat", body,
                       {{"Authorization", "Bearer secret"}, {"Cookie", "a=b"}, {"X-Api-Key", "secret"}, {"Connection", "x-drop"}, {"X-Drop", "1"},
                        {"Accept-Encoding", "gzip"}, {"Upgrade", "h2c"}, {"User-Agent", "GitHubCopilotChat/1"}});
  CHECK(a.status == 200);
  const Fields fields = scene.on_loop([&] { return scene.node_here.state().fields.back(); });
  for (const char* name : {"Authorization", "Cookie", "X-Api-Key", "X-Drop", "Accept-Encoding", "Upgrade", "Origin"}) {
    CAPTURE(name);
    CHECK_FALSE(has(fields, name));
  }
  CHECK(find(fields, "Host") == "127.0.0.1:" + std::to_string(scene.node_here.port()));
  CHECK(find(fields, "User-Agent") == "GitHubCopilotChat/1");
  CHECK(find(fields, "Via").find("role-router") != std::string_view::npos);
}

}  // namespace framing_test
