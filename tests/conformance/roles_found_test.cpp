// Rules 7 and 8 from outside: who nobody named, the headers say how it was found, and explain says by which words.
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace roles_found_test {

using namespace rr;
using test::Town;

namespace {

std::string found(const test::Answer& answer) {
  return std::to_string(answer.status) + " " + std::string(answer.field("X-Router-Role")) + " " +
         std::string(answer.field("X-Router-Role-Source")) + " " + std::string(answer.field("X-Router-Model"));
}

constexpr auto tester = R"({"model":"auto","stream":false,"messages":[{"role":"system","content":"You are a code reviewer."},{"role":"user","content":"x"}]})";

}  // namespace

TEST_CASE("model auto finds its role by the prompt, and every way to name a role beats it") {
  Town town;
  CHECK(found(town.ask("POST", "/api/chat", tester)) == "200 tester prompt qwen2.5-coder:14b");
  CHECK(found(town.ask("POST", "/v1/chat/completions", tester)) == "200 tester prompt qwen2.5-coder:14b");
  CHECK(found(town.ask("POST", "/api/generate", R"({"model":"auto","stream":false,"system":"당신은 코드 리뷰어입니다.","prompt":"x"})")) ==
        "200 tester prompt qwen2.5-coder:14b");
  CHECK(found(town.ask("POST", "/api/chat", tester, {{"X-Agent-Role", "router"}})) == "200 router header qwen3:1.7b");
  CHECK(found(town.ask("POST", "/role/router/api/chat", tester)) == "200 router path qwen3:1.7b");
  CHECK(found(town.ask("POST", "/api/chat", R"({"model":"auto","stream":false,"messages":[{"role":"user","content":"hi"}]})")) ==
        "200 coder default qwen3-coder:30b");
}

TEST_CASE("model auto finds its role by the endpoint's shape") {
  Town town;
  const auto fim = town.ask("POST", "/api/generate", R"({"model":"auto","stream":false,"prompt":"a","suffix":"b"})");
  CHECK(fim.field("X-Router-Role") == "coder");  // whether the model can insert is for the node to say
  CHECK(fim.field("X-Router-Role-Source") == "shape");
  CHECK(found(town.ask("POST", "/api/embed", R"({"model":"auto","input":"x"})")) == "200  shape nomic-embed-text:latest");
  CHECK(found(town.ask("POST", "/api/embeddings", R"({"model":"auto","prompt":"x"})")) == "200  shape nomic-embed-text:latest");
}

TEST_CASE("explain says the rule and the words that decided") {
  Town town("phrases:\n  architect: [꼼꼼이]\n");
  const auto plain = [&](const std::string& body) { return town.ask("POST", "/explain", body, {{"Accept", "text/plain"}}).body; };
  CHECK(plain(tester).find("by prompt: \"code reviewer\" in the system prompt (rule 8 of 9)") != std::string::npos);
  CHECK(plain(R"({"model":"auto","prompt":"a","suffix":"b"})").find("by shape: member suffix (rule 7 of 9)") != std::string::npos);
  CHECK(plain(R"({"model":"auto","messages":[{"role":"system","content":"너는 꼼꼼이다. 코더다."}]})")
            .find("by prompt: the phrase \"꼼꼼이\" in the system prompt (rule 8 of 9)") != std::string::npos);
  CHECK(plain(R"({"model":"auto","messages":[{"role":"user","content":"hi"}]})").find("by default (rule 9 of 9)") != std::string::npos);
}

TEST_CASE("a prompt of a megabyte is judged and forwarded whole") {
  Town town;
  const std::string body = R"({"model":"auto","stream":false,"messages":[{"role":"system","content":"You are a code reviewer."},{"role":"user","content":")" +
                           std::string(1 << 20, 'a') + R"("}]})";
  CHECK(found(town.ask("POST", "/api/chat", body)) == "200 tester prompt qwen2.5-coder:14b");
}

}  // namespace roles_found_test
