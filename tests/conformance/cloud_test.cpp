// Conformance, Ollama's cloud: reference cases 18 and 19. A cloud call goes to the node of the door as it came: no role, no line, no
// num_ctx, no keep_alive.
#include "support/scripted_node.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace cloud_test {

using namespace rr::test;
using rr::Fields;
using rr::api::Json;
namespace wire = rr::wire;

namespace {

// Speaks as Ollama does for a cloud model: chat streams, /v1 is SSE, web_search is JSON; the prompt may ask for trouble.
wire::Task<void> cloud(wire::Client& client, const wire::Request& request) {
  const std::string target = request.head.target.substr(0, request.head.target.find('?')), body(request.body.view());
  const bool broken = body.find("broken") != std::string::npos;
  if (body.find("unauthorized") != std::string::npos) {
    client.send(ScriptedNode::head(401, "application/json; charset=utf-8"), R"({"error":"unauthorized","signin_url":"https://example.org/x"})");
  } else if (target == "/v1/chat/completions") {
    client.begin(ScriptedNode::head(200, "text/event-stream"));
    client.piece("data: {\"choices\":[]}\n\n");
    if (!broken) client.piece("data: [DONE]\n\n");
    client.finish();
  } else if (target == "/api/chat") {
    client.begin(ScriptedNode::head(200, "application/x-ndjson"));
    client.piece(ScriptedNode::line("kimi", "hello"));
    if (!broken) client.piece(ScriptedNode::line("kimi", "", true));
    client.finish();
  } else {
    client.send(ScriptedNode::head(200, "application/json"), R"({"results":[]})");
  }
  co_return;
}

// Two nodes; the second has a stub of the cloud model in its list.
struct Sky : Loop {
  explicit Sky(const std::string& door) : plain(io, {{"qwen3-coder:30b", 1000}}, cloud), stub(io, {{"qwen3-coder:30b", 1000}, {"kimi:cloud", 1}}, cloud) {
    auto opened = rr::app::Router::open(io, settings_of("roles:\n  coder: { node: plain, model: qwen3-coder:30b }\nnodes:\n  plain: { address: 127.0.0.1:" +
                                                        std::to_string(plain.port()) + " }\n  stub: { address: 127.0.0.1:" + std::to_string(stub.port()) +
                                                        " }\n" + door));
    if (!opened) throw std::runtime_error(opened.error());
    router = std::move(*opened);
    start();
    REQUIRE(until([&] {
      for (const auto& node : router->house().desk.dispatch().fleet().nodes)
        if (!node.inventory_known) return false;
      return true;
    }));
  }
  ~Sky() {
    stop();
    router.reset();
    plain.stop();
    stub.stop();
  }
  Answer ask(std::string_view method, std::string_view target, std::string_view body = {}, const Fields& fields = {}) {
    return rr::test::ask(router->port(), method, target, body, fields);
  }
  std::vector<std::string> log(ScriptedNode& node) {
    return on_loop([&] { return node.state().log; });
  }
  ScriptedNode plain, stub;
  std::unique_ptr<rr::app::Router> router;
};

std::string code_of(const Answer& a) {
  const Json j = Json::parse(a.body, nullptr, false);
  if (!j.is_object()) return "";
  return j["error"].is_object() ? j["error"].value("code", std::string()) : j.value("code", std::string());
}

const std::string call = R"({"model":"kimi:cloud","keep_alive":"7m","options":{"num_ctx":99},"big":9007199254740993,"messages":[{"role":"user","content":"hi"}]})";

}  // namespace

TEST_CASE("case 18: cloud models and web routes are closed with a 403 that names the key, in the envelope of the route") {
  Sky sky("");
  for (const char* path : {"/api/chat", "/v1/chat/completions", "/role/coder/api/chat", "/node/stub/api/chat"}) {
    CAPTURE(path);
    const Answer a = sky.ask("POST", path, call);
    CHECK((a.status == 403 || std::string(path).find("/node/") == 0));
    CHECK((code_of(a) == "cloud_closed" || code_of(a) == "node_not_chosen"));
  }
  for (const char* path : {"/api/experimental/web_search", "/api/experimental/web_fetch"}) {
    const Answer a = sky.ask("POST", path, R"({"query":"x"})");
    CHECK(a.status == 403);
    CHECK(code_of(a) == "cloud_closed");
    CHECK(a.body.find("`cloud`") != std::string::npos);
  }
  CHECK(sky.log(sky.plain).empty());
  CHECK(sky.log(sky.stub).empty());
}

TEST_CASE("case 18: an open cloud gets the call as it came: no num_ctx, no keep_alive, no load, no role, streamed through") {
  Sky sky("cloud: true\n");
  const Answer a = sky.ask("POST", "/api/chat?ts=1", call, {{"Authorization", "Bearer secret"}});
  CHECK(a.status == 200);
  CHECK(a.chunks.size() == 2);
  CHECK(a.clean);
  CHECK(a.field("X-Router-Node") == "stub");
  CHECK(a.field("X-Router-Model") == "kimi:cloud");
  CHECK(a.field("X-Router-Role").empty());
  CHECK(sky.log(sky.stub) == std::vector<std::string>{"POST /api/chat?ts=1"});
  CHECK(sky.log(sky.plain).empty());
  CHECK(sky.on_loop([&] { return sky.stub.state().bodies.at(0); }) == call);
  CHECK_FALSE(rr::has(sky.on_loop([&] { return sky.stub.state().fields.at(0); }), "Authorization"));

  const Answer sse = sky.ask("POST", "/v1/chat/completions", R"({"model":"kimi:cloud","stream":true,"messages":[{"role":"user","content":"hi"}]})");
  CHECK(sse.body == "data: {\"choices\":[]}\n\ndata: [DONE]\n\n");
  CHECK(sky.log(sky.stub).back() == "POST /v1/chat/completions");
}

TEST_CASE("case 18: the node of a cloud call: said, the YAML's, the only one that lists the model, else a 400") {
  Sky open("cloud: true\n");
  const std::string unlisted = R"({"model":"gpt-oss:120b-cloud","messages":[{"role":"user","content":"hi"}]})";
  CHECK(code_of(open.ask("POST", "/api/chat", unlisted)) == "node_unsaid");
  CHECK(open.ask("POST", "/node/plain/api/chat", unlisted).field("X-Router-Node") == "plain");
  CHECK(open.ask("POST", "/api/chat", unlisted, {{"X-Router-Node", "stub"}}).field("X-Router-Node") == "stub");
  CHECK(code_of(open.ask("POST", "/api/experimental/web_search", R"({"query":"x"})")) == "node_unsaid");
  Sky named("cloud: plain\n");
  CHECK(named.ask("POST", "/api/chat", call).field("X-Router-Node") == "plain");
  const Answer search = named.ask("POST", "/api/experimental/web_search", R"({"query":"x"})");
  CHECK(search.body == R"({"results":[]})");
  CHECK(named.log(named.plain).back() == "POST /api/experimental/web_search");
}

TEST_CASE("case 17: no spelling of the model smuggles a cloud call past its door or through it") {
  for (const char* door : {"", "cloud: true\n"}) {
    Sky sky(door);
    for (const char* model : {R"("model":"qwen3-coder:30b","MODEL":"kimi:cloud")", R"("model":"kimi:cloud","Model":"coder")",
                              R"("model":"coder","model":"kimi:cloud")", R"("model":"kimi:local:cloud")", R"("model":"role:coder/kimi:cloud")"}) {
      CAPTURE(model);
      const Answer a = sky.ask("POST", "/api/chat", "{" + std::string(model) + R"(,"messages":[{"role":"user","content":"hi"}]})");
      CHECK((a.status == 400 || (a.status == 403 && code_of(a) == "cloud_closed")));
    }
    CHECK(sky.log(sky.plain).empty());
    CHECK(sky.log(sky.stub).empty());
  }
}

TEST_CASE("a cloud answer that breaks off is not whole, and the node's 401 comes as it is") {
  Sky sky("cloud: stub\n");
  const Answer native = sky.ask("POST", "/api/chat", R"({"model":"kimi:cloud","messages":[{"role":"user","content":"broken"}]})");
  CHECK_FALSE(native.clean);
  CHECK(native.body.find("node_not_whole") != std::string::npos);
  const Answer sse = sky.ask("POST", "/v1/chat/completions", R"({"model":"kimi:cloud","stream":true,"messages":[{"role":"user","content":"broken"}]})");
  CHECK_FALSE(sse.clean);
  CHECK(sse.body.find("node_not_whole") != std::string::npos);
  const Answer unsigned_in = sky.ask("POST", "/api/chat", R"({"model":"kimi:cloud","messages":[{"role":"user","content":"unauthorized"}]})");
  CHECK(unsigned_in.status == 401);
  CHECK(unsigned_in.body == R"({"error":"unauthorized","signin_url":"https://example.org/x"})");
}

TEST_CASE("case 19: a multipart model is refused with its route, a model in a path is checked") {
  Sky closed("");
  const std::string form = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nkimi:cloud\r\n--b--\r\n";
  const Answer audio = closed.ask("POST", "/v1/audio/transcriptions", form, {{"Content-Type", "multipart/form-data; boundary=b"}});
  CHECK(audio.status == 501);
  CHECK(code_of(audio) == "route_not_served");
  CHECK(audio.body.find("/v1/audio/transcriptions") != std::string::npos);
  const Answer path = closed.ask("GET", "/v1/models/kimi%3Acloud");
  CHECK(path.status == 403);
  CHECK(code_of(path) == "cloud_closed");
  Sky open("cloud: true\n");
  CHECK(open.ask("GET", "/v1/models/kimi%3Acloud").status == 200);
  CHECK(open.ask("POST", "/v1/audio/transcriptions", form).status == 501);
}

}  // namespace cloud_test
