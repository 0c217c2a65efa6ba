// Conformance, streaming formats: reference cases 10, 22, 23, 26-32.
#include "support/scripted_node.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace streaming_test {

using namespace rr;
using namespace rr::test;

namespace {

const std::string model = "qwen3-coder:30b";

std::string one_node(std::uint16_t port, const std::string& more = "") {
  return "listen: 127.0.0.1:8000\nroles:\n  coder: { node: here, model: qwen3-coder:30b, keep_alive: 2h }\nnodes:\n"
         "  here: { address: 127.0.0.1:" + std::to_string(port) + ", gpu_memory: 56GiB }\nmodels:\n"
         "  qwen3-coder:30b: { num_ctx: 32768, size: 19GB }\n" + more;
}

// A router in front of one node whose bytes are the test's.
struct Scripted : Loop {
  explicit Scripted(ScriptedNode::Play play) : node(io, {{model, 19 * gb}}, std::move(play)) {
    router = std::move(*app::Router::open(io, settings_of(one_node(node.port()))));
    start();
  }
  ~Scripted() {
    stop();
    router.reset();
  }
  ScriptedNode node;
  std::unique_ptr<app::Router> router;
};

const std::string ask_stream = R"({"model":"coder","messages":[{"role":"user","content":"hi"}]})";
const std::string ask_whole = R"({"model":"coder","messages":[{"role":"user","content":"hi"}],"stream":false})";

}  // namespace

TEST_CASE("case 10: the node sends chunk n+1 only after the client has shown chunk n: nothing is held back") {
  // The client's receipt is told to the node by a second request on another connection: no clock is involved.
  struct Echo {
    int received = 0;
    std::vector<std::shared_ptr<wire::Timer>> bells{};
  };
  auto echo = std::make_shared<Echo>();
  ScriptedNode::Play play = [echo](wire::Client& client, const wire::Request&) -> wire::Task<void> {
    auto keep = echo;
    client.begin(ScriptedNode::head(200, "application/x-ndjson"));
    for (int n = 0; n < 20; ++n) {
      client.piece(ScriptedNode::line(model, "w" + std::to_string(n)));
      auto executor = co_await wire::asio::this_coro::executor;
      while (keep->received <= n) {
        auto bell = std::make_shared<wire::Timer>(executor, wire::Timer::time_point::max());
        keep->bells.push_back(bell);
        co_await bell->async_wait(wire::tuple);
        if (client.gone()) co_return;
      }
    }
    client.piece(ScriptedNode::line(model, "", true));
    client.finish();
  };
  Scripted town(play);
  RawClient client(town.router->port());
  client.send(request_text("POST", "/api/chat", ask_stream));
  Answer answer = client.head();
  CHECK(answer.status == 200);
  for (int n = 0; n < 20; ++n) {
    REQUIRE(client.chunk(answer));
    town.on_loop([&] {
      echo->received = n + 1;
      for (auto& bell : echo->bells) bell->cancel();
      echo->bells.clear();
    });
  }
  client.body(answer);
  CHECK(answer.clean);
  CHECK(answer.chunks.size() == 21);
}

TEST_CASE("case 22: generate and chat stream NDJSON by default and give one object with stream:false") {
  Town town;
  for (const auto& [path, body] : std::vector<std::pair<std::string, std::string>>{
           {"/api/chat", R"({"model":"coder","messages":[{"role":"user","content":"hi"}])"}, {"/api/generate", R"({"model":"coder","prompt":"hi")"}}) {
    CAPTURE(path);
    const Answer stream = town.ask("POST", path, body + "}");
    CHECK(stream.field("Content-Type") == "application/x-ndjson");
    CHECK(stream.chunked);
    CHECK(stream.clean);
    CHECK(stream.chunks.size() > 1);
    for (const std::string& chunk : stream.chunks) CHECK(std::count(chunk.begin(), chunk.end(), '\n') == 1);
    CHECK(stream.chunks.back().find("\"done\":true") != std::string::npos);
    const Answer whole = town.ask("POST", path, body + R"(,"stream":false})");
    CHECK(whole.field("Content-Type") == "application/json; charset=utf-8");
    CHECK(!whole.chunked);
    CHECK(whole.body.find("\"done\":true") != std::string::npos);
  }
}

