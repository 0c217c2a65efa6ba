// What reaches the node for an OpenAI request: compared with what the recorded engine saw, and with the native request of the same script.
#include "api/dialects/openai_chat.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

#include <filesystem>

namespace openai_request_test {

using namespace rr;
using namespace rr::api;
using test::Body;

namespace {

Result<Pieces> translated(const Body& body, bool stream = false, Edits edits = {.model = "node:1b", .num_ctx = 8192, .keep_alive = "\"2h\""}) {
  const auto members = read_members(body, Kind::chat_completions);
  REQUIRE(members.has_value());
  Ask ask;
  ask.kind = Kind::chat_completions;
  ask.stream = stream;
  return openai_chat::to_native(body, *members, ask, edits);
}

Json native(const std::string& text, bool stream = false) {
  const Body body(text);
  const auto pieces = translated(body, stream);
  if (!pieces) return pieces.error().code + ": " + pieces.error().sentence;
  return Json::parse(pieces->joined());
}

std::string with(const std::string& more) { return R"({"model":"coder","messages":[{"role":"user","content":"x"}])" + more + "}"; }

}  // namespace

TEST_CASE("the native request carries what the recorded engine saw") {
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(RR_SOURCE_DIR) + "/tests/conformance/transcripts/0.33.0-rc2")) {
    const auto name = entry.path().stem().string();
    if (!name.starts_with("v1chat-") || name == "v1chat-key-case" || name == "v1chat-ignored-fields") continue;
    const auto recorded = test::transcript(name);
    if (!recorded.contains("engine")) continue;
    for (const auto& seen : recorded["engine"]) {
      if (seen["ev"] != "req") continue;
      CAPTURE(name);
      const auto request = recorded["request"]["body"].get<std::string>();
      const bool stream = Json::parse(request).value("stream", false);
      const auto sent = native(request, stream);
      REQUIRE(sent.is_object());
      CHECK(sent["model"] == "node:1b");
      CHECK(sent["keep_alive"] == "2h");
      CHECK(sent["stream"] == stream);
      const auto& options = sent["options"];
      CHECK(options["num_ctx"] == 8192);
      CHECK(options["temperature"] == seen["temperature"]);
      CHECK(options["top_p"] == seen["top_p"]);
      if (seen["n_predict"] != 40960) CHECK(options["num_predict"] == seen["n_predict"]);
      if (seen["seed"] != -1) CHECK(options["seed"] == seen["seed"]);
      if (seen.contains("messages")) {  // rendered by the engine: it saw them one by one
        REQUIRE(seen["messages"].size() == sent["messages"].size());
        for (std::size_t i = 0; i < sent["messages"].size(); ++i) {
          const auto &ours = sent["messages"][i], &theirs = seen["messages"][i];
          CHECK(ours["role"] == theirs["role"]);
          CHECK(ours["content"] == theirs["content"]);
          if (theirs.contains("name")) CHECK(ours["tool_name"] == theirs["name"]);
          if (theirs.contains("tool_call_id")) CHECK(ours["tool_call_id"] == theirs["tool_call_id"]);
          if (!theirs.contains("tool_calls")) continue;
          CHECK(ours["tool_calls"][0]["id"] == theirs["tool_calls"][0]["id"]);
          CHECK(ours["tool_calls"][0]["function"]["arguments"].dump() == theirs["tool_calls"][0]["function"]["arguments"]);
        }
        CHECK((sent.contains("tools") ? sent["tools"].size() : 0) == seen["tools"]);
        if (!seen["stop"].is_null()) CHECK(options["stop"] == seen["stop"]);
        if (seen["logprobs"] == true) CHECK(sent["logprobs"] == true);
        if (seen["top_logprobs"] != 0) CHECK(sent["top_logprobs"] == seen["top_logprobs"]);
      } else if (seen["json_schema"] != "") {
        CHECK(sent["format"].dump() == seen["json_schema"]);
      }
      ++compared;
    }
    if (!recorded.contains("native") || name == "v1chat-image") continue;
    const auto wanted = Json::parse(recorded["native"]["request"]["body"].get<std::string>());
    const auto sent = native(recorded["request"]["body"].get<std::string>());
    for (const char* member : {"format", "think", "tools", "logprobs", "top_logprobs"}) {
      CAPTURE(member);
      CHECK(sent.value(member, Json()).dump() == wanted.value(member, Json()).dump());
    }
    if (wanted.contains("options"))
      for (const auto& [key, value] : wanted["options"].items()) CHECK(sent["options"][key] == value);
  }
  CHECK(compared >= 60);
}

