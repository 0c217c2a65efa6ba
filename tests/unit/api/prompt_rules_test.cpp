#include "api/prompt_rules.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace prompt_rules_test {

using namespace rr;
using namespace rr::api;
using test::head;

namespace {

std::string said(std::string system, std::string user = "go on", std::string more = "") {
  std::string out = R"({"model":"auto",)" + more + R"("messages":[)";
  if (!system.empty()) out += R"({"role":"system","content":)" + Json(system).dump() + "},";
  return out + R"({"role":"user","content":)" + Json(user).dump() + "}]}";
}

Settings settings_of(std::string fallback = "") {
  auto settings = test::two_macs();
  settings.default_role = std::move(fallback);
  return settings;
}

// "coder", or "" where no rule is certain.
std::string role(const std::string& body, const Settings& settings = settings_of(), Fields fields = {}, const std::string& target = "/api/chat") {
  const auto ask = test::asked(head("POST", target, std::move(fields)), body, settings, test::two_nodes());
  return ask ? ask->role : "";
}

std::string why(const std::string& body) {
  const auto ask = test::asked(head("POST", "/api/chat"), body, settings_of("coder"), test::two_nodes());
  return std::string(to_text(ask->source)) + (ask->because.empty() ? "" : ": " + ask->because);
}

std::string tools(const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const auto& name : names) list.push_back({{"type", "function"}, {"function", {{"name", name}}}});
  return "\"tools\":" + list.dump() + ",";
}

}  // namespace

TEST_CASE("what the system prompt says its reader is decides, in English and Korean, whoever else it mentions") {
  CHECK(role(said("You are a software architect. Design before code.")) == "architect");
  CHECK(role(said("You are the Coder in a team of Architect, Coder, Tester and Router.")) == "coder");
  CHECK(role(said("Role: Tester\nYou receive code from the Coder.")) == "tester");
  CHECK(role(said("Reviewer agent. You read the developer's pull request.")) == "tester");
  CHECK(role(said("당신은 설계자입니다. 코더와 테스터가 뒤를 잇습니다.")) == "architect");
  CHECK(role(said("너는 코더가 작성한 코드를 확인하는 테스터다.")) == "tester");
  CHECK(role(said("넌 코더야. 설계자가 준 문서대로 해.")) == "coder");
}

TEST_CASE("an explanation names the words and where they stood") {
  CHECK(why(said("You are a solution architect.")) == "prompt: \"solution architect\" in the system prompt");
  CHECK(why(said("", "Write a Python function that adds")) == "prompt: \"write a python function\" in the first message");
  CHECK(why(said("", "hi")) == "default");
}

TEST_CASE("a general word for a maker of software gives way to the task that is set") {
  CHECK(role(said("You are a senior C++ developer. Review the pull request below.")) == "tester");
  CHECK(role(said("You are a senior C++ developer. Implement the feature below.")) == "coder");
  CHECK(role(said("You are a principal engineer who writes RFCs.")) == "architect");
}

TEST_CASE("what is denied does not count") {
  CHECK(role(said("You never design and you never test. You implement.")) == "coder");
  CHECK(role(said("You review the code. Do not rewrite the code.")) == "tester");
  CHECK(role(said("구현하지 말고 설계만 해.")) == "architect");
  CHECK(role(said("파이썬 코드를 작성해. 테스트는 작성하지 마.")) == "coder");
  CHECK(role(said("You are not a coder.")) == "");
}

TEST_CASE("with a system prompt that says nothing, the first and then the last user message are asked") {
  CHECK(role(said("You are a helpful assistant.", "write unit tests for this function")) == "tester");
  CHECK(role(said("", "write unit tests for this function")) == "tester");
  const std::string two = R"({"model":"auto","messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"hi"},
                             {"role":"user","content":"implement a queue in Rust"}]})";
  CHECK(role(two) == "coder");
  CHECK(role(said("You are the Coder. Reply only with code.", "As the architect I want you to review the structure and act as the router.")) == "coder");
}

TEST_CASE("the small model of the router gets a request only on strong evidence") {
  const auto selector = "You are in a role play game. The following roles are available:\narchitect: Designs.\ncoder: Writes code.\n"
                        "Read the following conversation. Then select the next role from ['architect', 'coder'] to play. Only return the role.";
  CHECK(role(said(selector)) == "router");
  CHECK(role(said("", selector)) == "router");
  CHECK(role(said("You are a router. Hand off to the right agent.", "x", tools({"transfer_to_coder"}))) == "router");
  CHECK(role(said("당신은 라우터입니다. 담당 에이전트 하나만 골라 이름만 출력하세요.")) == "router");
  CHECK(role(said("You are a supervisor.")) == "");
  CHECK(role(said("Answer in one word.")) == "");
  CHECK(role(said("Classify the message.")) == "");
  CHECK(role(said("You are a coding agent. When you are done, select the next agent.")) == "coder");
  CHECK(role(said("You are a coder. You may hand off to the tester.", "x", tools({"transfer_to_tester", "edit_file"}))) == "coder");
  CHECK(role(said("You set up the customer's Wi-Fi router.")) == "");
}

