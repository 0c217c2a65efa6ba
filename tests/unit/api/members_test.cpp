#include "api/go_words.hpp"
#include "api/json_scan.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace members_test {

using namespace rr;
using namespace rr::api;
using test::Body;

namespace {

std::string refused(std::string_view text, bool openai = false) {
  const Body body(text);
  const auto members = read_members(body, openai ? Kind::chat_completions : Kind::chat);
  return members ? "accepted" : members.error().code + ": " + members.error().sentence;
}

}  // namespace

TEST_CASE("the members that rules name are read, and their spans are their text in the body") {
  const Body body(R"(  {"a":[1,{"b":"]}"}], "model" : "coder" ,"stream":false,"keep_alive":"5m","options" :{ "seed":1,"num_ctx": 8192 ,"stop":["}"]},
    "user":"role:coder","metadata":{"x":{},"role":"tester"},"messages":[{"role":"system","content":"be \"brief\""},
    {"role":"user","content":"caf\u00e9 \ud83d\ude00"},{"content":"second","role":"user"}],"tools":[{}],"big":123456789012345678901234567890})");
  const auto found = read_members(body);
  REQUIRE(found.has_value());
  const auto& m = *found;
  const auto text = [&](std::string_view name) { return std::string(m.value(name).in(body)); };
  CHECK(*m.model == "coder");
  CHECK(text("model") == "\"coder\"");
  CHECK(text("metadata") == R"({"x":{},"role":"tester"})");
  CHECK(text("tools") == "[{}]");
  CHECK(text("messages").ends_with(R"({"content":"second","role":"user"}])"));
  CHECK(m.find("model")->key.in(body) == "\"model\"");
  CHECK(m.all.size() == 8);
  CHECK(*m.stream == false);
  CHECK(*m.keep_alive == "\"5m\"");
  CHECK(*m.num_ctx == 8192);
  CHECK(m.num_ctx_value.in(body) == "8192");
  CHECK(m.options.in(body) == R"({ "seed":1,"num_ctx": 8192 ,"stop":["}"]})");
  CHECK_FALSE(m.options_empty);
  CHECK(*m.user == "role:coder");
  CHECK(*m.metadata_role == "tester");
  CHECK(m.messages == 3);
  CHECK(*m.first_user == "café 😀");
  CHECK(m.tools);
  CHECK_FALSE(m.images);
  CHECK(std::string_view(body)[m.open] == '{');
  CHECK(std::string_view(body)[m.close] == '}');
}

TEST_CASE("null counts as absent, an empty list is not an absent one") {
  const Body body(R"({"model":null,"stream":null,"keep_alive":null,"options":null,"messages":[],"tools":[ ],"user":null,"metadata":null})");
  const auto m = read_members(body);
  REQUIRE(m.has_value());
  CHECK_FALSE(m->model);
  CHECK_FALSE(m->stream);
  CHECK_FALSE(m->keep_alive);
  CHECK(m->options.in(body) == "null");
  CHECK(m->messages_present);
  CHECK(m->messages == 0);
  CHECK_FALSE(m->tools);
}

TEST_CASE("images are noticed wherever they may stand and do not count as text") {
  const std::string data(100'000, 'A');
  for (const std::string& text : std::vector<std::string>{R"({"prompt":"x","images":[")" + data + "\"]}",
                           R"({"messages":[{"role":"user","content":"x","images":[")" + data + "\"]}]}",
                           R"({"messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"data:image/png;base64,)" + data + "\"}}]}]}"}) {
    const Body body(text);
    const auto m = read_members(body);
    REQUIRE(m.has_value());
    CHECK(m->images);
    CHECK(m->text_bytes < 100);
    CHECK(*m->first_user == "x");
  }
}

