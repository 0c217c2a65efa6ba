// A native request as a server of the OpenAI API gets it.
#include "api/engines/openai_order.hpp"
#include "api/json.hpp"

#include <doctest/doctest.h>

namespace openai_order_test {

using namespace rr;
using namespace rr::api;

namespace {

EngineOrder ordered(const std::string& native, std::string_view path = "/api/chat") { return openai_order(path, native); }
Json body_of(const std::string& native, std::string_view path = "/api/chat") { return Json::parse(ordered(native, path).body.joined()); }
Json messages_of(const std::string& list) { return body_of(R"({"model":"m","messages":)" + list + "}")["messages"]; }

}  // namespace

TEST_CASE("a chat: model, messages, stream with usage, and options by their names there") {
  const auto order = ordered(R"({"model":"qwen","messages":[{"role":"user","content":"hi é \"there\""}],
    "options":{"temperature":0.2,"top_p":0.9,"top_k":40,"min_p":0.05,"seed":7,"stop":["a","b"],"num_predict":12,"presence_penalty":1,"frequency_penalty":2,"repeat_penalty":1.1}})");
  CHECK(order.path == "/v1/chat/completions");
  CHECK(order.shape == NativeShape::chat);
  CHECK(order.ignored.empty());
  CHECK(Json::parse(order.body.joined()) == Json::parse(R"({"model":"qwen","messages":[{"role":"user","content":"hi é \"there\""}],"stream":true,
    "stream_options":{"include_usage":true},"temperature":0.2,"top_p":0.9,"top_k":40,"min_p":0.05,"seed":7,"stop":["a","b"],"max_tokens":12,
    "presence_penalty":1,"frequency_penalty":2,"repeat_penalty":1.1})"));
}

TEST_CASE("what has no counterpart there is left out and named") {
  const auto order = ordered(R"({"model":"m","messages":[],"keep_alive":"5m","stream":false,"template":"x","options":{"num_ctx":9,"mirostat":1,"seed":1,"num_predict":-1,"num_gpu":null}})");
  const Json body = Json::parse(order.body.joined());
  CHECK(body == Json::parse(R"({"model":"m","messages":[],"stream":false,"seed":1})"));
  CHECK(order.ignored == std::vector<std::string>{"keep_alive", "template", "options.num_ctx", "options.mirostat"});
}

