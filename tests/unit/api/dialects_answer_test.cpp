// Every dialect's answers beside those of Ollama's own shims, recorded for the same script of the engine: member by member, event by event.
#include "api/dialects/translation.hpp"
#include "recorded_answer.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>

namespace dialects_answer_test {

using namespace rr;
using namespace rr::api;

namespace {

using Plain = nlohmann::json;  // members in any order

struct Spoken {
  std::string event;
  Plain data;
  bool operator==(const Spoken&) const = default;
};

std::vector<Spoken> events(const std::string& sse) {
  std::vector<Spoken> out;
  for (std::size_t at = 0; at < sse.size();) {
    const auto end = sse.find("\n\n", at);
    REQUIRE(end != sse.npos);
    auto text = sse.substr(at, end - at);
    at = end + 2;
    Spoken one;
    if (text.starts_with("event: ")) {
      one.event = text.substr(7, text.find('\n') - 7);
      text.erase(0, text.find('\n') + 1);
    }
    REQUIRE(text.starts_with("data: "));
    text.erase(0, 6);
    one.data = text == "[DONE]" ? Plain("[DONE]") : Plain::parse(text);
    if (!one.event.empty()) CHECK(one.data["type"] == one.event);
    out.push_back(std::move(one));
  }
  return out;
}

// What may differ in an answer that is otherwise equal, and why.
const std::vector<std::pair<std::string, std::string>> everywhere{
    {"id, item_id, call_id", "unique here; one of 999, or a million, or of the engine's run there"},
    {"created, created_at, completed_at", "the time of the recording"},
    {"message_start's input_tokens", "an estimate on both sides, learnt from the model here"},
    {"stop_sequence, and stop_reason in message_start", "null as in Anthropic's API, absent there"},
    {"signature of a thinking block", "an empty text, because SDKs ask for the member; absent there"},
    {"content or output of an empty answer", "an empty list, as SDKs read it; null there"},
    {"tools in a response", "as they were sent; sorted and with strict: null there"},
    {"order of a rendered tool call's arguments", "random in each run: a Go map"},
    {"reasoning in the events of a response", "as it was sent; with summary: null there, though not in a whole response"},
    {"usage of messages-image, responses-image, messages-tool-result", "their native recordings were asked in another way: other counts"}};

// Answers that differ as a whole.
const std::map<std::string, std::string> on_purpose{
    {"responses-length", "an answer cut by the limit is incomplete, as in OpenAI's API"},
    {"responses-length-stream", "the same, and the event is response.incomplete"},
    {"responses-think-only", "cut by the limit as well"},
    {"responses-think-only-stream", "cut by the limit as well"},
    {"responses-tool-several", "a message before tool calls is kept; it is lost there"},
    {"responses-parser", "the same"},
    {"responses-parser-stream", "the same"},
    {"responses-tool-several-stream", "a message before tool calls is closed, counted and kept; it is left open and lost there"}};

Plain same_arguments(const Plain& text) {
  const auto json = Plain::parse(text.get<std::string>(), nullptr, false);
  return json.is_object() ? json : text;
}

void level(Plain& json, const std::string& name) {
  if (json.is_array()) {
    for (auto& element : json) level(element, name);
    return;
  }
  if (!json.is_object()) return;
  for (const char* id : {"id", "item_id", "call_id"})
    if (json.contains(id)) json[id] = "an id";
  for (const char* time : {"created", "created_at", "completed_at"})
    if (json.contains(time) && json[time].is_number()) json[time] = 1;
  if (json.value("type", "") == "message_start") {
    json["message"]["usage"]["input_tokens"] = 1;
    json["message"].erase("stop_reason");
  }
  json.erase("stop_sequence");
  if (json.value("type", "") == "thinking") json.erase("signature");
  for (const char* list : {"content", "output"})
    if (json.contains(list) && json[list].is_null()) json[list] = Plain::array();
  for (const char* text : {"partial_json", "arguments"})
    if (json.contains(text) && json[text].is_string()) json[text] = same_arguments(json[text]);
  if (json.contains("delta") && json["delta"].is_string() && json.value("type", "").find("arguments") != std::string::npos)
    json["delta"] = same_arguments(json["delta"]);
  if (json.contains("tools") && json["tools"].is_array())
    for (auto& tool : json["tools"]) tool["strict"] = nullptr;
  if ((name.ends_with("-image") || name.starts_with("messages-tool-result")) && json.contains("usage")) json.erase("usage");
  if (json.contains("reasoning") && json["reasoning"].is_object()) json["reasoning"].erase("summary");
  for (auto& [key, value] : json.items())
    if (key != "tools") level(value, name);
}

struct Count { int equal = 0, differ = 0; };

void compare(const std::string& name, Count& count) {
  auto recorded = test::transcript(name);
  if (!recorded.contains("native") || recorded["native"].is_null()) return;
  CAPTURE(name);
  const auto text = recorded["request"]["body"].get<std::string>();
  const auto where = route(test::head("POST", recorded["request"]["target"]));
  REQUIRE(where.has_value());
  const test::Body body(text);
  const auto members = read_members(body, where->kind);
  REQUIRE(members.has_value());
  const auto ours = translation(where->kind, *members, {.unique = "7-1", .created = 1, .model = *members->model, .tokens = 5});
  REQUIRE(ours != nullptr);
  CHECK(ours->path() == recorded["native"]["request"]["target"].get<std::string>());
  const auto& pieces = recorded["native"]["reply"]["pieces"];
  const auto theirs = test::reply_text(recorded);
  bool same = true;
  if (members->stream.value_or(false)) {
    std::string out;
    for (const auto& piece : pieces) ours->take(piece[1].get<std::string>(), out);
    ours->finish(out);
    auto a = events(out), b = events(theirs);
    for (auto* list : {&a, &b})
      for (auto& one : *list) level(one.data, name);
    same = a == b;
    if (!same && !on_purpose.count(name))
      for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
        CHECK((i < a.size() ? a[i].data.dump() : "none") == (i < b.size() ? b[i].data.dump() : "none"));
  } else {
    const auto whole = ours->whole(test::put_together(pieces));
    REQUIRE(whole.has_value());
    CHECK(whole->back() == '\n');
    auto a = Plain::parse(*whole), b = Plain::parse(theirs);
    level(a, name);
    level(b, name);
    same = a == b;
    if (!on_purpose.count(name)) CHECK(a.dump() == b.dump());
  }
  CHECK(same == (on_purpose.count(name) == 0));
  ++(same ? count.equal : count.differ);
}

}  // namespace

TEST_CASE("every recorded answer of Ollama's other routes of OpenAI and Anthropic is rendered alike from the native answer of the same script") {
  std::map<std::string, Count> counts;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(RR_SOURCE_DIR) + "/tests/conformance/transcripts/0.33.0-rc2")) {
    const auto name = entry.path().stem().string();
    for (const char* dialect : {"messages-", "responses-", "completions-", "v1embed-"})
      if (name.starts_with(dialect)) compare(name, counts[dialect]);
  }
  int equal = 0, differ = 0;
  for (const auto& [dialect, count] : counts) {
    MESSAGE(dialect << " " << count.equal << " of " << count.equal + count.differ << " equal, " << count.differ << " differ on purpose");
    equal += count.equal, differ += count.differ;
  }
  MESSAGE(equal << " of " << equal + differ << " equal, " << differ << " differ on purpose");
  for (const auto& [name, why] : on_purpose) MESSAGE(name << ": " << why);
  for (const auto& [what, why] : everywhere) MESSAGE(what << ": " << why);
  CHECK(differ == static_cast<int>(on_purpose.size()));
  CHECK(counts["messages-"].equal >= 30);
  CHECK(counts["responses-"].equal >= 28);
  CHECK(counts["completions-"].equal >= 7);
  CHECK(counts["v1embed-"].equal >= 3);
}

}  // namespace dialects_answer_test
