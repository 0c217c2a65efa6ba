// A node of type openai: clients of every dialect are answered as if Ollama ran there, and its server hears nothing but its own API.
#include "support/scripted_node.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace engines_test {

using namespace rr;
using namespace rr::test;

namespace {

const std::string model = "org/Coder-4bit";

std::string event(const std::string& json) { return "data: " + json + "\n\n"; }
std::string delta(const std::string& json, const std::string& reason = "null") {
  return event(R"({"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":)" + json + R"(,"finish_reason":)" + reason + "}]}");
}
const std::string usage = event(R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}})") + event("[DONE]");

// Plays `pieces` as an event stream; a request without a stream gets `whole`.
struct Server : Loop {
  explicit Server(const std::string& more = "") {
    node.emplace(io, std::map<std::string, Bytes>{{model, 0}, {"other", 0}}, [this](wire::Client& client, const wire::Request& request) -> wire::Task<void> {
      if (instead) return instead(client, request);
      return answer(client, request.body.view().find("\"stream\":true") != std::string_view::npos);
    });
    auto opened = app::Router::open(io, settings_of("roles:\n  coder: { node: studio, model: org/coder-4bit }\nnodes:\n  studio: { type: openai, address: 127.0.0.1:" +
                                                    std::to_string(node->port()) + ", api_key: s3cret }\nmodels:\n  org/coder-4bit: { num_ctx: 32768, parallel: 2 }\n" + more));
    if (!opened) throw std::runtime_error(opened.error());
    router = std::move(*opened);
    start();
    if (!until([&] { return router->house().desk.dispatch().fleet().nodes.front().heard && router->house().desk.dispatch().fleet().nodes.front().inventory_known; }))
      throw std::runtime_error("the router never learnt what its node has");
  }
  ~Server() {
    stop();
    router.reset();
    node.reset();
  }
  wire::Task<void> answer(wire::Client& client, bool stream) {
    if (!stream) {
      client.send(ScriptedNode::head(200, "application/json"), whole);
      co_return;
    }
    client.begin(ScriptedNode::head(200, "text/event-stream; charset=utf-8"));
    for (const std::string& piece : pieces) client.piece(piece);
    if (cut) client.cut();
    else client.finish();
  }
  Answer ask(std::string_view target, std::string_view body, const Fields& fields = {}) { return test::ask(router->port(), "POST", target, body, fields); }
  api::Json sent() {
    return on_loop([&] { return api::Json::parse(node->state().bodies.back()); });
  }
  std::vector<std::string> log() {
    return on_loop([&] { return node->state().log; });
  }

  ScriptedNode::Play instead{};
  std::vector<std::string> pieces{delta(R"({"role":"assistant","content":""})"), delta(R"({"content":"he"})"), delta(R"({"content":"llo"})"), delta("{}", "\"stop\""), usage};
  std::string whole = R"({"choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2}})";
  bool cut = false;
  std::optional<ScriptedNode> node{};
  std::unique_ptr<app::Router> router{};
};

const std::string messages = R"("messages":[{"role":"user","content":"hi"}])";

}  // namespace