TEST_CASE("neighbours of one speaker are joined, images become parts of their message") {
  CHECK(messages_of(R"([{"role":"system","content":"a"},{"role":"system","content":"b"},{"role":"user","content":"c"},{"role":"user","content":""},{"role":"user","content":"d"},{"role":"assistant","content":"e"}])") ==
        Json::parse(R"([{"role":"system","content":"a\n\nb"},{"role":"user","content":"c\n\nd"},{"role":"assistant","content":"e"}])"));
  CHECK(messages_of(R"([{"role":"user","content":"look"},{"role":"user","content":"","images":["/9j/AA=="]},{"role":"user","content":"and","images":["iVBORw0K","R0lGODdh"]}])") ==
        Json::parse(R"([{"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,/9j/AA=="}},
          {"type":"text","text":"and"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0K"}},{"type":"image_url","image_url":{"url":"data:image/gif;base64,R0lGODdh"}}]}])"));
  CHECK(messages_of(R"([{"role":"user","content":""}])") == Json::parse(R"([{"role":"user","content":""}])"));
  CHECK(messages_of(R"([{"role":"user"}])") == Json::parse(R"([{"role":"user","content":""}])"));
}

TEST_CASE("calls and their results find each other, with ids and without") {
  const Json said = messages_of(R"([{"role":"assistant","content":"","thinking":"hm","tool_calls":[{"function":{"index":0,"name":"now","arguments":{}}},{"id":"x1","function":{"name":"add","arguments":{"a":"é"}}},{"function":{"name":"now"}}]},
    {"role":"tool","content":"3","tool_name":"add","tool_call_id":"x1"},{"role":"tool","content":"noon","tool_name":"now"},{"role":"tool","content":"night"},{"role":"tool","content":"?","tool_call_id":"gone"}])");
  CHECK(said == Json::parse(R"([{"role":"assistant","content":"","reasoning_content":"hm","tool_calls":[{"id":"call_1","type":"function","function":{"name":"now","arguments":"{}"}},
    {"id":"x1","type":"function","function":{"name":"add","arguments":"{\"a\":\"é\"}"}},{"id":"call_2","type":"function","function":{"name":"now","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"x1","content":"3"},{"role":"tool","tool_call_id":"call_1","content":"noon"},{"role":"tool","tool_call_id":"call_2","content":"night"},{"role":"tool","tool_call_id":"gone","content":"?"}])"));
}

TEST_CASE("tools, formats, thinking and log probabilities") {
  const std::string head = R"({"model":"m","messages":[],"stream":false,)";
  const std::string tools = R"([{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])";
  CHECK(body_of(head + R"("tools":)" + tools + "}")["tools"] == Json::parse(tools));
  CHECK_FALSE(body_of(head + R"("tools":[]})").contains("tools"));
  CHECK(body_of(head + R"("format":"json"})")["response_format"] == Json::parse(R"({"type":"json_object"})"));
  CHECK(body_of(head + R"("format":{"type":"object"}})")["response_format"] == Json::parse(R"({"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":{"type":"object"}}})"));
  CHECK_FALSE(body_of(head + R"("format":""})").contains("response_format"));
  CHECK(body_of(head + R"("think":false})")["chat_template_kwargs"] == Json::parse(R"({"enable_thinking":false})"));
  CHECK(body_of(head + R"("think":"low"})")["reasoning_effort"] == "low");
  CHECK(body_of(head + R"("logprobs":true,"top_logprobs":3})")["top_logprobs"] == 3);
}

TEST_CASE("generate is a chat of one turn, unless the prompt is to be continued as it stands") {
  const auto turn = ordered(R"({"model":"m","system":"be brief","prompt":"hi","images":["iVBORw0K"],"stream":false})", "/api/generate");
  CHECK(turn.path == "/v1/chat/completions");
  CHECK(turn.shape == NativeShape::generate);
  CHECK(Json::parse(turn.body.joined())["messages"] ==
        Json::parse(R"([{"role":"system","content":"be brief"},{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0K"}}]}])"));
  const auto fim = ordered(R"({"model":"m","prompt":"def f(","suffix":"return 1","options":{"num_predict":5}})", "/api/generate");
  CHECK(fim.path == "/v1/completions");
  CHECK(Json::parse(fim.body.joined()) == Json::parse(R"({"model":"m","prompt":"def f(","suffix":"return 1","stream":true,"stream_options":{"include_usage":true},"max_tokens":5})"));
  CHECK(ordered(R"({"model":"m","prompt":"<s>","raw":true})", "/api/generate").path == "/v1/completions");
}

TEST_CASE("embeddings, in the new form and the old") {
  const auto order = ordered(R"({"model":"m","input":["a","b"],"truncate":true,"dimensions":8})", "/api/embed");
  CHECK(order.path == "/v1/embeddings");
  CHECK(order.shape == NativeShape::embed);
  CHECK(Json::parse(order.body.joined()) == Json::parse(R"({"model":"m","input":["a","b"],"encoding_format":"float","dimensions":8})"));
  const auto old = ordered(R"({"model":"m","prompt":"a"})", "/api/embeddings");
  CHECK(old.shape == NativeShape::embedding);
  CHECK(Json::parse(old.body.joined()) == Json::parse(R"({"model":"m","input":"a","encoding_format":"float"})"));
}

TEST_CASE("large texts stay where they are") {
  const std::string picture(1 << 20, 'A');
  const auto order = ordered(R"({"model":"m","messages":[{"role":"user","content":"x","images":[")" + picture + R"("]}]})");
  std::size_t owned = 0;
  for (const std::string& one : order.body.owned) owned += one.size();
  CHECK(owned < picture.size() + 1000);  // the body once, and little else
  CHECK(order.body.joined().find(picture) != std::string::npos);
}

}  // namespace openai_order_test
