// The requests of the other dialects as the node hears them.
#include "api/dialects/translation.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace dialects_request_test {

using namespace rr;
using namespace rr::api;

namespace {

// The native body, or "code: sentence" of the refusal.
Json native(Kind kind, const std::string& text, Ask ask = {}) {
  const test::Body body(text);
  const auto members = read_members(body, kind);
  if (!members) return members.error().code + ": " + members.error().sentence;
  ask.stream = members->stream.value_or(false);
  const auto pieces = translation(kind, *members, {.unique = "1", .created = 1, .model = "coder"})
                          ->to_native(*members, ask, {.model = "qwen3-coder:30b", .num_ctx = 32768, .keep_alive = "-1"});
  if (!pieces) return pieces.error().code + ": " + pieces.error().sentence;
  return Json::parse(pieces->joined());
}

std::string refused(Kind kind, const std::string& text) {
  const auto said = native(kind, text);
  return said.is_string() ? said.get<std::string>() : "accepted: " + said.dump();
}

Json messages(const std::string& list, const std::string& more = "") {
  return native(Kind::messages, R"({"model":"coder","max_tokens":9,"messages":)" + list + more + "}")["messages"];
}

Json input(const std::string& list) { return native(Kind::responses, R"({"model":"coder","input":)" + list + "}")["messages"]; }

}  // namespace

TEST_CASE("an embedding is asked for by text alone, with the model's own context and lease") {
  const auto one = native(Kind::v1_embeddings, R"({"model":"e","input":"hi","dimensions":64,"encoding_format":"base64","user":"u"})");
  CHECK(one.dump() == R"({"model":"qwen3-coder:30b","input":"hi","dimensions":64,"keep_alive":-1,"options":{"num_ctx":32768}})");
  CHECK(native(Kind::v1_embeddings, R"({"model":"e","input":["a","b"]})")["input"] == Json{"a", "b"});
  CHECK(native(Kind::v1_embeddings, R"({"model":"e","input":""})")["input"] == Json{""});
  CHECK(refused(Kind::v1_embeddings, R"({"model":"e","input":[]})") == "unsupported_member: invalid input");
  CHECK(refused(Kind::v1_embeddings, R"({"model":"e"})") == "unsupported_member: invalid input");
  CHECK(refused(Kind::v1_embeddings, R"({"model":"e","input":[1,2]})").starts_with("unsupported_member: input holds no text"));
  CHECK(refused(Kind::v1_embeddings, R"({"model":"e","input":[[1],[2]]})").starts_with("unsupported_member: input holds no text"));
  CHECK(refused(Kind::v1_embeddings, R"({"model":"e","input":"x","encoding_format":"int8"})") ==
        "unsupported_member: Invalid value for 'encoding_format' = int8. Supported values: ['float', 'base64'].");
}

TEST_CASE("a completion is a native generate with the shim's sampling") {
  const auto body = native(Kind::completions, R"({"model":"m","prompt":"int f(","suffix":"}","max_tokens":5,"stop":"\n","seed":7,"stream":true,"top_p":0.5,"n":1,"best_of":1,"echo":false,"logprobs":2})");
  CHECK(body["prompt"] == "int f(");
  CHECK(body["suffix"] == "}");
  CHECK(body["stream"] == true);
  CHECK(body["logprobs"] == true);
  CHECK(body["top_logprobs"] == 2);
  CHECK(body["keep_alive"] == -1);
  CHECK(body["options"].dump() == R"({"temperature":1.0,"top_p":0.5,"num_predict":5,"stop":["\n"],"seed":7,"num_ctx":32768})");
  CHECK(native(Kind::completions, R"({"model":"m","prompt":["one"]})")["prompt"] == "one");
  CHECK(native(Kind::completions, R"({"model":"m"})")["prompt"] == "");
  CHECK(refused(Kind::completions, R"({"model":"m","prompt":["a","b"]})").starts_with("unsupported_member: prompt is a list of 2"));
  CHECK(refused(Kind::completions, R"({"model":"m","prompt":[1,2]})") == "unsupported_member: prompt holds token ids: send text");
  CHECK(refused(Kind::completions, R"({"model":"m","prompt":"a","n":2})").starts_with("unsupported_member: n is 2"));
  CHECK(refused(Kind::completions, R"({"model":"m","prompt":"a","best_of":3})").starts_with("unsupported_member: best_of is 3"));
  CHECK(refused(Kind::completions, R"({"model":"m","prompt":"a","echo":true})").starts_with("unsupported_member: echo is true"));
  CHECK(refused(Kind::completions, R"({"model":"m","prompt":7})") ==
        "json_invalid: json: cannot unmarshal number into Go struct field CompletionRequest.prompt of type string");
}