TEST_CASE("Ollama's clients: chat and generate, streamed and whole, under the name that was asked for") {
  Server s;
  const Answer chat = s.ask("/api/chat", R"({"model":"coder",)" + messages + R"(,"keep_alive":"9m","options":{"num_ctx":5,"seed":1}})");
  CHECK(chat.status == 200);
  CHECK(chat.clean);
  CHECK(find(chat.fields, "Content-Type") == "application/x-ndjson");
  CHECK(find(chat.fields, "X-Router-Node") == "studio");
  CHECK(find(chat.fields, "X-Router-Ignored") == "num_ctx 5, keep_alive");
  CHECK(chat.body.starts_with(R"({"model":"coder","created_at":")"));
  CHECK(chat.body.find(R"("content":"he"},"done":false})") != std::string::npos);
  CHECK(chat.body.find(R"("done":true,"done_reason":"stop")") != std::string::npos);
  CHECK(chat.body.find(R"("prompt_eval_count":9)") != std::string::npos);
  const api::Json sent = s.sent();
  CHECK(sent["model"] == model);  // its server's own spelling
  CHECK(sent["stream_options"]["include_usage"] == true);
  CHECK(sent["seed"] == 1);
  CHECK_FALSE(sent.contains("options"));
  const Answer whole = s.ask("/api/chat", R"({"model":"coder","stream":false,)" + messages + "}");
  CHECK(find(whole.fields, "Content-Type") == "application/json; charset=utf-8");
  CHECK(api::Json::parse(whole.body)["message"]["content"] == "hello");
  const Answer generated = s.ask("/api/generate", R"({"model":"org/coder-4bit:latest","prompt":"hi","stream":false})");
  CHECK(api::Json::parse(generated.body)["response"] == "hello");
  CHECK(api::Json::parse(generated.body)["model"] == "org/coder-4bit:latest");
  for (const std::string& line : s.log()) CHECK(line == "POST /v1/chat/completions");
  CHECK(s.on_loop([&] { return s.node->state().gets; }) == std::set<std::string>{"/v1/models"});
  CHECK(s.on_loop([&] { return std::string(find(s.node->state().fields.back(), "Authorization")); }) == "Bearer s3cret");
}

TEST_CASE("OpenAI's and Anthropic's clients, streamed and whole") {
  Server s;
  const Answer chat = s.ask("/v1/chat/completions", R"({"model":"coder","stream":true,)" + messages + "}");
  CHECK(chat.body.find(R"("content":"llo")") != std::string::npos);
  CHECK(chat.body.ends_with("data: [DONE]\n\n"));
  CHECK(api::Json::parse(s.ask("/v1/chat/completions", R"({"model":"coder",)" + messages + "}").body)["choices"][0]["message"]["content"] == "hello");
  CHECK(api::Json::parse(s.ask("/v1/messages", R"({"model":"coder","max_tokens":5,)" + messages + "}").body)["content"][0]["text"] == "hello");
  CHECK(s.sent()["max_tokens"] == 5);
  CHECK(s.ask("/v1/messages", R"({"model":"coder","max_tokens":5,"stream":true,)" + messages + "}").body.find("event: message_stop") != std::string::npos);
  CHECK(s.ask("/v1/responses", R"({"model":"coder","input":"hi"})").body.find("\"text\":\"hello\"") != std::string::npos);
  CHECK(api::Json::parse(s.ask("/v1/completions", R"({"model":"coder","prompt":"hi"})").body)["choices"][0]["text"] == "hello");
}

TEST_CASE("tool calls, streamed in parts, reach a client as whole ones") {
  Server s;
  s.pieces = {delta(R"({"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"add","arguments":""}}]})"),
              delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":1}"}}]})"), delta("{}", "\"tool_calls\""), usage};
  const std::string tools = R"(,"tools":[{"type":"function","function":{"name":"add","parameters":{"type":"object","properties":{"a":{"type":"integer"}}}}}])";
  const Answer native = s.ask("/api/chat", R"({"model":"coder",)" + messages + tools + "}");
  CHECK(native.body.find(R"("tool_calls":[{"id":"c1","function":{"index":0,"name":"add","arguments":{"a":1}}}])") != std::string::npos);
  CHECK(s.sent()["tools"][0]["function"]["name"] == "add");
  const Answer openai = s.ask("/v1/chat/completions", R"({"model":"coder","stream":true,)" + messages + tools + "}");
  CHECK(openai.body.find(R"("name":"add")") != std::string::npos);
  CHECK(openai.body.find(R"("finish_reason":"tool_calls")") != std::string::npos);
}

TEST_CASE("a stream that breaks off, says an error or never says how it ended is no whole answer") {
  Server s;
  s.pieces = {delta(R"({"content":"he"})")};
  for (const bool cut : {true, false}) {
    s.cut = cut;
    const Answer native = s.ask("/api/chat", R"({"model":"coder",)" + messages + "}");
    CHECK_FALSE(native.clean);
    CHECK(native.body.find("{\"error\":") != std::string::npos);
    CHECK(native.body.find("\"done\":true") == std::string::npos);
    const Answer openai = s.ask("/v1/chat/completions", R"({"model":"coder","stream":true,)" + messages + "}");
    CHECK_FALSE(openai.clean);
    CHECK(openai.body.find("[DONE]") == std::string::npos);
  }
  s.cut = false;
  s.pieces = {delta(R"({"content":"he"})"), event(R"({"error":{"message":"out of room"}})")};
  const Answer told = s.ask("/api/chat", R"({"model":"coder",)" + messages + "}");
  CHECK_FALSE(told.clean);
  CHECK(told.body.find("{\"error\":\"out of room\"}") != std::string::npos);
}

