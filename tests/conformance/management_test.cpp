// Conformance, management: reference cases 8 (blobs), 16, 20, 56, 63, 64, and what the ollama command sends for pull, cp, rm, create, push.
#include "sim_lab.hpp"
#include "sim/sha256.hpp"
#include "support/long_run.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

namespace management_test {

using namespace rr::test;
using rr::Bytes;
using rr::Fields;
using rr::sim::ModelSpec;
using rr::sim::NodeSpec;

namespace {

ModelSpec model(const std::string& name, Bytes size) {
  ModelSpec m;
  m.name = name;
  m.size = size;
  return m;
}

void with_registry(NodeSpec& spec) {
  spec.registry = {model("small:1b", 1000), model("endless:1b", Bytes{4} * 1000 * 1000 * 1000 * 1000 * 1000 * 1000), model("nope:1b", 1000)};
  spec.models.push_back(model(spec.name == "macbook" ? "only-a:1b" : "only-b:1b", 1000));
  spec.models.push_back(model("both:1b", 1000));
  if (spec.name == "mac-mini") spec.models.push_back(model("small-a:1b", 1000));
}

struct Managed : Town {
  explicit Managed(const std::string& more = "management: true\n") : Town(more, 400, with_registry) {}
  bool lists(const std::string& name) { return ask("GET", "/api/tags").body.find("\"name\":\"" + name + "\"") != std::string::npos; }
  bool comes_to_list(const std::string& name, bool wanted = true) {
    for (int i = 0; i < 6000; ++i) {
      if (lists(name) == wanted) return true;
      ::usleep(5000);
    }
    return false;
  }
  // Requests that a client's request made one of the nodes see.
  int seen_at(const std::unique_ptr<rr::sim::Node>& node, const std::string& target) {
    int count = 0;
    for (const auto& s : seen(node)) count += s.target == target;
    return count;
  }
};

std::string code_of(const Answer& a) {
  const Json j = Json::parse(a.body, nullptr, false);
  return j.is_object() ? j.value("code", std::string()) : "";
}
std::string error_of(const Answer& a) {
  const Json j = Json::parse(a.body, nullptr, false);
  return j.is_object() && j["error"].is_string() ? j["error"].get<std::string>() : a.body;
}

const Fields on_mini{{"X-Router-Node", "mac-mini"}};
const std::string no_blob = "/api/blobs/sha256:" + std::string(64, '0');

std::string digest(const std::string& part, std::size_t times) {
  rr::sim::Sha256 sum;
  for (std::size_t i = 0; i < times; ++i) sum.add(part);
  return "sha256:" + sum.hex();
}

}  // namespace

TEST_CASE("case 56: management is closed with a 403 that names the YAML key, never a 401, and no node hears of it") {
  Town town;
  const std::tuple<const char*, std::string, const char*> routes[] = {
      {"POST", "/api/pull", R"({"model":"small:1b"})"}, {"POST", "/api/push", R"({"model":"qwen3:1.7b"})"},
      {"POST", "/api/create", R"({"model":"x","from":"qwen3:1.7b"})"}, {"POST", "/api/copy", R"({"source":"qwen3:1.7b","destination":"x"})"},
      {"DELETE", "/api/delete", R"({"model":"qwen3:1.7b"})"}, {"POST", no_blob, "x"}, {"POST", "/node/macbook/api/pull", R"({"model":"small:1b"})"},
      {"POST", "/api/me", ""}, {"POST", "/api/signout", ""}, {"DELETE", "/api/user/keys/k", ""}};
  for (const auto& [method, path, body] : routes) {
    CAPTURE(path);
    const Answer a = town.ask(method, path, body);
    CHECK(a.status == 403);
    CHECK(code_of(a) == "management_closed");
    CHECK(error_of(a).find("`management`") != std::string::npos);
    CHECK(a.field("Content-Type").substr(0, 16) == "application/json");
  }
  CHECK(town.ask("HEAD", no_blob).status == 403);
  for (const auto* node : {&town.macbook, &town.mini})
    for (const auto& seen : town.seen(*node)) CHECK((seen.method == "GET" || seen.target == "/api/generate" || seen.target == "/api/show"));  // the router's own
}

TEST_CASE("case 64: a role has no right to manage, an account is never passed on, unknown routes below /api/ are denied") {
  Managed town;
  const std::string pull = R"({"model":"small:1b"})";
  for (const Answer& a : {town.ask("POST", "/role/coder/api/pull", pull), town.ask("POST", "/api/pull", pull, {{"X-Agent-Role", "coder"}}),
                          town.ask("DELETE", "/role/coder/session/s/api/delete", R"({"model":"only-a:1b"})"), town.ask("POST", "/role/coder" + no_blob, "x")}) {
    CHECK(a.status == 403);
    CHECK(code_of(a) == "role_may_not");
  }
  for (const char* path : {"/api/signout", "/node/macbook/api/user/keys/k"}) {
    const Answer a = town.ask("POST", path, "");
    CHECK((a.status == 403 || a.status == 404));
  }
  const Answer denied = town.ask("POST", "/api/unload", R"({"model":"qwen3:1.7b"})");
  CHECK(denied.status == 404);
  CHECK(code_of(denied) == "route_denied");
  CHECK(error_of(denied).find("no key of the YAML opens it") != std::string::npos);
  CHECK(town.seen_at(town.macbook, "/api/pull") + town.seen_at(town.mini, "/api/pull") == 0);
  CHECK(town.seen_at(town.macbook, "/api/unload") + town.seen_at(town.mini, "/api/unload") == 0);
}

TEST_CASE("a management request goes to the node that path, header, YAML or the model's only owner says, and to no other") {
  Managed town;
  const std::string pull = R"({"model":"small:1b","stream":false})";
  const auto node_of = [](const Answer& a) { return std::string(a.field("X-Router-Node")) + (a.status == 200 ? "" : " " + code_of(a)); };
  CHECK(node_of(town.ask("POST", "/node/macbook/api/pull", pull, on_mini)) == "macbook");
  CHECK(node_of(town.ask("POST", "/api/pull", pull, on_mini)) == "mac-mini");
  const Answer unsaid = town.ask("POST", "/api/pull", pull);
  CHECK(unsaid.status == 400);
  CHECK(code_of(unsaid) == "node_unsaid");
  for (const char* word : {"macbook, mac-mini", "/node/macbook/api/pull", "X-Router-Node: macbook", "management: macbook"})
    CHECK(error_of(unsaid).find(word) != std::string::npos);
  const Answer unknown = town.ask("POST", "/node/mini/api/pull", pull);
  CHECK(unknown.status == 400);
  CHECK(error_of(unknown) == "node \"mini\" is not known. The nodes: macbook, mac-mini");
  CHECK(node_of(town.ask("DELETE", "/api/delete", R"({"model":"only-a:1b"})")) == "macbook");
  CHECK(node_of(town.ask("POST", "/api/copy", R"({"source":"ONLY-B:1b","destination":"copied:1b"})")) == "mac-mini");
  CHECK(code_of(town.ask("DELETE", "/api/delete", R"({"model":"both:1b"})")) == "node_unsaid");
  CHECK(town.comes_to_list("copied:1b"));
  CHECK(town.comes_to_list("only-a:1b", false));
  CHECK(town.seen_at(town.macbook, "/api/pull") == 1);
  CHECK(town.seen_at(town.mini, "/api/pull") == 1);

  Managed named("management: mac-mini\n");
  CHECK(node_of(named.ask("POST", "/api/pull", pull)) == "mac-mini");
  CHECK(node_of(named.ask("DELETE", "/api/delete", R"({"model":"both:1b"})")) == "mac-mini");
}

TEST_CASE("what a node has is listed by /node/<n>/api/tags; an answer may not choose its node") {
  Managed town;
  const auto has = [&](const char* path, const char* name, const Fields& fields = {}) {
    return town.ask("GET", path, "", fields).body.find("\"name\":\"" + std::string(name) + "\"") != std::string::npos;
  };
  CHECK(has("/node/macbook/api/tags", "only-a:1b"));
  CHECK_FALSE(has("/node/macbook/api/tags", "only-b:1b"));
  CHECK(has("/api/tags", "only-b:1b", on_mini));
  CHECK(town.ask("HEAD", "/node/mac-mini/").status == 200);
  CHECK(town.ask("POST", "/node/mac-mini/api/show", R"({"model":"both:1b"})").field("X-Router-Node") == "mac-mini");
  CHECK(town.ask("GET", "/node/typo/api/tags").status == 400);
  const std::string hi = R"({"model":"coder","messages":[{"role":"user","content":"hi"}]})";
  for (const Answer& a : {town.ask("POST", "/node/macbook/api/chat", hi), town.ask("POST", "/api/chat", hi, on_mini)}) {
    CHECK(a.status == 400);
    CHECK(code_of(a) == "node_not_chosen");
  }
}

TEST_CASE("case 63: the progress of a pull streams through at once; it goes on while a client waits, and is cancelled with the last") {
  Managed town;
  const std::string pull = request_text("POST", "/api/pull", R"({"model":"endless:1b"})", on_mini);
  RawClient first(town.router->port()), second(town.router->port());
  const auto starts = [&](RawClient& client, Answer& a) {
    client.send(pull);
    a = client.head();
    CHECK(a.status == 200);
    CHECK(a.field("Content-Type") == "application/x-ndjson");
    REQUIRE(client.chunk(a));  // long before the end, which never comes
    CHECK(a.chunks[0] == "{\"status\":\"pulling manifest\"}\n");
    REQUIRE(client.chunk(a));
    CHECK(a.chunks[1].find("\"completed\":") != std::string::npos);
  };
  Answer a, b;
  starts(first, a);
  starts(second, b);
  const auto waiting = [&](int count) {
    return town.until([&] {
      const auto downloads = town.mini->downloads();
      return count == 0 ? downloads.empty() : downloads.size() == 1 && downloads[0].waiting == count;
    });
  };
  CHECK(waiting(2));
  first.close();
  CHECK(waiting(1));
  for (int i = 0; i < 3; ++i) REQUIRE(second.chunk(b));
  second.reset();
  CHECK(waiting(0));
  CHECK_FALSE(town.lists("endless:1b"));
}

TEST_CASE("a pull that ends shows its model in the list, and says success last; a registry's error comes as the node says it") {
  Managed town;
  const Answer a = town.ask("POST", "/api/pull", R"({"model":"","name":"small:1b"})", on_mini);
  CHECK(a.clean);
  CHECK(a.chunks.back() == "{\"status\":\"success\"}\n");
  CHECK(town.comes_to_list("small:1b"));
  const Answer once = town.ask("POST", "/api/pull", R"({"model":"small:1b","stream":false})", on_mini);
  CHECK(once.body == "{\"status\":\"success\"}");
  const Answer unknown = town.ask("POST", "/api/pull", R"({"model":"unheard-of:1b"})", on_mini);
  CHECK(unknown.status == 200);
  CHECK(unknown.clean);
  CHECK(unknown.chunks.back().substr(0, 9) == "{\"error\":");
  CHECK(town.ask("POST", "/api/pull", R"({"model":"unheard-of:1b","stream":false})", on_mini).status == 500);
}

TEST_CASE("case 16: an empty model and a name are authorised by the name") {
  Managed town;
  CHECK(town.ask("POST", "/api/show", R"({"model":"","name":"both:1b"})").status == 200);
  CHECK(code_of(town.ask("POST", "/api/pull", R"({"model":"","name":"kimi:cloud"})", on_mini)) == "cloud_closed");
  const Answer used = town.ask("DELETE", "/api/delete", R"({"model":"","name":"qwen3-coder:30b"})", on_mini);
  CHECK(used.status == 409);
  CHECK(code_of(used) == "model_in_use");
  CHECK(error_of(used).find("role coder") != std::string::npos);
  for (const char* trick : {R"({"model":"both:1b","MODEL":"qwen3-coder:30b"})", R"({"model":"both:1b","model":"qwen3-coder:30b"})",
                            R"({"Name":"qwen3-coder:30b"})"})
    CHECK(code_of(town.ask("DELETE", "/api/delete", trick, on_mini)) == "json_member");
  CHECK(town.ask("POST", "/api/pull", R"({"model":"coder"})", on_mini).status == 400);
  CHECK(town.ask("DELETE", "/api/delete", R"({"name":"both:1b"})", on_mini).status == 200);
  CHECK(town.ask("DELETE", "/api/delete", R"({"name":"both:1b"})", on_mini).status == 404);
  CHECK(town.seen_at(town.mini, "/api/delete") == 2);
  CHECK(town.seen_at(town.mini, "/api/pull") == 0);
}

TEST_CASE("case 20: from of create and source of copy are checked: no cloud model, and nothing written over a role's model") {
  Managed town;
  const std::tuple<const char*, const char*, const char*> refused[] = {
      {"/api/create", R"({"model":"x","from":"kimi:cloud"})", "cloud_closed"},
      {"/api/create", R"({"model":"x","from":"gpt-oss:120b-cloud"})", "cloud_closed"},
      {"/api/create", R"({"model":"x","from":"both:1b","remote_host":"https://ollama.com"})", "cloud_closed"},
      {"/api/copy", R"({"source":"kimi:cloud","destination":"x"})", "cloud_closed"},
      {"/api/copy", R"({"source":" KIMI:Cloud ","destination":"x"})", "cloud_closed"},
      {"/api/copy", R"({"source":"both:1b","destination":"qwen3-coder:30b"})", "model_in_use"},
      {"/api/create", R"({"model":"qwen3-coder:30b","from":"both:1b"})", "model_in_use"},
      {"/api/copy", R"({"source":"both:1b","destination":"coder"})", "model_name"},
      {"/api/copy", R"({"source":"both:1b","Source":"kimi:cloud","destination":"x"})", "json_member"}};
  for (const auto& [path, body, code] : refused) {
    CAPTURE(body);
    const Answer a = town.ask("POST", path, body, on_mini);
    CHECK(code_of(a) == code);
    CHECK(a.status == (std::string(code) == "cloud_closed" ? 403 : std::string(code) == "model_in_use" ? 409 : 400));
  }
  CHECK(town.seen_at(town.mini, "/api/create") + town.seen_at(town.mini, "/api/copy") == 0);
  CHECK(town.ask("POST", "/api/create", R"({"model":"made:1b","from":"both:1b","parameters":{"num_ctx":8192}})", on_mini).chunks.size() == 5);
  CHECK(town.comes_to_list("made:1b"));
  CHECK(town.ask("POST", "/api/copy", R"({"source":"both:1b","destination":"qwen3-coder:30b"})", {{"X-Router-Node", "macbook"}}).status == 200);
}

TEST_CASE("case 8: a blob of any size passes with flat memory: never more than 64 KiB of it is held") {
  Managed town("management: mac-mini\nlimits: { body: 1MiB }\n");
  const std::size_t megabytes = long_run() ? 1024 : 64;
  std::string part(1 << 20, 'x');
  for (std::size_t i = 0; i < part.size(); i += 7) part[i] = static_cast<char>('a' + i % 23);
  const std::string path = "/api/blobs/" + digest(part, megabytes);
  CHECK(town.ask("HEAD", path).status == 404);
  RawClient client(town.router->port());
  client.send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(megabytes << 20) + "\r\n\r\n");
  Bytes most = 0, before = 0;
  for (std::size_t i = 0; i < megabytes; ++i) {
    client.send(part);
    town.on_loop([&] {
      most = std::max(most, town.router->house().bodies.used());
      before = std::max(before, town.mini->blob_bytes());
    });
  }
  const Answer a = client.answer();
  CHECK(a.status == 201);
  CHECK(most > 0);
  CHECK(most <= 64 * 1024);
  CHECK(before > 0);  // the node had its first bytes before the client had sent its last
  CHECK(town.on_loop([&] { return town.mini->blob_bytes(); }) == static_cast<Bytes>(megabytes << 20));
  CHECK(town.on_loop([&] { return town.router->house().bodies.used(); }) == 0);
  client.send(request_text("HEAD", path));  // on the same connection
  CHECK(client.answer(true).status == 200);
}

TEST_CASE("a blob comes in chunks, or after 100 Continue; a wrong digest is the node's 400; a known one is answered early") {
  Managed town("management: mac-mini\n");
  const std::string body(100000, 'y'), path = "/api/blobs/" + digest(body, 1);
  RawClient client(town.router->port());
  client.send("POST " + no_blob + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n");
  const Answer wrong = client.answer();
  CHECK(wrong.status == 400);
  CHECK(error_of(wrong).find("digest mismatch") == 0);
  client.send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n");
  CHECK(client.head().status == 100);
  client.send(body);
  CHECK(client.answer().status == 201);
  client.send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n");  // the node wants none of it
  for (int i = 0; i < 30; ++i) client.send(body);
  const Answer known = client.answer();
  CHECK(known.status == 200);
  CHECK(known.clean);
  CHECK(known.field("Connection") == "close");
  const Answer odd = town.ask("POST", "/api/blobs/sha256:xyz", "x");
  CHECK(odd.status == 400);
  CHECK(error_of(odd) == "invalid digest format");
}

TEST_CASE("a client that leaves in the middle of an upload ends it on the node; a node that dies is a 502") {
  Managed town("management: mac-mini\n");
  const std::string head = "POST " + no_blob + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n" + std::string(100000, 'x');
  const auto ended = [&](const char* how) {
    return town.until([&] {
      for (const auto& s : town.mini->seen())
        if (s.target == no_blob && s.ended == how) return true;
      return false;
    });
  };
  RawClient leaves(town.router->port());
  leaves.send(head);
  CHECK(town.until([&] { return town.mini->blob_bytes() > 0; }));
  leaves.close();
  CHECK(ended("client-closed"));
  CHECK(town.until([&] { return town.router->house().bodies.used() == 0; }));

  RawClient stays(town.router->port());
  const Bytes so_far = town.on_loop([&] { return town.mini->blob_bytes(); });
  stays.send(head);
  CHECK(town.until([&] { return town.mini->blob_bytes() > so_far; }));
  town.on_loop([&] { town.mini->stop(); });
  for (int i = 0; i < 100; ++i) stays.send(std::string(100000, 'x'));
  const Answer a = stays.answer();
  CHECK(a.status == 502);
  CHECK(code_of(a) == "node_lost");
}

TEST_CASE("what the ollama command sends for pull, cp, rm, create and push is served") {
  Managed town("management: mac-mini\n");
  const Json recorded_cli = recorded("cli-requests");
  int played = 0;
  for (const auto& row : recorded_cli["rows"]) {
    const std::string command = row["command"];
    if (command.rfind("ollama cp", 0) != 0 && command.rfind("ollama rm", 0) != 0 && command != "ollama run nope:1b hi") continue;
    CAPTURE(command);
    ++played;
    for (const auto& call : row["calls"]) {
      const std::string request = call["request"], method = request.substr(0, request.find(' ')), path = request.substr(request.find(' ') + 1);
      CAPTURE(path);
      const Answer a = town.ask(method, path, call["body"].get<std::string>(), {{"User-Agent", "ollama/0.33.0 (amd64 linux) Go/go1.26.8"}, {"Accept", call["accept"]}});
      CHECK(a.status == (command == "ollama run nope:1b hi" && path == "/api/show" ? 404 : 200));
    }
    if (command.rfind("ollama cp", 0) == 0) CHECK(town.comes_to_list("tmpcopy:1b"));
    if (command.rfind("ollama rm", 0) == 0) CHECK(town.comes_to_list("tmpcopy:1b", false));
    if (command.rfind("ollama run", 0) == 0) CHECK(town.comes_to_list("nope:1b"));
  }
  CHECK(played == 3);

  // ollama create made:1b -f Modelfile, with FROM ./weights.gguf; then ollama push made:1b, which may ask /api/me first.
  const std::string weights(1000, 'w'), sum = digest(weights, 1), blob = "/api/blobs/" + sum;
  CHECK(town.ask("HEAD", "/").status == 200);
  CHECK(town.ask("HEAD", blob).status == 404);
  CHECK(town.ask("POST", blob, weights).status == 201);
  const Answer created = town.ask("POST", "/api/create", R"({"model":"made:1b","files":{"weights.gguf":")" + sum + R"("}})");
  CHECK(created.chunks.back() == "{\"status\":\"success\"}\n");
  CHECK(town.comes_to_list("made:1b"));
  CHECK(town.ask("POST", "/api/me", "").status == 401);  // the node's own word: it is not signed in
  const Answer pushed = town.ask("POST", "/api/push", R"({"model":"","insecure":false,"name":"made:1b"})");
  CHECK(pushed.chunks.back() == "{\"status\":\"success\"}\n");
}

}  // namespace management_test
