// Nodes that are not there, come back, stop for a while, are full, lack a model, or fail whatever they are asked.
#include "support/byte_scene.hpp"
#include "support/cable.hpp"

namespace node_states_test {

using namespace rr;
using namespace rr::test;

namespace {

// A second router beside the scene's, in front of the same nodes, each behind a cable of its own.
struct Behind : Scene {
  Behind() {
    on_loop([&] {
      first = std::make_unique<Cable>(io, "127.0.0.1", node_here.port());
      second = std::make_unique<Cable>(io, "127.0.0.1", node_there.port());
    });
  }
  ~Behind() { away(); }
  void open() {
    on_loop([&] { beside = std::move(*app::Router::open(io, settings_of(two_nodes(first->port(), second->port())))); });
  }
  Answer ask_beside(const std::string& text) {
    RawClient client(beside->port());
    client.send(text);
    return client.answer();
  }
  NodeState state(const char* name) { return beside->house().desk.dispatch().fleet().node(name)->state; }
  void over() {
    away();
    invariants();
  }
  std::unique_ptr<Cable> first{}, second{};
  std::unique_ptr<app::Router> beside{};

 private:
  void away() {
    if (!first) return;
    CHECK(comes([&] { return !beside || beside->house().answering == 0; }));
    on_loop([&] {
      if (beside) beside->house().upstream.drop_idle();
      beside.reset();
      first.reset(), second.reset();
    });
    on_loop([] {});
  }
};

}  // namespace

TEST_CASE("row 1: with all nodes down it starts and says so in every dialect; who comes is served as soon as a node is there") {
  Behind scene;
  scene.on_loop([&] { scene.first->refuse(), scene.second->refuse(); });
  scene.open();
  REQUIRE(scene.comes([&] { return scene.state("here") == NodeState::down && scene.state("there") == NodeState::down; }));
  const Answer health = scene.ask_beside(request_text("GET", "/health"));
  CHECK(health.body.find("\"status\": \"degraded\"") != std::string::npos);
  const Answer native = scene.ask_beside(chat_text("coder", true)), openai = scene.ask_beside(request_text("POST", "/v1/chat/completions", chat_body("coder", true)));
  CHECK(native.status == 503);
  CHECK(native.body.find("\"code\":\"node_down\"") != std::string::npos);
  CHECK(openai.status == 503);
  CHECK(api::Json::parse(openai.body)["error"]["code"] == "node_down");
  CHECK(openai.field("Retry-After") == "5");
  scene.on_loop([&] { scene.first->mend(), scene.second->mend(); });
  REQUIRE(scene.comes([&] { return scene.state("here") == NodeState::up && scene.state("there") == NodeState::up; }));
  CHECK(scene.ask_beside(chat_text("coder", true)).clean);
  scene.over();
}

TEST_CASE("row 2: one of two nodes down from the start: no request for the other one notices") {
  Behind scene;
  scene.on_loop([&] { scene.second->refuse(); });
  scene.open();
  CHECK(scene.ask_beside(chat_text("coder", true)).clean);
  REQUIRE(scene.comes([&] { return scene.state("there") == NodeState::down; }));
  const Answer missing = scene.ask_beside(chat_text("tester", true));
  CHECK(missing.status == 503);
  CHECK(missing.body.find("start Ollama there") != std::string::npos);
  CHECK(scene.ask_beside(chat_text("coder", true)).clean);
  scene.over();
}

TEST_CASE("row 14: a node that ends as Ollama does, all at once: told within the stream, out of use until it answers again") {
  Behind scene;
  scene.open();
  REQUIRE(scene.comes([&] { return scene.state("here") == NodeState::up; }));
  scene.on_loop([&] { scene.here.how = Playing::How::hold_mid; });
  RawClient client(scene.beside->port());
  client.send(chat_text("coder", true));
  Answer a = client.head();
  REQUIRE(client.chunk(a));
  scene.on_loop([&] { scene.first->refuse(); });
  while (client.chunk(a)) {}
  CHECK_FALSE(a.clean);
  CHECK(a.body.find("\"error\"") != std::string::npos);
  REQUIRE(scene.comes([&] { return scene.state("here") == NodeState::down; }));
  CHECK(scene.ask_beside(chat_text("coder", true)).status == 503);
  scene.on_loop([&] { scene.here.release(), scene.first->mend(); });
  REQUIRE(scene.comes([&] { return scene.state("here") == NodeState::up; }));
  CHECK(scene.ask_beside(chat_text("coder", true)).clean);
  client.close();
  scene.over();
}

TEST_CASE("row 16: a node that stops in mid-stream and goes on: its probes miss it, its stream resumes and ends whole") {
  Behind scene;
  scene.open();
  REQUIRE(scene.comes([&] { return scene.state("here") == NodeState::up; }));
  scene.on_loop([&] { scene.here.how = Playing::How::hold_mid; });
  RawClient client(scene.beside->port());
  client.send(chat_text("coder", true));
  Answer a = client.head();
  REQUIRE(client.chunk(a));
  scene.on_loop([&] { scene.first->stop(); });
  REQUIRE(scene.comes([&] { return scene.state("here") == NodeState::down; }));
  scene.on_loop([&] { scene.here.release(), scene.first->go_on(); });
  while (client.chunk(a)) {}
  CHECK(a.clean);
  CHECK(a.body.find("\"done\":true") != std::string::npos);
  REQUIRE(scene.comes([&] { return scene.state("here") == NodeState::up; }));
  client.close();
  scene.over();
}

TEST_CASE("row 18: 500, 502 and 504 of the only node reach a native client in the node's own words; a client of /v1 in its dialect's form") {
  ByteScene scene;
  for (const char* status : {"500 Internal Server Error", "502 Bad Gateway", "504 Gateway Timeout"}) {
    CAPTURE(status);
    const std::string body = "{\"error\":\"llama runner process has terminated\"}";
    scene.script(ByteNode::whole(body, status));
    const Answer native = scene.ask(chat_text("coder", true));
    CHECK(native.status == std::atoi(status));
    CHECK(native.body == body);
    const Answer openai = scene.ask(request_text("POST", "/v1/chat/completions", chat_body("coder", true)));
    CHECK(openai.status == std::atoi(status));
    CHECK(api::Json::parse(openai.body)["error"]["message"] == "llama runner process has terminated");
  }
  scene.over();
}

TEST_CASE("row 19: a node whose queue is full is full, not sick: 503 with the time to come back, and it stays in use") {
  ByteScene scene;
  scene.script(ByteNode::whole("{\"error\":\"server busy, please try again.  maximum pending requests exceeded\"}", "503 Service Unavailable"));
  for (int i = 0; i < 8; ++i) {
    const Answer a = scene.ask(chat_text("coder", true));
    CHECK(a.status == 503);
    CHECK(a.field("Retry-After") == "2");
  }
  CHECK(scene.on_loop([&] { return scene.state(); }) == NodeState::up);
  CHECK(scene.on_loop([&] { return scene.house().desk.dispatch().fleet().node("here")->failures; }) == 0);
  scene.over();
}

TEST_CASE("row 20: a 429 goes on with its Retry-After, and is nothing against the node") {
  ByteScene scene;
  scene.script("HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json; charset=utf-8\r\nRetry-After: 7\r\nContent-Length: 16\r\n\r\n{\"error\":\"slow\"}");
  for (int i = 0; i < 8; ++i) {
    const Answer a = scene.ask(chat_text("coder", true));
    CHECK(a.status == 429);
    CHECK(a.field("Retry-After") == "7");
  }
  CHECK(scene.on_loop([&] { return scene.house().desk.dispatch().fleet().node("here")->failures; }) == 0);
  scene.over();
}

TEST_CASE("row 21: a 404 of the only node that has the model goes on unchanged, and what the node has is asked anew") {
  ByteScene scene;
  const std::string body = "{\"error\":\"model 'qwen3-coder:30b' not found\"}";
  scene.script(ByteNode::whole(body, "404 Not Found"));
  const Answer a = scene.ask(chat_text("coder", true));
  CHECK(a.status == 404);
  CHECK(a.body == body);
  scene.over();
}

TEST_CASE("row 30: a client that is slower than its node: what waits for it stays within stream_buffer, and all of it comes") {
  Scene scene;
  scene.on_loop([&] {
    scene.here.instead = [&](wire::Client& client, const wire::Request&) -> wire::Task<void> {
      client.begin(ScriptedNode::head(200, "application/x-ndjson"));
      for (int i = 0; i < 3000; ++i) client.piece(ScriptedNode::line("qwen3-coder:30b", std::string(1000, 'x')));
      client.piece(ScriptedNode::line("qwen3-coder:30b", "", true));
      client.finish();
      co_return;
    };
  });
  RawClient client(scene.port());
  client.send(chat_text("coder", true));
  CHECK(scene.comes([&] { return scene.house().desk.dispatch().in_flight() == 0; }));  // the node is free before the client has read a byte
  CHECK(scene.on_loop([&] { return scene.house().stream_buffers.used(); }) <= (8 << 20));
  const Answer a = client.answer();
  CHECK(a.clean);
  CHECK(a.body.size() > 3'000'000);
  client.close();
  scene.invariants();
}

TEST_CASE("row 32: two nodes with different weights under one name: routed as configured, and /health says which differ") {
  Scene scene;
  scene.on_loop([&] {
    scene.node_here.state().models["qwen2.5-coder:14b"] = 9 * gb;
    scene.node_here.state().digests["qwen2.5-coder:14b"] = std::string(64, 'b');
    std::string yaml = two_nodes(scene.node_here.port(), scene.node_there.port());
    const std::string one = "tester: { node: there,";
    yaml.replace(yaml.find(one), one.size(), "tester: { node: [there, here],");
    scene.house().adopt(settings_of(yaml));
    scene.house().watch.take_stock("here");
  });
  REQUIRE(scene.comes([&] { return scene.house().desk.dispatch().fleet().node("here")->find(ModelName("qwen2.5-coder:14b")) != nullptr; }));
  const auto health = api::Json::parse(scene.ask(request_text("GET", "/health")).body);
  bool said = false;
  for (const auto& warning : health["warnings"]) said = said || warning.get<std::string>().find("qwen2.5-coder:14b is not the same on there") != std::string::npos;
  CHECK(said);
  CHECK(scene.ask(chat_text("tester", true)).field("X-Router-Node") == "there");
  scene.invariants();
}

TEST_CASE("row 33: a node that comes back without its model: 404 that says how to get it, and served once it is there") {
  Scene scene;
  scene.on_loop([&] {
    scene.node_here.state().models.clear();
    scene.node_here.state().resident.clear();
    scene.here.instead = [](wire::Client& client, const wire::Request&) -> wire::Task<void> {
      client.send(ScriptedNode::head(404, "application/json; charset=utf-8"), "{\"error\":\"model 'qwen3-coder:30b' not found\"}");
      co_return;
    };
  });
  CHECK(scene.ask(chat_text("coder", true)).status == 404);
  REQUIRE(scene.comes([&] { return scene.house().desk.dispatch().fleet().node("here")->find(ModelName("qwen3-coder:30b")) == nullptr; }));  // at once, not at the next stock-taking
  const Answer a = scene.ask(chat_text("coder", true));
  CHECK(a.status == 404);
  CHECK(a.body.find("ollama pull qwen3-coder:30b") != std::string::npos);
  scene.on_loop([&] {
    scene.node_here.state().models["qwen3-coder:30b"] = 19 * gb;
    scene.here.instead = nullptr;
    scene.house().watch.take_stock("here");
  });
  REQUIRE(scene.comes([&] { return scene.house().desk.dispatch().fleet().node("here")->find(ModelName("qwen3-coder:30b")) != nullptr; }));
  CHECK(scene.ask(chat_text("coder", true)).clean);
  scene.invariants();
}

TEST_CASE("row 34: probes are answered, every request fails: after five another node goes first, and the last one is never left out") {
  Scene scene;
  scene.on_loop([&] {
    scene.node_there.state().models["qwen3-coder:30b"] = 19 * gb;
    std::string yaml = two_nodes(scene.node_here.port(), scene.node_there.port());
    const std::string one = "coder:  { node: here, ";
    yaml.replace(yaml.find(one), one.size(), "coder:  { node: [here, there], ");
    scene.house().adopt(settings_of(yaml));
    scene.house().watch.take_stock("there");
    scene.here.instead = [](wire::Client& client, const wire::Request&) -> wire::Task<void> {
      client.send(ScriptedNode::head(500, "application/json; charset=utf-8"), "{\"error\":\"no\"}");
      co_return;
    };
    scene.there.instead = [](wire::Client& client, const wire::Request&) -> wire::Task<void> {
      client.send(ScriptedNode::head(200, "application/json; charset=utf-8"), ScriptedNode::line("qwen3-coder:30b", "served", true));
      co_return;
    };
  });
  REQUIRE(scene.comes([&] { return scene.house().desk.dispatch().fleet().node("there")->find(ModelName("qwen3-coder:30b")) != nullptr; }));
  for (int i = 0; i < 8; ++i) CHECK(scene.ask(chat_text("coder", false)).status == 200);  // asked again at the other one, later there at once
  CHECK(scene.on_loop([&] { return scene.house().desk.dispatch().fleet().node("here")->shunned; }));
  CHECK(scene.upstream() == 5 + 8);
  const auto health = api::Json::parse(scene.ask(request_text("GET", "/health")).body);
  bool said = false;
  for (const auto& warning : health["warnings"]) said = said || warning.get<std::string>().find("here failed 5 answers in a row") != std::string::npos;
  CHECK(said);
  scene.on_loop([&] { scene.house().adopt(settings_of(two_nodes(scene.node_here.port(), scene.node_there.port()))); });
  CHECK(scene.ask(chat_text("coder", false)).status == 500);  // the last one
  scene.invariants();
}

}  // namespace node_states_test