TEST_CASE("Anthropic's blocks become native messages, tool results messages of their own in the order of the blocks") {
  CHECK(messages(R"([{"role":"user","content":"hi"}])", R"(,"system":"Be brief.")").dump() ==
        R"([{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}])");
  CHECK(messages(R"([{"role":"user","content":"hi"}])",
                 R"(,"system":[{"type":"text","text":"One.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"Two \"2\"."}])")[0]["content"] ==
        "One.\n\nTwo \"2\".");
  const auto turn = messages(R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{}},
    {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO"}},{"type":"image","source":{"type":"base64","data":"AAAA"}}]},
    {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"x"},{"type":"redacted_thinking","data":"z"},{"type":"text","text":"Looking."},
      {"type":"tool_use","id":"t1","name":"read","input":{"path":"a","n":9007199254740993}},{"type":"tool_use","id":"t2","name":"list","input":{}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"text"},
      {"type":"tool_result","tool_use_id":"t2","is_error":true,"content":[{"type":"text","text":"no"},{"type":"image","source":{"type":"base64","data":"BBBB"}}]},
      {"type":"text","text":"Go on."}]},
    {"role":"system","content":"Later."}])");
  REQUIRE(turn.size() == 6);
  CHECK(turn[0].dump() == R"({"role":"user","content":"ab","images":["iVBO","AAAA"]})");
  CHECK(turn[1].dump() == R"({"role":"assistant","content":"Looking.","thinking":"hm","tool_calls":[{"id":"t1","function":{"index":0,"name":"read","arguments":{"path":"a","n":9007199254740993}}},{"id":"t2","function":{"index":1,"name":"list","arguments":{}}}]})");
  CHECK(turn[2].dump() == R"({"role":"tool","content":"text","tool_name":"read","tool_call_id":"t1"})");
  CHECK(turn[3].dump() == R"({"role":"tool","content":"Error: no","images":["BBBB"],"tool_name":"list","tool_call_id":"t2"})");
  CHECK(turn[4].dump() == R"({"role":"user","content":"Go on."})");
  CHECK(turn[5].dump() == R"({"role":"system","content":"Later."})");
  CHECK(messages(R"([{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a page"}}]}])")[0]["content"] == "a page");
}

TEST_CASE("Anthropic's tools, limits, thinking and output format reach the node in its own form") {
  const std::string start = R"({"model":"coder","max_tokens":64,"messages":[{"role":"user","content":"hi"}])";
  const auto body = native(Kind::messages, start + R"(,"tools":[{"name":"f","description":"d","input_schema":{"type":"object","properties":{"z":{},"a":{}}}},
    {"type":"web_search_20250305","name":"web_search","max_uses":3},{"type":"custom","name":"g"}],"stop_sequences":["x"],"top_k":5,"temperature":0.3,"stream":true,
    "metadata":{"user_id":"u"},"context_management":{"edits":[]},"service_tier":"auto","thinking":{"type":"disabled"}})");
  CHECK(body["tools"].dump() == R"([{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"z":{},"a":{}}}}},{"type":"function","function":{"name":"g"}}])");
  CHECK(body["options"].dump() == R"({"temperature":0.3,"top_k":5,"num_predict":64,"stop":["x"],"num_ctx":32768})");
  CHECK(body["stream"] == true);
  CHECK(body["think"] == false);
  CHECK(body["keep_alive"] == -1);
  CHECK(body.size() == 7);
  const std::string two = start + R"(,"tools":[{"name":"f"},{"name":"g"}],"tool_choice":)";
  CHECK(native(Kind::messages, two + R"({"type":"tool","name":"g"}})")["tools"].size() == 1);
  CHECK(native(Kind::messages, two + R"({"type":"any"}})")["tools"].size() == 2);
  CHECK_FALSE(native(Kind::messages, two + R"({"type":"none"}})").contains("tools"));
  for (const char* thinking : {R"({"type":"enabled","budget_tokens":1024})", R"({"type":"adaptive"})"}) {
    CHECK_FALSE(native(Kind::messages, start + ",\"thinking\":" + thinking + "}").contains("think"));
    CHECK(native(Kind::messages, start + ",\"thinking\":" + thinking + "}", {.thinks = true})["think"] == true);
  }
  CHECK_FALSE(native(Kind::messages, start + "}", {.thinks = true}).contains("think"));
  CHECK(native(Kind::messages, start + R"(,"output_config":{"effort":"high","format":{"type":"json_schema","schema":{"type":"object"}}}})")["format"].dump() == R"({"type":"object"})");
  CHECK(native(Kind::messages, start + R"(,"output_format":{"type":"json_schema","schema":{"a":1}}})")["format"].dump() == R"({"a":1})");
}