TEST_CASE("a named member may stand once, in its own spelling") {
  CHECK(refused(R"({"model":"a","MODEL":"b"})") == "json_member: member \"MODEL\" would be read as \"model\": spell it so");
  CHECK(refused(R"({"model":"a","model":"b"})") == "json_member: member \"model\" is there twice: send it once");
  CHECK(refused("{\"\xE2\x84\xAA" "eep_alive\":-1}") == "json_member: member \"\xE2\x84\xAA" "eep_alive\" would be read as \"keep_alive\": spell it so");
  CHECK(refused("{\"\xC5\xBFtream\":false}").find("\"stream\"") != std::string::npos);
  CHECK(refused(R"({"\u017ftream":false})").find("\"stream\"") != std::string::npos);
  CHECK(refused(R"({"model":"a","\u006dodel":"b"})") == "json_member: member \"model\" is there twice: send it once");
  CHECK(refused(R"({"options":{"num_ctx":1},"options":{"num_gpu":2}})") == "json_member: member \"options\" is there twice: send it once");
  CHECK(refused(R"({"options":{"num_ctx":1,"num_ctx":2}})") == "json_member: member \"options.num_ctx\" is there twice: send it once");
  CHECK(refused(R"({"options":{"num_ctx":1,"NUM_CTX":2,"seed":1,"seed":2}})") == "accepted");  // exact case there; seed is not named
  CHECK(refused(R"({"unnamed":1,"unnamed":2,"UNNAMED":3})") == "accepted");
  CHECK(refused(R"({"max_tokens":1,"max_tokens":2})", true) == "json_member: member \"max_tokens\" is there twice: send it once");
  for (const char* name : {"chat-key-case", "chat-key-duplicate-case", "chat-key-duplicate-messages", "chat-key-duplicate", "v1chat-key-case"}) {
    CAPTURE(name);  // what Ollama takes by guessing is refused here
    CHECK(refused(test::transcript(name)["request"]["body"].get<std::string>()).starts_with("json_member: "));
  }
}