TEST_CASE("case 23: chat completions: one JSON by default; SSE ends in [DONE]; include_usage adds one chunk without choices") {
  Town town;
  const std::string head = R"({"model":"coder","messages":[{"role":"user","content":"hi"}])";
  const Answer whole = town.ask("POST", "/v1/chat/completions", head + "}");
  CHECK(whole.field("Content-Type") == "application/json");
  CHECK(whole.body.find("\"object\":\"chat.completion\"") != std::string::npos);
  CHECK(whole.body.find("\"model\":\"coder\"") != std::string::npos);
  const Answer stream = town.ask("POST", "/v1/chat/completions", head + R"(,"stream":true})");
  CHECK(stream.field("Content-Type") == "text/event-stream");
  CHECK(stream.body.ends_with("data: [DONE]\n\n"));
  CHECK(stream.body.find("\"choices\":[]") == std::string::npos);
  const Answer usage = town.ask("POST", "/v1/chat/completions", head + R"(,"stream":true,"stream_options":{"include_usage":true}})");
  const auto at = usage.body.find("\"choices\":[]");
  CHECK(at != std::string::npos);
  CHECK(usage.body.find("\"choices\":[]", at + 1) == std::string::npos);
  CHECK(usage.body.ends_with("data: [DONE]\n\n"));
}

TEST_CASE("case 26: a final line of several MB passes in one piece") {
  const std::string last = "{\"model\":\"qwen3-coder:30b\",\"created_at\":\"2026-01-01T00:00:00Z\",\"response\":\"\",\"done\":true,\"done_reason\":\"stop\",\"context\":[" +
                           [] { std::string s; for (int i = 0; i < 500'000; ++i) s += "151644,"; return s; }() + "1]}\n";
  Scripted town([last](wire::Client& client, const wire::Request&) -> wire::Task<void> {
    client.begin(ScriptedNode::head(200, "application/x-ndjson"));
    client.piece(last);
    client.finish();
    co_return;
  });
  const Answer a = ask(town.router->port(), "POST", "/api/generate", R"({"model":"coder","prompt":"hi"})");
  CHECK(a.clean);
  CHECK(a.body.size() == last.size() - model.size() + std::string("coder").size());
  CHECK(a.chunks.size() == 1);
}

TEST_CASE("case 27: tool schemas and arguments reach the node byte for byte") {
  Scripted town([](wire::Client& client, const wire::Request&) -> wire::Task<void> {
    client.send(ScriptedNode::head(200, "application/json; charset=utf-8"), ScriptedNode::line(model, "ok", true));
    co_return;
  });
  const std::string tools = R"("tools": [ {"type":"function","function":{"name":"f","parameters":{"z":1,"a":9007199254740993,"m":1.0, "b":1E400,"u":"\u00e9\/"}}} ])";
  const std::string format = R"("format": {"type":"object","properties":{"z":{},"a":{"const":18446744073709551617}}})";
  const std::string arguments = R"({"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"n":9007199254740993, "k":1.50}}}]})";
  const std::string body = R"({"model":"coder", )" + tools + ",  " + format + R"(,"messages":[{"role":"user","content":"hi"},)" + arguments + R"(],"stream":false})";
  CHECK(ask(town.router->port(), "POST", "/api/chat", body).status == 200);
  const std::string got = town.on_loop([&] { return town.node.state().bodies.back(); });
  CHECK(got.find(tools) != std::string::npos);
  CHECK(got.find(format) != std::string::npos);
  CHECK(got.find(arguments) != std::string::npos);
}

TEST_CASE("case 28: a done line without prompt_eval_count does not break the accounting") {
  Scripted town([](wire::Client& client, const wire::Request&) -> wire::Task<void> {
    client.begin(ScriptedNode::head(200, "application/x-ndjson"));
    client.piece("{\"model\":\"qwen3-coder:30b\",\"message\":{\"role\":\"assistant\",\"content\":\"ok\"},\"done\":true,\"done_reason\":\"stop\"}\n");
    client.finish();
    co_return;
  });
  const Answer a = ask(town.router->port(), "POST", "/api/chat", ask_stream);
  CHECK(a.clean);
  CHECK(town.until([&] { return town.router->house().desk.dispatch().in_flight() == 0; }));
  CHECK(town.on_loop([&] { return town.router->house().desk.dispatch().ledger().answered; }) == 1);
}

