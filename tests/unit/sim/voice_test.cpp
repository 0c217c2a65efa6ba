#include "sim/schema.hpp"
#include "sim/voice.hpp"

#include <doctest/doctest.h>

namespace voice_test {

using namespace rr;
using namespace rr::sim;
using namespace std::chrono_literals;

namespace {

ModelSpec model(std::vector<std::string> capabilities = {"completion", "tools"}) {
  ModelSpec m;
  m.name = "m:1b";
  m.capabilities = std::move(capabilities);
  m.rendering = Rendering::ollama;
  return m;
}

Answer hear(const std::string& body, const ModelSpec& m = model()) {
  const Decoded d = decode(Route::chat, body);
  REQUIRE(d.error == "");
  return speak(d.asked, read_options(d.asked).sampling, m);
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string out;
  for (auto& p : pieces) out += p;
  return out;
}

std::string user(const std::string& text, const std::string& more = "") {
  return "{\"model\":\"m:1b\",\"messages\":[{\"role\":\"user\",\"content\":" + Json(text).dump() + "}]" + more + "}";
}

std::string selector(const std::string& allowed, const std::string& transcript) {
  return "You are in a role play game. The following roles are available:\narchitect: Designs the system.\ncoder: Writes the code.\ntester: "
         "Tests the code..\nRead the following conversation. Then select the next role from " + allowed +
         " to play. Only return the role.\n\nuser: Build a rate limiter.\n\n" + transcript +
         "\n\nRead the above conversation. Then select the next role from " + allowed + " to play. Only return the role.\n";
}

const std::string weather = R"(,"tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":
  {"city":{"type":"string"},"unit":{"enum":["c","f"]}},"required":["city","unit"]}}}])";

}  // namespace

TEST_CASE("a selector prompt is answered with one of its names: design first, then code and test in turns") {
  const std::string all = "['architect', 'coder', 'tester']";
  CHECK(hear(user(selector(all, ""))).pieces == std::vector<std::string>{"architect"});
  CHECK(*select_name(selector("['coder', 'tester']", "\narchitect: A plan.\n")) == "coder");
  CHECK(*select_name(selector("['architect', 'tester']", "\narchitect: A plan.\n\ncoder: Code.\n")) == "tester");
  CHECK(*select_name(selector("['architect', 'coder']", "\ncoder: Code.\n\ntester: One fails.\n")) == "coder");
  CHECK(*select_name(selector("['coder', 'tester']", "")) == "coder");
  CHECK_FALSE(select_name("Tell me about roles in a team.").has_value());
  CHECK(hear(user(selector(all, ""))).role == "router");
}

TEST_CASE("the text depends on prompt, role and seed, and on nothing else") {
  const std::string coder = R"({"model":"m:1b","messages":[{"role":"system","content":"You are a coder."},{"role":"user","content":"A queue"}]})";
  const std::string tester = R"({"model":"m:1b","messages":[{"role":"system","content":"You are a tester."},{"role":"user","content":"A queue"}]})";
  CHECK(hear(coder).role == "coder");
  CHECK(joined(hear(coder).pieces) == joined(hear(coder).pieces));
  CHECK(joined(hear(coder).pieces) != joined(hear(tester).pieces));
  CHECK(role_of("You are a coder. Implement what the architect designs.") == "coder");
  int different = 0;
  for (int seed = 1; seed < 9; ++seed) {
    different += joined(hear(user("A queue", ",\"options\":{\"seed\":" + std::to_string(seed) + "}")).pieces) != joined(hear(user("A queue")).pieces);
  }
  CHECK(different > 0);
}

TEST_CASE("a tool that is offered and asked for is called with valid arguments; its result is answered in words") {
  const Answer named = hear(user("What does get_weather say?", weather));
  REQUIRE(named.calls.size() == 1);
  CHECK(named.calls[0].name == "get_weather");
  CHECK(named.calls[0].arguments == R"({"city":"text","unit":"c"})");
  CHECK(named.pieces.empty());
  CHECK(hear(user("Please use a tool.", weather)).calls.size() == 1);
  CHECK(hear(user("Say hello.", weather)).calls.empty());
  CHECK(hear(user("Recall the user guide.", weather)).calls.empty());  // "use" and "call" are words, not letters
  const Answer after = hear(
      R"({"model":"m:1b","messages":[{"role":"user","content":"get_weather?"},{"role":"assistant","content":"","tool_calls":[]},{"role":"tool","content":"11"}])" +
      weather + "}");
  CHECK(after.calls.empty());
  CHECK_FALSE(after.pieces.empty());
}