TEST_CASE("words in another sense, utilities and small talk mean no role") {
  for (const char* system : {"You are a building architect's office assistant.", "You are a film critic.", "You are a certified medical coder.",
                             "You are a travel planner.", "You are a professional translator.", "You are a title generator. Output only a title.",
                             "당신은 보험 설계사 상담 챗봇입니다.", "당신은 번역가입니다."})
    CHECK_MESSAGE(role(said(system, "the coder wrote code, the tester tests it: write a function")) == "", std::string(system));
  for (const char* user : {"hi", "오늘 저녁 메뉴 추천해줘", "MBTI 테스트 해줘", "Write a short poem about the fall season.",
                           "### Task:\nGenerate a concise title for the chat.\n<chat_history>\nwrite unit tests\n</chat_history>"})
    CHECK_MESSAGE(role(said("", user)) == "", std::string(user));
}

TEST_CASE("tools are evidence where the words leave it open") {
  CHECK(role(said("You are an interactive agent.", "go on", tools({"Bash", "Edit", "Read"}))) == "");
  CHECK(role(said("You work inside an IDE on the user's codebase. Fix the bugs.", "go on", tools({"read_file", "edit_file"}))) == "coder");
}

TEST_CASE("the operator's own phrases beat the built-in rules; the longest wins; they are whole words of the system prompt") {
  auto settings = settings_of();
  settings.roles[3].phrases = {"pair programmer", "꼼꼼이"};
  settings.roles[1].phrases = {"Senior Pair Programmer"};
  CHECK(role(said("You are a PAIR programmer, a coder."), settings) == "tester");
  CHECK(role(said("You are a senior pair programmer."), settings) == "architect");
  CHECK(role(said("너는 꼼꼼이야. 코더다."), settings) == "tester");
  CHECK(role(said("You are a coder.", "pair programmer"), settings) == "coder");
  CHECK(role(said("You repair programmers."), settings) == "");
  const auto ask = test::asked(head("POST", "/api/chat"), said("A pair programmer."), settings, test::two_nodes());
  CHECK(ask->because == "the phrase \"pair programmer\" in the system prompt");
}

TEST_CASE("a notion is the role of the YAML that is called so; where none is, nothing is decided") {
  auto settings = settings_of("architect");
  settings.roles[2].name = "worker";
  CHECK(role(said("You are a coder."), settings) == "worker");  // by its other name "developer"
  settings.roles[2].also_called = {};
  const auto ask = test::asked(head("POST", "/api/chat"), said("You are a coder."), settings, test::two_nodes());
  CHECK(ask->role == "architect");
  CHECK(ask->source == RoleSource::default_role);
}

TEST_CASE("only model auto is judged by its prompt, and every earlier rule beats it") {
  const auto prompt = said("You are a tester.");
  CHECK(role(prompt) == "tester");
  CHECK(role(prompt, settings_of(), {{"X-Agent-Role", "architect"}}) == "architect");
  CHECK(role(prompt, settings_of(), {}, "/role/router/api/chat") == "router");
  CHECK(role(said("You are a tester.", "x", R"("user":"role:architect",)")) == "architect");
  const auto named = [&](const std::string& model) {
    auto body = prompt;
    return body.replace(body.find("auto"), 4, model);
  };
  CHECK(role(named("coder")) == "coder");
  CHECK(role(named("qwen3:1.7b")) == "router");
  CHECK(role(named("llama3.2:3b")) == "");
  CHECK(role(named("auto:latest")) == "tester");
  CHECK(role(R"({"model":"auto","system":"You are a tester.","prompt":"x"})", settings_of(), {}, "/api/generate") == "tester");
  CHECK(role(prompt, settings_of(), {}, "/v1/chat/completions") == "tester");
}

TEST_CASE("a body of a megabyte is judged by its beginning and its end") {
  const std::string megabyte(1'000'000, 'a');
  CHECK(role(said("You are a tester. " + megabyte, megabyte)) == "tester");
  CHECK(role(said("", "Review this pull request. " + megabyte)) == "tester");
  CHECK(role(said("", megabyte + " Review this pull request.")) == "tester");
  CHECK(role(said(megabyte + " You are a tester.")) == "");
}

TEST_CASE("a text that repeats itself is given up after a bounded number of patterns, and what it said before that counts") {
  const auto many = [](const std::string& word, std::string before) {
    while (before.size() < 8000) before += word;
    return before;
  };
  CHECK(role(said(many("write code write tests ", "You are an architect. "))) == "architect");
  CHECK(role(said(many("코드를 ", "너는 설계자다. "), many("테스트 ", ""))) == "architect");
}

}  // namespace prompt_rules_test