TEST_CASE("what Anthropic's servers alone can do is refused by name") {
  const auto said = [](const std::string& block) { return refused(Kind::messages, R"({"model":"c","max_tokens":1,"messages":[{"role":"user","content":[)" + block + "]}]}"); };
  CHECK(said(R"({"type":"image","source":{"type":"url","url":"https://x/y.png"}})").starts_with("unsupported_member: an image has source \"url\""));
  CHECK(said(R"({"type":"document","source":{"type":"base64","data":"JVBERi0"}})").starts_with("unsupported_member: a document has source \"base64\""));
  CHECK(said(R"({"type":"container_upload"})").starts_with("unsupported_member: a content block has type \"container_upload\""));
  CHECK(said(R"({"type":"tool_use","id":"1","name":"f","input":[1]})").starts_with("unsupported_member: the input of a tool_use"));
  CHECK(refused(Kind::messages, R"({"model":"c","max_tokens":1,"messages":[{"role":"user","content":7}]})").starts_with("unsupported_member: invalid message content"));
}

TEST_CASE("items of the Responses API become native messages; what the assistant thinks, says and calls in a row is one of them") {
  CHECK(input(R"("hi")").dump() == R"([{"role":"user","content":"hi"}])");
  const auto turn = input(R"([{"role":"developer","content":[{"type":"input_text","text":"Be "},{"type":"input_text","text":"brief."}]},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"See"},{"type":"input_image","image_url":"data:image/png;base64,iVBO"}]},
    {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"zzz"},
    {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Looking."}]},
    {"type":"function_call","call_id":"c1","name":"read","arguments":"{\"path\":\"a\",\"n\":9007199254740993}"},
    {"type":"custom_tool_call","call_id":"c2","name":"apply_patch","input":"*** Begin \"x\"\n"},
    {"type":"function_call_output","call_id":"c1","output":"text"},
    {"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"done"}]},
    {"type":"web_search_call","id":"w"},
    {"role":"assistant","content":"First."},{"role":"assistant","content":"Second."}])");
  REQUIRE(turn.size() == 7);
  CHECK(turn[0].dump() == R"({"role":"system","content":"Be brief."})");
  CHECK(turn[1].dump() == R"({"role":"user","content":"See","images":["iVBO"]})");
  CHECK(turn[2].dump() == R"({"role":"assistant","content":"Looking.","thinking":"hm","tool_calls":[{"id":"c1","function":{"index":0,"name":"read","arguments":{"path":"a","n":9007199254740993}}},{"id":"c2","function":{"index":1,"name":"apply_patch","arguments":{"input":"*** Begin \"x\"\n"}}}]})");
  CHECK(turn[3].dump() == R"({"role":"tool","content":"text","tool_name":"read","tool_call_id":"c1"})");
  CHECK(turn[4].dump() == R"({"role":"tool","content":"done","tool_name":"apply_patch","tool_call_id":"c2"})");
  CHECK(turn[5]["content"] == "First.");
  CHECK(turn[6]["content"] == "Second.");
  CHECK(input(R"([{"type":"reasoning","encrypted_content":"kept","summary":[]},{"role":"assistant","content":"x"}])")[0]["thinking"] == "kept");
}

TEST_CASE("long arguments of a call are whole in the native body") {
  const std::string path(5000, 'p');
  const auto turn = input(R"([{"type":"function_call","call_id":"c1","name":"read","arguments":"{\"path\":\")" + path + R"(\"}"}])");
  CHECK(turn[0]["tool_calls"][0]["function"]["arguments"]["path"] == path);
}

