// The translator's answers beside those of Ollama's own shim, recorded for the same script of the engine.
#include "api/dialects/openai_chat.hpp"
#include "recorded_answer.hpp"

#include <doctest/doctest.h>

#include <filesystem>

namespace openai_answer_test {

using namespace rr;
using namespace rr::api;

namespace {

// Where an answer of ours may differ from the recorded one, and why.
const std::vector<std::pair<std::string, std::string>> on_purpose{
    {"id", "unique here, one of 999 numbers there"},
    {"created", "the time of the recording"},
    {"tool call id", "random, or counted, in each run of the engine"},
    {"usage of v1chat-image", "its native recording has text and image in one message, one token less"},
    {"order of a rendered tool call's arguments", "random in each run: a Go map (v1chat-tool-rendered)"}};

// What differs from run to run of the recorded server is set to one value.
void level(Json& object, bool any_order) {
  object["id"] = "chatcmpl-1";
  object["created"] = 1;
  for (auto& choice : object["choices"])
    for (const char* part : {"delta", "message"})
      if (choice.contains(part) && choice[part].contains("tool_calls"))
        for (auto& call : choice[part]["tool_calls"]) {
          call["id"] = "call_1";
          if (any_order) call["function"]["arguments"] = nlohmann::json::parse(call["function"]["arguments"].get<std::string>()).dump();
        }
}

std::vector<std::string> events(const std::string& sse, bool any_order = false) {  // "data" of each, levelled
  std::vector<std::string> out;
  for (std::size_t at = 0; at < sse.size();) {
    const auto end = sse.find("\n\n", at);
    REQUIRE(end != sse.npos);
    auto data = sse.substr(at, end - at);
    REQUIRE(data.starts_with("data: "));
    data.erase(0, 6);
    if (data != "[DONE]") {
      auto json = Json::parse(data);
      level(json, any_order);
      data = json.dump();
    }
    out.push_back(data);
    at = end + 2;
  }
  return out;
}

}  // namespace

TEST_CASE("every recorded answer of Ollama's OpenAI route is rendered alike from the native answer of the same script") {
  int compared = 0, equal = 0;
  std::vector<std::string> differing;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(RR_SOURCE_DIR) + "/tests/conformance/transcripts/0.33.0-rc2")) {
    const auto name = entry.path().stem().string();
    if (!name.starts_with("v1chat-")) continue;
    auto recorded = test::transcript(name);
    if (!recorded.contains("native")) continue;
    CAPTURE(name);
    const auto& pieces = recorded["native"]["reply"]["pieces"];
    const auto request = Json::parse(recorded["request"]["body"].get<std::string>());
    const auto theirs = test::reply_text(recorded);
    const openai_chat::Shape shape{.id = "chatcmpl-1", .created = 1, .model = request["model"],
                                   .include_usage = request.contains("stream_options")};
    const bool any_order = name.starts_with("v1chat-tool-rendered");
    ++compared;
    bool same = true;
    if (request.value("stream", false)) {
      openai_chat::Stream stream(shape);
      std::string out;
      for (const auto& piece : pieces) stream.take(piece[1].get<std::string>(), out);
      stream.finish(out);
      same = events(out, any_order) == events(theirs, any_order);
      CHECK(same);
    } else {
      const auto whole = openai_chat::whole(test::put_together(pieces), shape);
      REQUIRE(whole.has_value());
      auto ours = Json::parse(*whole), other = Json::parse(theirs);
      level(ours, any_order);
      level(other, any_order);
      if (name == "v1chat-image") other["usage"] = ours["usage"];
      same = ours.dump() == other.dump();
      CHECK(ours.dump() == other.dump());
      CHECK(whole->back() == '\n');
    }
    equal += same;
  }
  MESSAGE(equal << " of " << compared << " equal, " << on_purpose.size() << " things may differ on purpose");
  for (const auto& [what, why] : on_purpose) MESSAGE(what << ": " << why);
  CHECK(equal == compared);
  CHECK(compared >= 60);
}