TEST_CASE("its errors are said in the client's dialect") {
  Server s;
  s.instead = [](wire::Client& client, const wire::Request&) -> wire::Task<void> {
    client.send(ScriptedNode::head(400, "application/json"), R"({"error":{"message":"the prompt is too long","type":"invalid_request_error","code":400}})");
    co_return;
  };
  const Answer native = s.ask("/api/chat", R"({"model":"coder",)" + messages + "}");
  CHECK(native.status == 400);
  CHECK(api::Json::parse(native.body)["error"] == "the prompt is too long");
  const Answer anthropic = s.ask("/v1/messages", R"({"model":"coder","max_tokens":5,)" + messages + "}");
  CHECK(anthropic.status == 400);
  CHECK(api::Json::parse(anthropic.body)["error"]["message"].get<std::string>().find("the prompt is too long") != std::string::npos);
}

TEST_CASE("a key that its server does not take is the router's fault, not the client's") {
  Server s;
  s.instead = [](wire::Client& client, const wire::Request&) -> wire::Task<void> {
    client.send(ScriptedNode::head(401, "application/json"), R"({"error":{"message":"Invalid API Key"}})");
    co_return;
  };
  const Answer a = s.ask("/api/chat", R"({"model":"coder",)" + messages + "}");
  CHECK(a.status == 502);
  CHECK(a.body.find("nodes.studio.api_key") != std::string::npos);
}

TEST_CASE("a server that streams until it closes, as an HTTP/1.0 one does, is streamed on as it comes; one that sends all at once is read") {
  Server s;
  s.instead = [&s](wire::Client& client, const wire::Request&) -> wire::Task<void> {
    std::string all;
    for (const std::string& piece : s.pieces) all += piece;
    client.send(ScriptedNode::head(200, "text/event-stream"), all);
    co_return;
  };
  const Answer chat = s.ask("/api/chat", R"({"model":"coder",)" + messages + "}");
  CHECK(chat.clean);
  CHECK(chat.body.find(R"("content":"llo"})") != std::string::npos);
  CHECK(chat.body.find(R"("done":true)") != std::string::npos);
}

TEST_CASE("loading is its server's business: a request that only loads is answered, one that unloads is refused with the reason") {
  Server s;
  const Answer load = s.ask("/api/generate", R"({"model":"coder"})");
  CHECK(load.status == 200);
  CHECK(api::Json::parse(load.body)["done_reason"] == "load");
  const Answer unload = s.ask("/api/generate", R"({"model":"coder","keep_alive":0})");
  CHECK(unload.status == 403);
  CHECK(unload.body.find("keeps its own models") != std::string::npos);
  CHECK(s.log().empty());
}

TEST_CASE("lists and health show it; what is Ollama's alone is refused there") {
  Server s("management: true\n");
  const api::Json health = api::Json::parse(test::ask(s.router->port(), "GET", "/health").body);
  CHECK(health["status"] == "ok");
  CHECK(health["nodes"]["studio"]["type"] == "openai");
  CHECK_FALSE(health["nodes"]["studio"].contains("ollama"));
  CHECK(health["roles"]["coder"]["state"] == "ready");
  CHECK(test::ask(s.router->port(), "GET", "/api/tags").body.find(model) != std::string::npos);
  CHECK(test::ask(s.router->port(), "GET", "/v1/models").body.find("\"id\":\"coder\"") != std::string::npos);
  const api::Json show = api::Json::parse(s.ask("/api/show", R"({"model":"coder"})").body);
  CHECK(show["model_info"]["served.context_length"] == 32768);
  const Answer pull = s.ask("/api/pull", R"({"model":"x"})");
  CHECK(pull.status == 400);
  CHECK(pull.body.find("OpenAI-compatible") != std::string::npos);
  CHECK(s.ask("/api/chat", R"({"model":"nothing",)" + messages + "}").status == 404);
}

TEST_CASE("embeddings") {
  Server s;
  s.whole = R"({"object":"list","data":[{"object":"embedding","embedding":[0.5,-1],"index":0}],"usage":{"prompt_tokens":4,"total_tokens":4}})";
  CHECK(api::Json::parse(s.ask("/api/embed", R"({"model":"coder","input":"a"})").body)["embeddings"] == api::Json::parse("[[0.5,-1]]"));
  CHECK(s.log().back() == "POST /v1/embeddings");
  CHECK(api::Json::parse(s.ask("/v1/embeddings", R"({"model":"coder","input":"a"})").body)["data"][0]["embedding"] == api::Json::parse("[0.5,-1]"));
}

}  // namespace engines_test