TEST_CASE("case 29: a node's error line reaches a native client unchanged, ends uncleanly, and counts as a failure") {
  const std::string error = "{\"error\":\"an error was encountered while running the model: CUDA error\"}\n";
  Scripted town([error](wire::Client& client, const wire::Request&) -> wire::Task<void> {
    client.begin(ScriptedNode::head(200, "application/x-ndjson"));
    client.piece(ScriptedNode::line(model, "w0"));
    client.piece(error);
    client.finish();
    co_return;
  });
  const Answer a = ask(town.router->port(), "POST", "/api/chat", ask_stream);
  CHECK(a.body.ends_with(error));
  CHECK_FALSE(a.clean);
  CHECK(a.closed);
  CHECK(town.until([&] { return town.router->house().desk.dispatch().ledger().failed == 1; }));
}

TEST_CASE("case 30: a 200 without done:true is a failure: an empty body, done:false, no done member, streamed or not") {
  const std::string word = R"("message":{"role":"assistant","content":"w0"})";
  struct Row { std::string body; bool streamed, shown; };  // shown: a word reached the client before the end
  for (const Row& row : {Row{"", false, false}, Row{"", true, false}, Row{"{" + word + R"(,"done":false})", false, false}, Row{"{" + word + "}", false, false},
                         Row{"{" + word + R"(,"done":false})" "\n", true, true}, Row{"{" + word + "}\n", true, true}}) {
    CAPTURE(row.body);
    CAPTURE(row.streamed);
    Scripted town([row](wire::Client& client, const wire::Request&) -> wire::Task<void> {
      if (row.streamed) {
        client.begin(ScriptedNode::head(200, "application/x-ndjson"));
        client.piece(row.body);
        client.finish();
      } else {
        client.send(ScriptedNode::head(200, "application/json; charset=utf-8"), row.body);
      }
      co_return;
    });
    const Answer a = ask(town.router->port(), "POST", "/api/chat", row.streamed ? ask_stream : ask_whole);
    CHECK(a.status == (row.shown ? 200 : 502));
    CHECK(a.clean == !row.shown);
    CHECK(a.body.find("node_not_whole") != std::string::npos);
    CHECK(a.body.find("\"done\":true") == std::string::npos);
    CHECK(town.until([&] { return town.router->house().desk.dispatch().in_flight() == 0; }));
    CHECK(town.on_loop([&] { return town.router->house().desk.dispatch().ledger().failed; }) >= 1);
    CHECK(town.on_loop([&] { return town.router->house().desk.dispatch().ledger().answered; }) == 0);
  }
}

TEST_CASE("case 31: a reset in mid-stream is never a clean end") {
  for (const bool openai : {false, true}) {
    CAPTURE(openai);
    Scripted town([](wire::Client& client, const wire::Request&) -> wire::Task<void> {
      client.begin(ScriptedNode::head(200, "application/x-ndjson"));
      client.piece(ScriptedNode::line(model, "w0"));
      co_await client.drained();
      client.reset();
    });
    const Answer a = openai ? ask(town.router->port(), "POST", "/v1/chat/completions", R"({"model":"coder","stream":true,"messages":[{"role":"user","content":"hi"}]})")
                            : ask(town.router->port(), "POST", "/api/chat", ask_stream);
    CHECK(a.status == 200);
    CHECK_FALSE(a.clean);
    CHECK(a.body.find("[DONE]") == std::string::npos);
    CHECK(a.body.find("\"error\"") != std::string::npos);
    CHECK(a.body.find("w0") != std::string::npos);
  }
}

TEST_CASE("case 32: once a byte of content reached the client nothing is asked again") {
  auto asked = std::make_shared<int>(0);
  Scripted town([asked](wire::Client& client, const wire::Request&) -> wire::Task<void> {
    auto count = asked;
    ++*count;
    client.begin(ScriptedNode::head(200, "application/x-ndjson"));
    client.piece(ScriptedNode::line(model, "w0"));
    co_await client.drained();
    client.reset();
  });
  const Answer a = ask(town.router->port(), "POST", "/api/chat", ask_stream);
  CHECK_FALSE(a.clean);
  CHECK(town.on_loop([&] { return *asked; }) == 1);
}

}  // namespace streaming_test