TEST_CASE("nesting ends at 128 levels, outside strings only") {
  const auto nested = [](int levels) {
    return "{\"x\":" + std::string(static_cast<std::size_t>(levels), '[') + std::string(static_cast<std::size_t>(levels), ']') + "}";
  };
  CHECK(refused(nested(127)) == "accepted");
  CHECK(refused(nested(128)).starts_with("json_member: the body nests deeper than 128"));
  CHECK(refused(std::string(5'000'000, '[')).starts_with("json_member: "));
  CHECK(refused("{\"x\":\"" + std::string(100'000, '[') + "\"}") == "accepted");
  CHECK(refused("{\"x\":\"" + std::string(99'999, '\\') + "\"" + std::string(1000, '[') + "\"}") == "accepted");
}

TEST_CASE("a body that Ollama cannot read is refused with Ollama's words") {
  int compared = 0;
  for (const std::string route_name : {"chat", "generate", "embed", "embeddings", "v1chat", "completions", "v1embed", "responses", "messages"}) {
    for (const std::string fault : {"empty-body", "bad-json", "array-body", "model-number", "messages-type"}) {
      const std::string path = "tests/conformance/transcripts/0.33.0-rc2/error-" + route_name + "-" + fault + ".json";
      if (test::file(path).empty()) continue;
      const auto recorded = Json::parse(test::file(path));
      CAPTURE(path);
      const auto where = route(test::head("POST", recorded["request"]["target"]));
      const Body body(recorded["request"]["body"].get<std::string>());
      const auto members = read_members(body, where->kind);
      REQUIRE_FALSE(members.has_value());
      const auto said = Json::parse(test::reply_text(recorded))["error"];
      CHECK(members.error().sentence == (said.is_object() ? said["message"] : said).get<std::string>());
      CHECK(members.error().status == recorded["reply"]["status"]);
      CHECK(members.error().ollama_text);
      ++compared;
    }
  }
  CHECK(compared >= 24);
  CHECK(refused(test::transcript("chat-bom")["request"]["body"].get<std::string>()) == "json_invalid: invalid character 'ï' looking for beginning of value");
  CHECK(refused("\x1f\x8b") == "json_invalid: invalid character '\\x1f' looking for beginning of value");
  CHECK(refused("  \n") == "json_invalid: missing request body");
  CHECK(refused(R"({"model":"a" "b"})") == "json_invalid: invalid character '\"' after object key:value pair");
  CHECK(refused(R"({"model" "b"})") == "json_invalid: invalid character '\"' after object key");
  CHECK(refused(R"({model:1})") == "json_invalid: invalid character 'm' looking for beginning of object key string");
  CHECK(refused("{\"model\":\"\xff\"}") == "json_invalid: the body is not UTF-8 text: send JSON in UTF-8");
}

TEST_CASE("bytes after the first value are ignored, as Ollama does") {
  const Body body(test::transcript("chat-trailing-bytes")["request"]["body"].get<std::string>());
  const auto m = read_members(body);
  REQUIRE(m.has_value());
  CHECK(*m->model == "router-s:8b");
  CHECK(m->close < std::string_view(body).size() - 10);
  CHECK(refused(R"({"model":"a"} "unclosed [[[[)") == "accepted");
}

TEST_CASE("Go's words for faults in the middle") {
  CHECK(go_syntax_error("{\"a\":tru}") == "invalid character '}' in literal true (expecting 'e')");
  CHECK(go_syntax_error("{\"a\":01}") == "invalid character '1' after object key:value pair");
  CHECK(go_syntax_error("{\"a\":1.}") == "invalid character '}' after decimal point in numeric literal");
  CHECK(go_syntax_error("{\"a\":\"\n\"}") == "invalid character '\\n' in string literal");
  CHECK(go_syntax_error("{\"a\":\"\\x\"}") == "invalid character 'x' in string escape code");
  CHECK(go_syntax_error("[1 2]") == "invalid character '2' after array element");
  CHECK(go_syntax_error("{\"a\":") == "unexpected EOF");
  CHECK(go_syntax_error("{\"a\":[1,2.5e3,-0,true,null,{}]} x") == "");
}

TEST_CASE("Hangul is counted by syllable, written out or escaped") {
  CHECK(hangul_bytes("\"설계자 hello\"") == 9);
  CHECK(hangul_bytes(R"("\uc124\uACC4\u00e9")") == 6);
  CHECK(hangul_bytes(std::string(1000, 'x')) == 0);
}

TEST_CASE("every cut of a body is refused or read, never more than the body") {
  const std::string whole = R"({"model":"coder","options":{"num_ctx":1},"messages":[{"role":"user","content":"a\"b\\"}],"stream":true})";
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CAPTURE(n);
    CHECK(refused(whole.substr(0, n)).starts_with("json_invalid: "));
  }
  CHECK(refused(whole) == "accepted");
}

TEST_CASE("a value that is replaced must have been JSON: the router makes no bad body good") {
  for (const std::string value : {"1_000", "1e", "5x5", "nul", "nullx", "True", "01", "1.", ".5", "+1", "NaN", "Infinity", "/**/null", "\"\\x41\"", "\"\\u12\""}) {
    CAPTURE(value);
    CHECK(refused(R"({"model":"coder","keep_alive":)" + value + "}").starts_with("json_invalid: invalid character"));
    CHECK(refused(R"({"model":)" + value + "}") != "accepted");
    CHECK(refused(R"({"model":"coder","options":{"use_mmap":)" + value + "}}").starts_with("json_invalid: invalid character"));
  }
  CHECK(refused(R"({"model":"coder","options":{"use_mmap":-1e400}})") == "json_invalid: option \"use_mmap\" must be of type boolean");
  CHECK(refused(R"({"keep_alive":-0.5e+2,"model":"coder"})") == "accepted");
  CHECK(refused(R"({"model":"\ud800"})") == "json_invalid: member \"model\" holds half a character (a lone \\ud800 to \\udfff): send UTF-8");
  CHECK(refused(R"({"model":"\ud83d\ude00"})") == "accepted");
}

TEST_CASE("brackets that do not match never lead out of the body") {
  for (const std::string body : {"{\"messages\":[},}", "{\"messages\":[},},", "{\"messages\":[},}{\"role\":1}]", "{\"messages\":[{\"content\":[},}]}", "{\"messages\":[{]}}", "{\"metadata\":{],]"}) {
    CAPTURE(body);
    CHECK(refused(body).starts_with("json_invalid: invalid character"));
    CHECK(refused(body, true).starts_with("json_invalid: invalid character"));
  }
  CHECK(refused("{\"options\":{]}").starts_with("json_invalid: invalid character"));
}

TEST_CASE("what the other dialects say is heard: who speaks, the text for the estimate, images, tools") {
  const auto read = [](Kind kind, const Body& body) {
    auto members = read_members(body, kind);
    REQUIRE(members.has_value());
    return *members;
  };
  const auto said = [](const Members& m, const std::vector<Span>& spans) {
    std::string out;
    for (const Span span : spans) out += span.in(m.body);
    return out;
  };
  const Body anthropic(R"({"model":"c","max_tokens":5,"tools":[{"name":"f"}],"messages":[{"role":"user","content":[{"type":"text","text":"fix "},{"type":"text","text":"it"},
    {"type":"image","source":{"type":"base64","data":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}]},
    {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":"long argument"}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"a result"}]},{"type":"text","text":"and then?"}]}],
    "system":[{"type":"text","text":"You write code."}],"metadata":{"user_id":"role:tester"}})");
  const auto a = read(Kind::messages, anthropic);
  CHECK(*a.first_user == "fix it");
  CHECK(said(a, a.system_said) == "\"You write code.\"");
  CHECK(said(a, a.first_said) == "\"fix \"\"it\"");
  CHECK(said(a, a.last_said) == "\"and then?\"");
  CHECK(a.images);
  CHECK(a.tools);
  CHECK(a.messages == 3);
  CHECK(a.message_at.size() == 3);
  CHECK(*a.user == "role:tester");
  CHECK(a.text_bytes > 80);
  CHECK(a.text_bytes < 170);  // without the image
  const Body image_in_result(R"({"model":"c","max_tokens":5,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"data":"A"}}]}]}]})");
  CHECK(read(Kind::messages, image_in_result).images);
  CHECK_FALSE(read(Kind::messages, image_in_result).first_user);

  const Body responses(R"({"model":"c","instructions":"Be brief.","input":[{"role":"developer","content":"Rules."},{"type":"message","role":"user","content":[{"type":"input_text","text":"go on"},
    {"type":"input_image","image_url":"data:image/png;base64,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]},
    {"type":"reasoning","encrypted_content":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","summary":[{"type":"summary_text","text":"hm"}]},
    {"type":"function_call","call_id":"1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"1","output":"done"}]})");
  const auto r = read(Kind::responses, responses);
  CHECK(*r.first_user == "go on");
  CHECK(said(r, r.system_said) == "\"Be brief.\"\"Rules.\"");
  CHECK(r.images);
  CHECK(r.messages == 5);
  CHECK(r.text_bytes > 30);
  CHECK(r.text_bytes < 90);
  CHECK_FALSE(r.input_empty);
  const Body text(R"({"model":"c","input":"write a test"})");
  CHECK(*read(Kind::responses, text).first_user == "write a test");
  CHECK(said(read(Kind::responses, text), read(Kind::responses, text).first_said) == "\"write a test\"");

  CHECK(read(Kind::completions, Body(R"({"model":"c","prompt":["a b"]})")).text_bytes == 7);
  CHECK_FALSE(read(Kind::completions, Body(R"({"model":"c","prompt":["a b"]})")).prompt_empty);
  CHECK(read(Kind::completions, Body(R"({"model":"c","prompt":[]})")).prompt_empty);
  CHECK(read(Kind::v1_embeddings, Body(R"({"model":"c","input":["a","b"]})")).text_bytes == 9);
}

TEST_CASE("each route names its own members, and doubled ones are refused on every one of them") {
  for (const auto& [kind, name] : std::vector<std::pair<Kind, std::string>>{{Kind::messages, "system"}, {Kind::messages, "max_tokens"}, {Kind::responses, "input"},
           {Kind::responses, "previous_response_id"}, {Kind::completions, "prompt"}, {Kind::v1_embeddings, "encoding_format"}, {Kind::chat_completions, "input"}}) {
    CAPTURE(name);
    const Body twice("{\"" + name + "\":null,\"" + name + "\":null}");
    CHECK(read_members(twice, kind).error().code == "json_member");
    auto capital = name;
    capital[0] = static_cast<char>(capital[0] - 32);
    const Body folded("{\"" + capital + "\":null}");
    CHECK(read_members(folded, kind).error().sentence == "member \"" + capital + "\" would be read as \"" + name + "\": spell it so");
  }
  CHECK(read_members(Body(R"({"Betas":1,"betas":2,"betas":3})"), Kind::messages).has_value());
}

}  // namespace members_test