TEST_CASE("absent temperature and top_p become 1.0, as the shim's; null is absent") {
  CHECK(native(with(""))["options"] == Json{{"temperature", 1.0}, {"top_p", 1.0}, {"num_ctx", 8192}});
  CHECK(native(with(R"(,"temperature":null,"top_p":null,"stop":null,"seed":null,"max_tokens":null,"tools":null,"response_format":null)")) == native(with("")));
}

TEST_CASE("limits, stops, penalties and effort have their native names") {
  CHECK(native(with(R"(,"max_completion_tokens":5)"))["options"]["num_predict"] == 5);
  CHECK(native(with(R"(,"max_tokens":4,"max_completion_tokens":5)"))["options"]["num_predict"] == 4);
  CHECK(native(with(R"(,"stop":"END")"))["options"]["stop"] == Json::array({"END"}));
  CHECK(native(with(R"(,"stop":["a","b"])"))["options"]["stop"] == Json::array({"a", "b"}));
  const std::pair<const char*, Json> efforts[] = {{"none", false}, {"minimal", "low"}, {"low", "low"}, {"medium", "medium"},
                                                  {"high", "high"}, {"max", "max"}, {"xhigh", "max"}, {"ultra", "max"}};
  for (const auto& [word, think] : efforts) CHECK(native(with(std::string(R"(,"reasoning_effort":")") + word + "\""))["think"] == think);
  CHECK(native(with(R"(,"reasoning":{"effort":"low"})"))["think"] == "low");
  CHECK_FALSE(native(with("")).contains("think"));
}

TEST_CASE("tool_choice none leaves the tools out; a schema and big numbers go through as they are written") {
  const std::string tools = R"([{"type":"function","function":{"name":"f","parameters":{"z":1,"a":18446744073709551616,"b":1.0}}}])";
  CHECK_FALSE(native(with(",\"tools\":" + tools + R"(,"tool_choice":"none")")).contains("tools"));
  const Body body(with(",\"tools\":" + tools + R"(,"tool_choice":"auto","response_format":{"type":"json_schema","json_schema":{"schema":{"z":1E2,"a": 0.10000000000000000001}}})"));
  const auto sent = translated(body)->joined();
  CHECK(sent.find("\"tools\":" + tools) != sent.npos);
  CHECK(sent.find(R"("format":{"z":1E2,"a": 0.10000000000000000001})") != sent.npos);
}

TEST_CASE("parts become messages as Ollama makes them: text and images") {
  const auto sent = native(R"({"model":"eyes","messages":[{"role":"user","content":[{"type":"text","text":"What is \"it\"?"},
    {"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}},{"type":"image_url","image_url":"data:image\/jpeg;base64,aG8="}]}]})");
  REQUIRE(sent["messages"].size() == 3);
  CHECK(sent["messages"][0] == Json{{"role", "user"}, {"content", "What is \"it\"?"}});
  CHECK(sent["messages"][1] == Json{{"role", "user"}, {"content", ""}, {"images", {"aGk="}}});
  CHECK(sent["messages"][2]["images"][0] == "aG8=");
}

TEST_CASE("a round of tool calls finds its way back: arguments as an object, results by the tool's name") {
  const auto sent = native(R"({"model":"coder","messages":[{"role":"user","content":"x"},
    {"role":"assistant","content":null,"reasoning":"hm","tool_calls":[{"id":"c1","type":"function","function":{"name":"read","arguments":"{\"path\":\"a\\\"b\",\"n\":9007199254740993}"}},
      {"id":"c2","type":"function","function":{"name":"run","arguments":""}}]},
    {"role":"tool","tool_call_id":"c2","content":"ok"},{"role":"tool","tool_call_id":"c1","name":"named","content":[{"type":"text","text":"part"}]}]})");
  const auto& messages = sent["messages"];
  REQUIRE(messages.size() == 4);
  CHECK(messages[1]["content"] == "");
  CHECK(messages[1]["thinking"] == "hm");
  CHECK(messages[1]["tool_calls"][0] == Json::parse(R"({"id":"c1","function":{"index":0,"name":"read","arguments":{"path":"a\"b","n":9007199254740993}}})"));
  CHECK(messages[1]["tool_calls"][1]["function"]["arguments"] == Json::object());
  CHECK(messages[2]["tool_name"] == "run");
  CHECK(messages[3]["tool_name"] == "named");
  CHECK(messages[3]["content"] == "part");
}

