#include "api/prompt_text.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace prompt_text_test {

using namespace rr;
using namespace rr::api;

namespace {

struct Read {
  explicit Read(const std::string& text) : body(text), members(*read_members(body)), prompt(prompt_text(members)) {}
  test::Body body;
  Members members;
  PromptText prompt;
};

}  // namespace

TEST_CASE("system, first and last user message are found in every shape") {
  const Read chat(R"({"messages":[{"content":"A","role":"system"},{"role":"user","content":"one"},{"role":"assistant","content":"x"},
                     {"role":"developer","content":"B"},{"role":"user","content":"two"},{"role":"user","content":"three"}]})");
  CHECK(chat.prompt.system == "A\n\nB");
  CHECK(chat.prompt.first == "one");
  CHECK(chat.prompt.last == "three");
  const Read parts(R"({"messages":[{"role":"system","content":[{"type":"text","text":"A"},{"type":"text","text":"B"}]},
                      {"role":"user","content":[{"type":"image_url","image_url":{"url":"data:"}},{"type":"text","text":"one"}]}]})");
  CHECK(parts.prompt.system == "A\n\nB");
  CHECK(parts.prompt.first == "one");
  CHECK(parts.prompt.last == "");
  const Read generate(R"({"system":"S","prompt":"P"})");
  CHECK(generate.prompt.system == "S");
  CHECK(generate.prompt.first == "P");
  const Read anthropic(R"({"messages":[{"role":"user","content":"one"}],"system":[{"type":"text","text":"S"}]})");
  CHECK(anthropic.prompt.system == "S");
  const Read responses(R"({"input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"D"}]},
                          {"role":"user","content":"one"}]})");
  CHECK(responses.prompt.system == "D");
  CHECK(responses.prompt.first == "one");
}

TEST_CASE("the names of the tools, native, OpenAI's and Anthropic's") {
  const Read tools(R"({"tools":[{"type":"function","function":{"description":"name","name":"a"}},{"name":"b","input_schema":{}}]})");
  CHECK(tools.prompt.tools == std::vector<std::string>{"a", "b"});
  CHECK(Read(R"({"tools":null})").prompt.tools.empty());
  CHECK(Read(R"({"messages":[]})").prompt.tools.empty());
}

TEST_CASE("escapes mean what they mean, and what cannot be read is left out") {
  CHECK(beginning_of(R"("a\n\"b\"\\ \u00e9\ucf54\ub354\/")", 100) == "a\n\"b\"\\ é코더/");
  CHECK(beginning_of(R"("x\ud83d\ude00y")", 100) == "xy");
  CHECK(beginning_of("\"\"", 100) == "");
}

TEST_CASE("a cut never leaves half a character or half an escape") {
  const std::string korean = "\"코더\"";
  for (std::size_t most = 0; most < 8; ++most) {
    const auto text = beginning_of(korean, most);
    CHECK((text == "" || text == "코" || text == "코더"));
  }
  const std::string escaped = R"("ab\ucf54")";
  for (std::size_t most = 0; most < 9; ++most) {
    const auto text = beginning_of(escaped, most);
    CHECK((text == "ab코" || std::string("ab").starts_with(text)));
  }
}

TEST_CASE("however big a body is, a bounded number of its bytes is looked at, and the end of a user's text is one of them") {
  const std::string megabyte(1'000'000, 'x');
  std::string many;
  for (int i = 0; i < 1000; ++i) many += R"({"role":"system","content":")" + std::string(1000, 'y') + R"("},)";
  const Read big(R"({"messages":[)" + many + R"({"role":"user","content":")" + megabyte + R"( now review it"},{"role":"user","content":")" +
                 megabyte + R"( the end"}],"tools":[{"name":")" + megabyte + R"("}]})");
  CHECK(big.prompt.looked <= most_looked);
  CHECK(big.prompt.system.size() <= most_system + 32);
  CHECK(big.prompt.first.size() <= most_user + most_tail + 8);
  CHECK(big.prompt.first.ends_with("now review it"));
  CHECK(big.prompt.last.ends_with("the end"));
  CHECK(big.members.system_said.size() <= most_said);
}

}  // namespace prompt_text_test