TEST_CASE("the bytes of a chunk are those of the shim but for id and date") {
  const auto recorded = test::transcript("v1chat-escapes-stream");
  openai_chat::Stream stream({.id = "chatcmpl-672", .created = 1795170000, .model = "router-s:8b"});
  std::string out;
  for (const auto& piece : recorded["native"]["reply"]["pieces"]) stream.take(piece[1].get<std::string>(), out);
  stream.finish(out);
  CHECK(out == test::reply_text(recorded));
}

TEST_CASE("lines may come one by one or many at once") {
  const auto recorded = test::transcript("v1chat-think-tool-stream-usage");
  std::string all, one_by_one, at_once;
  openai_chat::Stream first({.id = "i", .model = "m", .include_usage = true}), second({.id = "i", .model = "m", .include_usage = true});
  for (const auto& piece : recorded["native"]["reply"]["pieces"]) {
    first.take(piece[1].get<std::string>(), one_by_one);
    all += piece[1].get<std::string>();
  }
  auto moved = std::move(second);
  moved.take(all, at_once);
  CHECK(one_by_one == at_once);
}

TEST_CASE("an answer that is not whole is a node failure, and an error line is no chunk") {
  for (const char* name : {"engine-eof-mid-chat"}) {
    const auto whole = openai_chat::whole(test::reply_text(test::transcript(name)), {.id = "i", .model = "m"});
    REQUIRE_FALSE(whole.has_value());
    CHECK(whole.error().code == "node_not_whole");
    CHECK(whole.error().status == 502);
    CHECK(whole.error().side == Side::node);
  }
  CHECK_FALSE(openai_chat::whole("", {}).has_value());
  CHECK_FALSE(openai_chat::whole(R"({"error":"x"})", {}).has_value());
  openai_chat::Stream stream({.id = "i", .model = "m"});
  std::string out;
  stream.take("{\"error\":\"x\"}\n\nnonsense\n", out);
  CHECK(out.empty());
}

TEST_CASE("thinking together with text makes two chunks, and a last line may hold text") {
  openai_chat::Stream stream({.id = "i", .model = "m"});
  std::string out;
  stream.take(R"({"message":{"role":"assistant","content":"a","thinking":"t"},"done":true,"done_reason":"stop"})", out);
  const auto list = events(out);
  REQUIRE(list.size() == 3);
  CHECK(Json::parse(list[0])["choices"][0]["delta"] == Json{{"role", "assistant"}, {"content", ""}, {"reasoning", "t"}});
  CHECK(Json::parse(list[1])["choices"][0]["delta"] == Json{{"content", "a"}});
  CHECK(Json::parse(list[2])["choices"][0]["finish_reason"] == "stop");
}

TEST_CASE("a tool call without an id gets one, two get two") {
  openai_chat::Stream stream({.id = "chatcmpl-9", .model = "m"});
  std::string out;
  stream.take(R"({"message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{}}},{"function":{"name":"g","arguments":{"a":1}}}]},"done":false})", out);
  const auto calls = Json::parse(out.substr(6))["choices"][0]["delta"]["tool_calls"];
  REQUIRE(calls.size() == 2);
  CHECK(calls[0]["id"] != calls[1]["id"]);
  CHECK(calls[1]["index"] == 1);
  CHECK(calls[1]["function"]["arguments"] == "{\"a\":1}");
}

TEST_CASE("counts beyond all numbers are summed as the shim sums them, and overflow nothing") {
  std::string out;
  openai_chat::Stream stream({.id = "chatcmpl-1", .model = "coder", .include_usage = true});
  stream.take("{\"model\":\"m\",\"message\":{\"content\":\"a\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":9223372036854775807,"
              "\"eval_count\":4}\n",
              out);
  CHECK(out.find("\"total_tokens\":-9223372036854775805}") != out.npos);
}

}  // namespace openai_answer_test