TEST_CASE("arguments cannot smuggle members into the native request") {
  for (const std::string arguments : {R"({}},\"x\":{)", R"({} )" "extra", R"({\"a\":1)", "[1]", "5", "nonsense"}) {
    CAPTURE(arguments);
    const auto sent = native(R"({"model":"c","messages":[{"role":"assistant","content":"","tool_calls":[{"id":"1","function":{"name":"f","arguments":")" + arguments + "\"}}]}]}");
    CHECK(sent == "unsupported_member: invalid tool call arguments");
  }
  const std::string deep(5000, '[');
  CHECK(native(R"({"model":"c","messages":[{"role":"assistant","content":"","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{\"a\":)" + deep + "\"}}]}]}") ==
        "unsupported_member: invalid tool call arguments");
}

TEST_CASE("broken JSON in a part that is translated is refused, never half translated") {
  CHECK(native(R"({"model":"c","messages":[{"role":"assistant","content":"","tool_calls":[{"id":"1","function":{"name":"f"}} {"id":"2"}]}]})") ==
        "json_invalid: invalid character '{' after array element");
  CHECK(native(with(R"(,"response_format":{"type":"json_schema" "json_schema":{}})")) == "json_invalid: invalid character '\"' after object key:value pair");
}

TEST_CASE("what cannot be honoured is refused by name") {
  CHECK(native(with(R"(,"n":2)")) == "unsupported_member: n is 2: a node answers once, send n 1 or leave it out");
  CHECK(native(with(R"(,"n":1)")).is_object());
  CHECK(native(with(R"(,"modalities":["text","audio"])")).get<std::string>().starts_with("unsupported_member: modalities"));
  CHECK(native(with(R"(,"audio":{"voice":"x"})")).get<std::string>().starts_with("unsupported_member: audio"));
  CHECK(native(with(R"(,"reasoning_effort":"huge")")).get<std::string>().starts_with("unsupported_member: reasoning_effort is \"huge\""));
  const auto remote = test::transcript("v1chat-image-url-remote");
  CHECK(native(remote["request"]["body"].get<std::string>()) ==
        "unsupported_member: " + Json::parse(test::reply_text(remote))["error"]["message"].get<std::string>());
  const auto number = test::transcript("error-v1chat-content-number");
  CHECK(native(number["request"]["body"].get<std::string>()) ==
        "unsupported_member: " + Json::parse(test::reply_text(number))["error"]["message"].get<std::string>());
  CHECK(native(R"({"model":"c","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}]})").get<std::string>().find("\"input_audio\"") != std::string::npos);
  CHECK(native(R"({"model":"c","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/gif;base64,x"}}]}]})") == "unsupported_member: invalid image input");
}

TEST_CASE("usage is wanted when stream_options says so") {
  for (const auto& [more, wanted] : {std::pair{R"(,"stream_options":{"include_usage":true})", true}, std::pair{R"(,"stream_options":{"include_usage":false})", false},
                                     std::pair{R"(,"stream_options":null)", false}, std::pair{"", false}}) {
    const Body body(with(more));
    CHECK(openai_chat::include_usage(body, *read_members(body, Kind::chat_completions)) == wanted);
  }
}

TEST_CASE("a long content stays a view of the client's body") {
  const std::string content(1 << 20, 'x');
  const Body body(R"({"model":"c","messages":[{"role":"user","content":")" + content + "\"}]}");
  const auto pieces = translated(body);
  std::size_t owned = 0;
  for (const auto& text : pieces->owned) owned += text.size();
  CHECK(owned < 400);
  CHECK(Json::parse(pieces->joined())["messages"][0]["content"] == content);
}

}  // namespace openai_request_test