TEST_CASE("the tools of a response are functions for the node, whatever their form; its format, effort and limits are kept") {
  const auto body = native(Kind::responses, R"({"model":"m","input":"x","instructions":"Be brief.","tools":[{"type":"function","name":"f","description":"d","strict":true,"parameters":{"type":"object"}},
    {"type":"custom","name":"apply_patch","description":"patch","format":{"type":"grammar","syntax":"lark","definition":"start: x"}},
    {"type":"namespace","name":"agents","tools":[{"type":"function","name":"spawn","parameters":{"a":1}}]},{"type":"web_search"}],
    "text":{"verbosity":"low","format":{"type":"json_schema","name":"n","schema":{"b":1,"a":2}}},"reasoning":{"effort":"minimal","summary":"auto"},
    "max_output_tokens":7,"top_p":0.4,"store":true,"include":["reasoning.encrypted_content"],"client_metadata":{},"truncation":"auto","stream":true})");
  REQUIRE(body["tools"].size() == 3);
  CHECK(body["tools"][0].dump() == R"({"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}})");
  CHECK(body["tools"][1]["function"]["name"] == "apply_patch");
  CHECK(body["tools"][1]["function"]["parameters"]["required"] == Json{"input"});
  CHECK(body["tools"][2]["function"]["name"] == "spawn");
  CHECK(body["messages"][0].dump() == R"({"role":"system","content":"Be brief."})");
  CHECK(body["format"].dump() == R"({"b":1,"a":2})");
  CHECK(body["think"] == "low");
  CHECK(body["options"].dump() == R"({"temperature":1.0,"top_p":0.4,"num_predict":7,"num_ctx":32768})");
  CHECK(native(Kind::responses, R"({"model":"m","input":"x","text":{"format":{"type":"json_object"}}})")["format"] == "json");
  const std::string two = R"({"model":"m","input":"x","tools":[{"type":"function","name":"f"},{"type":"function","name":"g"}],"tool_choice":)";
  CHECK_FALSE(native(Kind::responses, two + R"("none"})").contains("tools"));
  CHECK(native(Kind::responses, two + R"({"type":"function","name":"g"}})")["tools"].size() == 1);
  CHECK(native(Kind::responses, two + R"("required"})")["tools"].size() == 2);
}

TEST_CASE("what OpenAI keeps on its servers is refused by name, or ignored where it changes nothing") {
  const auto said = [](const std::string& more) { return refused(Kind::responses, R"({"model":"m","input":"x",)" + more + "}"); };
  CHECK(said(R"("previous_response_id":"resp_1")").starts_with("unsupported_member: previous_response_id is set"));
  CHECK(said(R"("conversation":{"id":"c"})").starts_with("unsupported_member: conversation is set"));
  CHECK(said(R"("background":true)").starts_with("unsupported_member: background is true"));
  CHECK(said(R"("prompt":{"id":"p"})").starts_with("unsupported_member: prompt names a template"));
  CHECK(said(R"("reasoning":{"effort":"huge"})").starts_with("unsupported_member: reasoning_effort is \"huge\""));
  CHECK(said(R"("previous_response_id":null,"conversation":null,"background":false,"prompt":null,"store":true,"metadata":{},"service_tier":"flex")").starts_with("accepted"));
  CHECK(refused(Kind::responses, R"({"model":"m","input":[{"type":"item_reference","id":"msg_1"}]})").starts_with("unsupported_member: input refers to an item"));
  CHECK(refused(Kind::responses, R"({"model":"m","input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]})").starts_with("unsupported_member: a content part has type \"input_file\""));
  CHECK(refused(Kind::responses, R"({"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"https://x/y.png"}]}]})").find("image URLs are not currently supported") != std::string::npos);
}

TEST_CASE("a body of the Responses API's shape is understood on chat completions, and so are flat and custom tools beside messages") {
  const auto cursor = native(Kind::chat_completions, R"({"model":"coder","stream":true,"stream_options":{"include_usage":true},"input":[{"role":"system","content":"You are Cursor."},
    {"role":"user","content":[{"type":"input_text","text":"fix it"}]}],"tools":[{"type":"function","name":"read_file","parameters":{"type":"object"}},
    {"type":"custom","name":"ApplyPatch","format":{"type":"grammar"}}],"reasoning":{"effort":"medium"},"include":["x"],"store":false,"previous_response_id":null,"truncation":"auto","text":{"verbosity":"low"}})");
  CHECK(cursor["messages"].size() == 2);
  CHECK(cursor["tools"].size() == 2);
  CHECK(cursor["stream"] == true);
  CHECK(cursor["think"] == "medium");
  const auto mixed = native(Kind::chat_completions, R"({"model":"coder","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","name":"f","parameters":{"a":1}},{"type":"function","function":{"name":"g"}}]})");
  CHECK(mixed["tools"].dump() == R"([{"type":"function","function":{"name":"f","parameters":{"a":1}}},{"type":"function","function":{"name":"g"}}])");
}

}  // namespace dialects_request_test
