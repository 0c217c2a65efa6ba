// What a server of the OpenAI API answers, read back into Ollama's lines.
#include "api/engines/openai_reply.hpp"
#include "api/engines/served_models.hpp"
#include "api/usage.hpp"

#include <doctest/doctest.h>

#include <memory>

namespace openai_reply_test {

using namespace rr;
using namespace rr::api;
using namespace std::chrono_literals;

namespace {

struct Reading {
  explicit Reading(NativeShape shape = NativeShape::chat)
      : now(std::make_shared<Time>(Time{} + 1h)), reply(shape, "qwen", "2026-01-01T00:00:00Z", [now = now] { return *now; }) {}
  void event(const std::string& json) { reply.take("data: " + json + "\n\n", native); }
  void delta(const std::string& delta, const std::string& more = "\"finish_reason\":null") { event(R"({"choices":[{"index":0,"delta":)" + delta + "," + more + "}]}"); }
  std::vector<Json> lines() const {
    std::vector<Json> out;
    std::size_t at = 0;
    while (at < native.size()) {
      const auto end = native.find('\n', at);
      out.push_back(Json::parse(native.substr(at, end - at)));
      at = end + 1;
    }
    return out;
  }
  AnswerWatch watched() const {
    AnswerWatch watch;
    watch.see(native);
    return watch;
  }
  std::shared_ptr<Time> now;
  OpenAiReply reply;
  std::string native;
};

}  // namespace

TEST_CASE("a stream becomes lines, and ends with done:true once the server has said how it ended") {
  Reading r;
  r.delta(R"({"role":"assistant","content":null})");
  CHECK(r.native.empty());  // nothing was generated yet
  *r.now += 2s;
  r.delta(R"({"content":"he"})");
  *r.now += 3s;
  r.delta(R"({"content":"llo \"<é>\""})");
  r.delta("{}", "\"finish_reason\":\"stop\"");
  CHECK_FALSE(r.watched().done());
  r.event(R"({"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":2}})");
  r.reply.take("data: [DONE]\n\n", r.native);
  const auto lines = r.lines();
  REQUIRE(lines.size() == 3);
  CHECK(r.native.starts_with(R"({"model":"qwen","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"he"},"done":false})"));
  CHECK(lines[1]["message"]["content"] == "llo \"<é>\"");
  CHECK(lines[2]["done"] == true);
  CHECK(lines[2]["done_reason"] == "stop");
  const AnswerWatch watch = r.watched();
  CHECK(watch.done());
  CHECK(watch.usage().prompt_tokens == 11);
  CHECK(watch.usage().output_tokens == 2);
  CHECK(watch.usage().prompt_time == 2s);
  CHECK(watch.usage().output_time == 3s);
  std::string more;
  r.reply.finish(more);
  r.reply.take("data: {\"choices\":[{\"delta\":{\"content\":\"late\"}}]}\n", more);
  CHECK(more.empty());
}

TEST_CASE("a stream without [DONE] is whole when it said how it ended, and not when it did not") {
  Reading whole;
  whole.delta(R"({"content":"a"})", "\"finish_reason\":\"length\"");
  whole.reply.finish(whole.native);
  CHECK(whole.watched().done());
  CHECK(whole.lines().back()["done_reason"] == "length");
  CHECK(whole.watched().usage().output_tokens == 1);  // counted here, because nobody said it
  Reading cut;
  cut.delta(R"({"content":"a"})");
  cut.reply.finish(cut.native);
  CHECK_FALSE(cut.watched().done());
  cut.reply.take("data: [DONE]\n", cut.native);
  CHECK_FALSE(cut.watched().done());
}

TEST_CASE("thinking under either of its names; comments, other fields and empty events say nothing") {
  Reading r;
  r.reply.take(": keep-alive\n\nevent: message\nid: 3\nretry: 5\n\r\ndata:\n", r.native);
  CHECK(r.native.empty());
  r.delta(R"({"reasoning_content":"hm"})");
  r.delta(R"({"reasoning":"so"})");
  r.reply.take("data:{\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\r\n\r\n", r.native);
  const auto lines = r.lines();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0]["message"]["thinking"] == "hm");
  CHECK(lines[1]["message"]["thinking"] == "so");
  CHECK(lines[2]["message"]["content"] == "x");
}

