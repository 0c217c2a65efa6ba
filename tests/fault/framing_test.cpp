// What is malformed, foreign or malicious is refused by the router and nothing of it reaches a node.
#include "support/scripted_node.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

using namespace rr::test;

namespace {

// What came of clients: the router's own questions and orders are GET, /api/show and /api/generate.
std::size_t asked(Town& town) {
  return town.on_loop([&] {
    std::size_t n = 0;
    for (const auto* node : {town.mini.get(), town.macbook.get()})
      for (const auto& s : node->seen()) n += s.method != "GET" && s.target != "/api/generate" && s.target != "/api/show";
    return n;
  });
}

const std::string body = R"({"model":"coder","messages":[{"role":"user","content":"hi"}],"stream":false})";
const std::string size = std::to_string(body.size());

}  // namespace

TEST_CASE("paths that are no path of ours reach no node, whatever their spelling") {
  Town town;
  for (const char* target : {"//api/chat", "/api//chat", "/api/%63hat", "/v1/../api/chat", "/API/CHAT", "/api/chat;x", "/api/delete", "/api/%64elete", "//api/delete",
                             "/api/pull", "/api/push", "/api/create", "/api/copy", "/api/blobs/sha256:0", "/api/me", "/api/signout", "/api/experimental/web_search",
                             "/debug/pprof", "/role/coder%2Fapi%2Fdelete", "/role/coder/api/delete", "/role/%2e%2e/api/chat", "/api/unknown_new", "/role//api/chat"}) {
    CAPTURE(target);
    RawClient client(town.router->port());
    client.send("POST " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + size + "\r\n\r\n" + body);
    const Answer a = client.answer();
    CHECK(a.status >= 400);
    CHECK(a.status < 600);
  }
  CHECK(asked(town) == 0);
}

TEST_CASE("a smuggled second request never becomes one") {
  Town town;
  const std::string evil = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + size + "\r\n\r\n" + body;
  for (const std::string& head : std::vector<std::string>{
           "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: identity\r\n", "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked, identity\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 3\r\nContent-Length: 3\r\n",
           "Content-Length: 003\r\n", "Content-Length: 3, 3\r\n", "Content-Length: +3\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding:\r\n chunked\r\n", "X: y\r\n folded\r\nContent-Length: 0\r\n", "Content_Length: 3\r\n"}) {
    CAPTURE(head);
    RawClient client(town.router->port());
    client.send("POST /api/version HTTP/1.1\r\nHost: localhost\r\n" + head + "\r\n" + evil);
    const Answer a = client.answer();
    CHECK(a.status >= 400);
    CHECK(client.closed_by_peer());  // and nothing else is answered on this connection
  }
  CHECK(asked(town) == 0);
}

TEST_CASE("foreign pages and hosts reach no node") {
  Town town;
  CHECK(town.ask("POST", "/api/chat", body, {{"Host", "evil.example.com"}}).status == 403);
  CHECK(town.ask("POST", "/api/chat", body, {{"Origin", "https://evil.example.com"}}).status == 403);
  CHECK(town.ask("POST", "/api/chat", body, {{"Sec-Fetch-Site", "cross-site"}}).status == 403);
  CHECK(town.ask("POST", "/api/chat", body, {{"Origin", "http://localhost:1"}, {"Content-Type", "text/plain"}}).status == 415);
  CHECK(asked(town) == 0);
  const Answer preflight = town.ask("OPTIONS", "/api/chat", "", {{"Origin", "http://localhost:5173"}, {"Access-Control-Request-Method", "POST"}});
  CHECK(preflight.status == 204);
  CHECK(preflight.field("Access-Control-Allow-Origin") == "http://localhost:5173");
}

TEST_CASE("nothing of the client's identity goes to a node, and the node hears its own name as Host") {
  Loop loop;
  const std::string model = "qwen3-coder:30b";
  ScriptedNode node(loop.io, {{model, 19 * rr::gb}}, [model](rr::wire::Client& client, const rr::wire::Request&) -> rr::wire::Task<void> {
    client.send(ScriptedNode::head(200, "application/json; charset=utf-8"), ScriptedNode::line(model, "ok", true));
    co_return;
  });
  auto router = std::move(*rr::app::Router::open(loop.io, settings_of(
      "roles:\n  coder: { node: here, model: qwen3-coder:30b, keep_alive: 2h }\nnodes:\n  here: { address: 127.0.0.1:" +
      std::to_string(node.port()) + ", gpu_memory: 56GiB }\nmodels:\n  qwen3-coder:30b: { num_ctx: 32768, size: 19GB }\n")));
  loop.start();
  const Answer a = ask(router->port(), "POST", "/api/chat", body,
                       {{"Authorization", "Bearer secret"}, {"Cookie", "a=b"}, {"X-Api-Key", "secret"}, {"Connection", "x-drop"}, {"X-Drop", "1"},
                        {"Accept-Encoding", "gzip"}, {"Upgrade", "h2c"}, {"User-Agent", "GitHubCopilotChat/1"}});
  CHECK(a.status == 200);
  const rr::Fields fields = loop.on_loop([&] { return node.state().fields.back(); });
  for (const char* name : {"Authorization", "Cookie", "X-Api-Key", "X-Drop", "Accept-Encoding", "Upgrade", "Origin"}) {
    CAPTURE(name);
    CHECK_FALSE(rr::has(fields, name));
  }
  CHECK(rr::find(fields, "Host") == "127.0.0.1:" + std::to_string(node.port()));
  CHECK(rr::find(fields, "User-Agent") == "GitHubCopilotChat/1");
  CHECK(rr::find(fields, "Via").find("role-router") != std::string_view::npos);
  loop.stop();
  router.reset();
}
