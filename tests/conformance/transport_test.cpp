// Conformance of the drop-in proxy, transport and routing: reference cases 1-7, 11-13.
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace transport_test {

using namespace rr::test;
using rr::Fields;

namespace {

const std::string hi = R"({"model":"coder","messages":[{"role":"user","content":"hi"}],"stream":false})";

}  // namespace

TEST_CASE("case 1: HEAD / and GET / say exactly what Ollama says") {
  Town town;
  const Answer get = town.ask("GET", "/");
  CHECK(get.status == 200);
  CHECK(get.body == "Ollama is running");
  CHECK(get.field("Content-Type") == "text/plain; charset=utf-8");
  const Answer head = town.ask("HEAD", "/");
  CHECK(head.status == 200);
  CHECK(head.field("Content-Type") == "text/plain; charset=utf-8");
  CHECK(head.field("Content-Length") == "17");
  CHECK(town.ask("HEAD", "/role/coder").status == 200);
}

TEST_CASE("case 2: GET and HEAD on version and tags; HEAD on ps is 405 with Allow") {
  Town town;
  for (const char* path : {"/api/version", "/api/tags"}) {
    CAPTURE(path);
    CHECK(town.ask("GET", path).status == 200);
    const Answer head = town.ask("HEAD", path);
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    CHECK(head.field("Content-Type") == "application/json; charset=utf-8");
  }
  const Answer ps = town.ask("HEAD", "/api/ps");
  CHECK(ps.status == 405);
  CHECK(ps.field("Allow") == "GET");
}

TEST_CASE("case 3: an unknown path is a plain 404, below /api/ one that says why; a known path with another method a 405 with Allow") {
  Town town;
  const Answer denied = town.ask("GET", "/api/nonsense");
  CHECK(denied.status == 404);
  CHECK(denied.body.find("\"code\":\"route_denied\"") != std::string::npos);
  const Answer unknown = town.ask("GET", "/nonsense");
  CHECK(unknown.status == 404);
  CHECK(unknown.body == "404 page not found");
  CHECK(unknown.field("Content-Type").substr(0, 10) == "text/plain");
  const Answer method = town.ask("GET", "/api/chat");
  CHECK(method.status == 405);
  CHECK(method.body == "405 method not allowed");
  CHECK(method.field("Allow") == "POST");
}

TEST_CASE("case 4: a path that ends in a slash is served where it is, and its body is not lost") {
  Town town;
  for (const char* path : {"/api/chat/", "/role/coder/api/chat/", "/api/chat/?ts=1"}) {
    CAPTURE(path);
    const std::size_t before = town.inference(town.mini).size();
    CHECK(town.ask("POST", path, hi).status == 200);
    const auto seen = town.inference(town.mini);
    REQUIRE(seen.size() == before + 1);
    CHECK(seen.back().target == "/api/chat");
    CHECK(seen.back().body.find(R"("content":"hi")") != std::string::npos);
  }
  CHECK(town.ask("GET", "/api/tags/").status == 200);
}

TEST_CASE("case 5: query strings are accepted on every path, and a prefix in OLLAMA_HOST works") {
  Town town;
  CHECK(town.ask("GET", "/api/version?ts=1732440000").status == 200);
  CHECK(town.ask("POST", "/api/chat?ts=1732440000", hi).status == 200);
  CHECK(town.ask("POST", "/role/tester/api/chat?ts=1", hi).status == 200);
  CHECK(town.ask("GET", "/role/tester/api/tags").status == 200);
  CHECK(town.ask("GET", "/role/tester/session/s1/api/version").status == 200);
  CHECK(town.ask("HEAD", "/role/tester/").status == 200);
}

TEST_CASE("case 6: without a Content-Type, or with curl's form type, the body is read as JSON") {
  Town town;
  CHECK(town.ask("POST", "/api/chat", hi).status == 200);
  CHECK(town.ask("POST", "/api/chat", hi, {{"Content-Type", "application/x-www-form-urlencoded"}}).status == 200);
}

TEST_CASE("case 7: chunked request bodies, Expect: 100-continue, and two requests on one connection") {
  Town town;
  RawClient client(town.router->port());
  client.send("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", hi.size());
  client.send(size + hi + "\r\n0\r\n\r\n");
  Answer chunked = client.answer();
  CHECK(chunked.status == 200);
  client.send("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: " + std::to_string(hi.size()) + "\r\n\r\n");
  const Answer go_on = client.head();
  CHECK(go_on.status == 100);
  client.send(hi);
  const Answer second = client.answer();
  CHECK(second.status == 200);
  CHECK(second.body.find("\"done\":true") != std::string::npos);
}

TEST_CASE("case 11: an HTTP/1.0 client and a Connection: close client get a complete body") {
  Town town;
  const std::string stream = R"({"model":"coder","messages":[{"role":"user","content":"hi"}]})";
  RawClient old(town.router->port());
  old.send("POST /api/chat HTTP/1.0\r\nContent-Length: " + std::to_string(stream.size()) + "\r\n\r\n" + stream);
  const Answer first = old.answer();
  CHECK(first.status == 200);
  CHECK(!first.chunked);
  CHECK(first.body.find("\"done\":true") != std::string::npos);
  CHECK(first.closed);
  RawClient closing(town.router->port());
  closing.send(request_text("POST", "/api/chat", stream, {{"Connection", "close"}}));
  const Answer second = closing.answer();
  CHECK(second.clean);
  CHECK(second.body.find("\"done\":true") != std::string::npos);
  CHECK(closing.closed_by_peer());
}

TEST_CASE("case 12: a foreign Host that the YAML allows reaches a node that accepts only its own name") {
  Town town("allowed_hosts: [ai.example.com]\n");
  CHECK(town.ask("POST", "/api/chat", hi, {{"Host", "ai.example.com"}}).status == 200);
  CHECK(town.ask("POST", "/api/chat", hi, {{"Host", "evil.example.com"}}).status == 403);
}

TEST_CASE("case 13: a page's Origin and its preflight are judged by the router's policy, and no node sees them") {
  const std::string page = "https://app.example.com";
  const Fields asks{{"Origin", page}, {"Access-Control-Request-Method", "POST"}, {"Access-Control-Request-Headers", "content-type,x-agent-role"}};
  const Fields posts{{"Origin", page}, {"Content-Type", "application/json"}};
  {
    Town town;
    const Answer no = town.ask("OPTIONS", "/api/chat", "", asks);
    CHECK(no.status == 403);
    CHECK(no.body.find("allowed_origins") != std::string::npos);
    CHECK(town.ask("POST", "/api/chat", hi, posts).status == 403);
    CHECK(town.inference(town.mini).empty());
  }
  Town town("allowed_origins: [\"" + page + "\"]\n");
  const Answer preflight = town.ask("OPTIONS", "/api/chat", "", asks);
  CHECK(preflight.status == 204);
  CHECK(preflight.field("Access-Control-Allow-Origin") == page);
  CHECK(preflight.field("Access-Control-Allow-Headers") == "content-type,x-agent-role");
  const Answer answer = town.ask("POST", "/api/chat", hi, posts);  // a node would refuse this Origin: it is not told
  CHECK(answer.status == 200);
  CHECK(answer.field("Access-Control-Allow-Origin") == page);
  CHECK(answer.field("Vary") == "Origin");
}

}  // namespace transport_test