TEST_CASE("calls that come in parts are one line with objects") {
  Reading r;
  r.delta(R"({"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"add","arguments":""}}]})");
  r.delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]})");
  r.delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"1}"}},{"index":1,"id":"c2","function":{"name":"now","arguments":""}}]})");
  r.delta("{}", "\"finish_reason\":\"tool_calls\"");
  r.reply.take("data: [DONE]\n", r.native);
  const auto lines = r.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["message"]["tool_calls"] == Json::parse(R"([{"id":"c1","function":{"index":0,"name":"add","arguments":{"a":1}}},{"id":"c2","function":{"index":1,"name":"now","arguments":{}}}])"));
  CHECK(lines[0]["done"] == false);
  CHECK(lines[1]["done_reason"] == "stop");
  CHECK(r.watched().content());
}

TEST_CASE("calls are told apart by their ids where all are counted as the first; null means no arguments, and an index that is left out no call") {
  Reading r;
  r.delta(R"({"tool_calls":[{"index":0,"id":"c1","function":{"name":"a","arguments":"{\"x\":1}"}}]})");
  r.delta(R"({"tool_calls":[{"index":0,"id":"c2","function":{"name":"b","arguments":"null"}}]})");
  r.delta(R"({"tool_calls":[{"index":5,"id":"c3","function":{"name":"c","arguments":""}}]})", "\"finish_reason\":\"tool_calls\"");
  r.reply.finish(r.native);
  REQUIRE(r.watched().done());
  CHECK(r.lines()[0]["message"]["tool_calls"] == Json::parse(R"([{"id":"c1","function":{"index":0,"name":"a","arguments":{"x":1}}},{"id":"c2","function":{"index":1,"name":"b","arguments":{}}},{"id":"c3","function":{"index":2,"name":"c","arguments":{}}}])"));
}

TEST_CASE("arguments that are no object are an error; cut off by the length they are no call") {
  for (const bool cut : {false, true}) {
    CAPTURE(cut);
    Reading r;
    r.delta(R"({"tool_calls":[{"index":0,"function":{"name":"add","arguments":"{\"a\":"}}]})", cut ? "\"finish_reason\":\"length\"" : "\"finish_reason\":\"tool_calls\"");
    r.reply.take("data: [DONE]\n", r.native);
    CHECK(r.watched().done() == cut);
    CHECK(r.watched().error().has_value() == !cut);
  }
  Reading many;
  for (int i = 0; i < 129; ++i) many.delta(R"({"tool_calls":[{"index":)" + std::to_string(i) + R"(,"function":{"name":"a"}}]})");
  CHECK(many.watched().error().has_value());
  Reading deep;
  deep.delta(R"({"tool_calls":[{"index":0,"function":{"name":"a","arguments":"{\"a\":)" + std::string(100'000, '[') + std::string(100'000, ']') + R"(}"}}]})", "\"finish_reason\":\"tool_calls\"");
  deep.reply.finish(deep.native);
  CHECK(deep.watched().error().has_value());
}

TEST_CASE("errors in a stream, in each of the forms they come in") {
  for (const char* said : {R"(data: {"error":{"message":"out of room","code":500}})", R"(error: {"message":"out of room","error":"out of room"})",
                           R"({"error":"out of room"})", R"(data: {"error":{"code":503,"message":"out of room","type":"unavailable_error"}})"}) {
    CAPTURE(said);
    Reading r;
    r.delta(R"({"content":"a"})");
    r.reply.take(std::string(said) + "\n\n", r.native);
    REQUIRE(r.watched().error().has_value());
    CHECK(*r.watched().error() == "out of room");
    r.delta(R"({"content":"b"})", "\"finish_reason\":\"stop\"");
    r.reply.finish(r.native);
    CHECK_FALSE(r.watched().done());
    CHECK(r.lines().size() == 2);
  }
  Reading broken;
  broken.reply.take("data: {\"choices\":[{\n", broken.native);
  CHECK(broken.watched().error().has_value());
  Reading failed;
  failed.delta("{}", "\"finish_reason\":\"error\"");
  CHECK(failed.watched().error().has_value());
}