TEST_CASE("format gives JSON: an object, or the smallest instance of the schema") {
  CHECK(Json::parse(joined(hear(user("x", R"(,"format":"json")")).pieces)).is_object());
  CHECK(joined(hear(user("[[say:words]]", R"(,"format":"")")).pieces) == "words");  // set, but to nothing
  const std::string schema =
      R"(,"format":{"type":"object","properties":{"role":{"enum":["coder","tester"]},"why":{"type":"string"}},"required":["role"]})";
  CHECK(joined(hear(user("x", schema)).pieces) == R"({"role":"coder"})");
}

TEST_CASE("num_predict and stop words end the answer where they say") {
  const Answer cut = hear(user("[[say:one two three]]", R"(,"options":{"num_predict":2})"));
  CHECK(cut.pieces == std::vector<std::string>{"one", " two"});
  CHECK(cut.done_reason == "length");
  CHECK(cut.eval_n == 2);
  const Answer stopped = hear(user("[[say:one two three]]", R"(,"options":{"stop":["thr"]})"));
  CHECK(joined(stopped.pieces) == "one two ");
  CHECK(stopped.done_reason == "stop");
}

TEST_CASE("directives in the user's text are followed") {
  CHECK(joined(hear(user("x [[say:PONG one two three.]]")).pieces) == "PONG one two three.");
  const Answer shaped = hear(user("[[say:a b]][[chunks:5]][[delay:50]]"));
  CHECK(shaped.pieces.size() == 5);
  CHECK(*shaped.pace == 50ms);
  const Answer tool = hear(user(R"([[tool:get_weather {"city":"Paris","days":[1,2]}]])", weather));
  REQUIRE(tool.calls.size() == 1);
  CHECK(tool.calls[0].arguments == R"({"city":"Paris","days":[1,2]})");
  CHECK(hear(user("[[fault:cut]] x")).directed_fault == "cut");
}

TEST_CASE("it concludes when it is asked to, and thinks when it can and may") {
  CHECK(joined(hear(user("Please conclude.")).pieces).find("TERMINATE") != std::string::npos);
  CHECK(joined(hear(user("Please go on.")).pieces).find("TERMINATE") == std::string::npos);
  const ModelSpec thinker = model({"completion", "thinking"});
  CHECK_FALSE(hear(user("Why?", R"(,"think":true)"), thinker).thinking.empty());
  CHECK(hear(user("Why?", R"(,"think":false)"), thinker).thinking.empty());
  CHECK(hear(user("Why?"), model()).thinking.empty());
}

TEST_CASE("the smallest instance obeys types, bounds, references and nesting") {
  auto of = [](const char* schema) { return minimal_instance(Json::parse(schema)).dump(); };
  CHECK(of(R"({"type":"integer","minimum":7})") == "7");
  CHECK(of(R"({"type":"integer","exclusiveMinimum":7})") == "8");
  CHECK(of(R"({"type":"number","maximum":0.5})") == "0.5");
  CHECK(of(R"({"type":["null","boolean"]})") == "true");
  CHECK(of(R"({"const":{"a":[1]}})") == R"({"a":[1]})");
  CHECK(of(R"({"type":"array","minItems":2,"items":{"type":"integer"}})") == "[1,1]");
  CHECK(of(R"({"type":"array","items":{"type":"integer"}})") == "[]");
  CHECK(of(R"({"anyOf":[{"type":"integer"},{"type":"null"}]})") == "1");
  CHECK(of(R"({"$ref":"#/$defs/P","$defs":{"P":{"type":"object","properties":{"n":{"$ref":"#/$defs/N"},"x":{}},"required":["n"]},"N":{"type":"string","minLength":6}}})") ==
        R"({"n":"text text"})");
  CHECK(of(R"({"allOf":[{"properties":{"a":{"type":"boolean"}},"required":["a"]},{"properties":{"b":{"type":"null"}},"required":["b"]}],"type":"object"})") ==
        R"({"a":true,"b":null})");
  CHECK(of(R"({"$ref":"#"})") == "null");  // refers to itself for ever
}

}  // namespace voice_test
