// A conversation as a chain of hashes: what two bodies have in common is what a prompt cache can have kept.
#include "api/chain.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace chain_test {

using namespace rr;
using namespace rr::api;
using test::Body;

namespace {

std::shared_ptr<const Chain> chain(const std::string& text, std::int64_t tokens = 1000, Kind kind = Kind::chat) {
  const Body body(text);
  const auto members = read_members(body, kind);
  REQUIRE(members.has_value());
  return chain_of(*members, tokens, "0123456789abcdef");
}

std::string message(const std::string& role, const std::string& content) { return R"({"role":")" + role + R"(","content":")" + content + R"("})"; }

std::string chat(const std::vector<std::string>& messages, const std::string& before = R"("model":"coder")") {
  std::string out = "{" + before + R"(,"messages":[)";
  for (std::size_t i = 0; i < messages.size(); ++i) out += (i ? "," : "") + messages[i];
  return out + "]}";
}

std::size_t common(const Chain& a, const Chain& b) {
  std::size_t n = 0;
  while (n < a.size() && n < b.size() && a[n].hash == b[n].hash) ++n;
  return n;
}

const std::string system_said = message("system", "You write code."), task = message("user", "sort a list"), answer = message("assistant", "sorted(x)"),
                  more = message("user", "in reverse");

}  // namespace

TEST_CASE("a history sent again is a common prefix, whatever stands around it") {
  const auto first = chain(chat({system_said, task})), second = chain(chat({system_said, task, answer, more}));
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->size() == 1);
  CHECK(second->size() == 3);
  CHECK(common(*first, *second) == 1);
  const auto other_place = chain(R"({"stream":true,"options":{"seed":7}, "messages" : [ )" + system_said + " , \n " + task + " ], \"model\":\"tester\"}");
  REQUIRE(other_place);
  CHECK(common(*first, *other_place) == 1);
}

TEST_CASE("one system prompt for all never makes two conversations one: the first link holds the first user message") {
  const auto a = chain(chat({system_said, message("user", "task of team 1"), answer})), b = chain(chat({system_said, message("user", "task of team 2"), answer}));
  REQUIRE(a);
  REQUIRE(b);
  CHECK(a->size() == 2);
  CHECK(common(*a, *b) == 0);
  CHECK((*a)[1].hash != (*b)[1].hash);  // the same answer after another question is another link
}

TEST_CASE("another system prompt before the same task is another conversation") {
  const auto a = chain(chat({system_said, task})), b = chain(chat({message("system", "You review code."), task}));
  REQUIRE(a);
  REQUIRE(b);
  CHECK(common(*a, *b) == 0);
}

TEST_CASE("an edited last message shares all before it") {
  const auto a = chain(chat({system_said, task, answer, more})), b = chain(chat({system_said, task, answer, message("user", "by length")}));
  REQUIRE(a);
  REQUIRE(b);
  CHECK(a->size() == 3);
  CHECK(common(*a, *b) == 2);
}

TEST_CASE("the same messages in another order are another conversation") {
  const auto a = chain(chat({task, answer, more, answer})), b = chain(chat({task, more, answer, answer}));
  REQUIRE(a);
  REQUIRE(b);
  CHECK(common(*a, *b) == 1);
  CHECK(a->back().hash != b->back().hash);
}

TEST_CASE("messages of parts, of tools and of images are links like others") {
  const std::string parts = R"({"role":"user","content":[{"type":"text","text":"a } in it"}]})", call = R"({"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{}}}]})";
  const auto a = chain(chat({parts, call, message("tool", "42")}), 1000, Kind::chat_completions);
  REQUIRE(a);
  CHECK(a->size() == 3);
  const auto b = chain(chat({parts, call, message("tool", "43")}), 1000, Kind::chat_completions);
  REQUIRE(b);
  CHECK(common(*a, *b) == 2);
}

TEST_CASE("tokens are shared out by bytes and the last link has them all") {
  const auto all = chain(chat({message("user", std::string(970, 'a')), message("assistant", std::string(2970, 'b')), message("user", std::string(970, 'c'))}), 5000);
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK((*all)[0].tokens == doctest::Approx(1000).epsilon(0.02));
  CHECK((*all)[1].tokens == doctest::Approx(4000).epsilon(0.02));
  CHECK((*all)[2].tokens == 5000);
}

TEST_CASE("without messages, or without a word of the user, there is no chain") {
  CHECK_FALSE(chain(R"({"model":"coder"})"));
  CHECK_FALSE(chain(R"({"model":"coder","messages":[]})"));
  CHECK_FALSE(chain(chat({system_said})));
  CHECK_FALSE(chain(R"({"model":"coder","prompt":"hello"})", 1000, Kind::generate));
}

TEST_CASE("another secret makes other hashes: they say nothing to who reads them elsewhere") {
  const Body body(chat({system_said, task}));
  const auto members = read_members(body);
  REQUIRE(members.has_value());
  CHECK(common(*chain_of(*members, 10, "0123456789abcdef"), *chain_of(*members, 10, "fedcba9876543210")) == 0);
}

TEST_CASE("a megabyte of a thousand messages: a link for each, and one more message changes none of them") {
  std::vector<std::string> messages{system_said};
  for (int i = 0; i < 1000; ++i) messages.push_back(message(i % 2 ? "assistant" : "user", std::to_string(i) + std::string(1000, 'x')));
  const std::string text = chat(messages);
  CHECK(text.size() > 1'000'000);
  const auto a = chain(text, 300'000);
  messages.push_back(more);
  const auto b = chain(chat(messages), 300'005);
  REQUIRE(a);
  REQUIRE(b);
  CHECK(a->size() == 1000);
  CHECK(b->size() == 1001);
  CHECK(common(*a, *b) == 1000);
  CHECK(std::is_sorted(a->begin(), a->end(), [](const Prefix& x, const Prefix& y) { return x.tokens < y.tokens; }));
}

TEST_CASE("the other dialects have chains as well, and what stands before the messages is part of the first link") {
  const auto items = [](const std::string& more, const std::string& before = R"("instructions":"You write code.")") {
    return chain("{" + before + R"(,"input":[{"role":"user","content":"sort a list"})" + more + "]}", 1000, Kind::responses);
  };
  const auto first = items(""), second = items(R"(,{"type":"function_call","call_id":"1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"1","output":"x"})");
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->size() == 1);
  CHECK(second->size() == 3);
  CHECK(common(*first, *second) == 1);
  CHECK(common(*first, *items("", R"("instructions":"You test code.")")) == 0);
  const auto blocks = [](const std::string& system) {
    return chain(R"({"max_tokens":1,"messages":[{"role":"user","content":[{"type":"text","text":"sort a list"}]}],"system":[{"type":"text","text":")" + system + "\"}]}", 1000, Kind::messages);
  };
  REQUIRE(blocks("a"));
  CHECK(common(*blocks("a"), *blocks("a")) == 1);
  CHECK(common(*blocks("a"), *blocks("b")) == 0);
}

}  // namespace chain_test