TEST_CASE("whole answers: chat with calls, generate, completions, and what is no answer") {
  Reading chat;
  const auto said = chat.reply.whole(R"({"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"hi","reasoning_content":"hm","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"x\":[1]}"}}]},
    "finish_reason":"tool_calls","logprobs":{"content":[{"token":"hi","logprob":-0.5}]}}],"usage":{"prompt_tokens":5,"completion_tokens":6},"timings":{"prompt_ms":100,"predicted_ms":250.5}})");
  REQUIRE(said.has_value());
  const Json whole = Json::parse(*said);
  CHECK(whole["message"] == Json::parse(R"({"role":"assistant","content":"hi","thinking":"hm","tool_calls":[{"id":"c","function":{"index":0,"name":"f","arguments":{"x":[1]}}}]})"));
  CHECK(whole["logprobs"] == Json::parse(R"([{"token":"hi","logprob":-0.5}])"));
  CHECK(whole["done"] == true);
  CHECK(whole["prompt_eval_count"] == 5);
  CHECK(whole["prompt_eval_duration"] == 100'000'000);
  CHECK(whole["eval_duration"] == 250'500'000);
  const auto generated = Reading(NativeShape::generate).reply.whole(R"({"choices":[{"text":"abc","finish_reason":"stop"}]})");
  REQUIRE(generated.has_value());
  CHECK(Json::parse(*generated)["response"] == "abc");
  const auto failed = Reading().reply.whole(R"({"error":{"message":"no"}})");
  REQUIRE(failed.has_value());
  CHECK(*failed == "{\"error\":\"no\"}\n");
  for (const char* garbage : {"", "[]", "{}", R"({"choices":[]})", "<html>"}) {
    CAPTURE(garbage);
    const auto none = Reading().reply.whole(garbage);
    CHECK((none.has_error() || none->starts_with("{\"error\"")));
  }
  CHECK(Json::parse(Reading().reply.loaded())["done_reason"] == "load");
  CHECK(Json::parse(Reading(NativeShape::embed).reply.loaded())["embeddings"].empty());
  CHECK(Reading(NativeShape::embedding).reply.loaded() == "{\"embedding\":[]}");
}

TEST_CASE("embeddings in both forms") {
  const std::string body = R"({"object":"list","data":[{"embedding":[0.5,-1],"index":0},{"embedding":[2],"index":1}],"usage":{"prompt_tokens":4}})";
  const auto both = Reading(NativeShape::embed).reply.whole(body);
  REQUIRE(both.has_value());
  const Json said = Json::parse(*both);
  CHECK(said["model"] == "qwen");
  CHECK(said["embeddings"] == Json::parse("[[0.5,-1],[2]]"));
  CHECK(said["prompt_eval_count"] == 4);
  const auto old = Reading(NativeShape::embedding).reply.whole(body);
  REQUIRE(old.has_value());
  CHECK(*old == R"({"embedding":[0.5,-1]})");
  CHECK(Reading(NativeShape::embed).reply.whole(R"({"data":[]})").has_error());
  CHECK(Reading(NativeShape::embed).reply.whole(R"({"data":[{"embedding":"AAAA"}]})").has_error());
}

TEST_CASE("the models of /v1/models are there and resident, with the context where it is said") {
  const auto served = parse_served(200, R"({"object":"list","data":[{"id":"org/A-4bit","object":"model","max_model_len":8192},{"id":"b.gguf","meta":{"n_ctx":4096,"n_params":1}},{"id":"c"}]})");
  REQUIRE(served.has_value());
  REQUIRE(served->models.size() == 3);
  CHECK(served->models[0].name == ModelName("org/a-4bit"));
  CHECK(served->models[0].name.spelt() == "org/A-4bit");
  CHECK(served->models[0].capabilities.empty());
  CHECK(served->residents[0].num_ctx == 8192);
  CHECK(served->residents[1].num_ctx == 4096);
  CHECK(served->residents[2].num_ctx == 0);
  CHECK_FALSE(served->residents[2].expires.has_value());
  CHECK(Json::parse(served->models[0].raw)["name"] == "org/A-4bit");
  CHECK(parse_served(503, R"({"error":{"code":503,"message":"Loading model"}})").error().sentence == "GET /v1/models is answered with 503: Loading model");
  CHECK(parse_served(200, R"({"models":[]})").has_error());
  CHECK(parse_served(200, "Ollama is running").has_error());
  CHECK(parse_served(200, R"({"data":[{"object":"model"}]})").has_error());
  CHECK(parse_served(200, R"({"data":["a"]})").has_error());
}

}  // namespace openai_reply_test
