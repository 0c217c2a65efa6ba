#include "api/plain_words.hpp"
#include "api/prompt_index.hpp"

#include <doctest/doctest.h>

#include <set>

namespace plain_words_test {

using namespace rr::api;

namespace {

const WordLists lists{{{"python", "node js", "파이썬"}, {"write"}, {"function"}}};

bool finds(std::string_view text, std::string_view pattern) {
  const std::string words = plain(text);
  for (std::size_t at = 1; at < words.size(); ++at)
    if (words[at - 1] == ' ' && match(words, at, pattern, lists) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("a text is made plain: case, punctuation, marks") {
  CHECK(plain("Don't  STOP!\nGo on, please") == " dont stop . go on , please . ");
  CHECK(plain("Role: Tester") == " role : tester . ");
  CHECK(plain("") == "  ");
  CHECK(plain("edit src/http/session.cpp now") == " edit src http session cpp now . ");
  CHECK(plain("C++ and C#, f# too") == " c++ and c# , f# too . ");
  CHECK(plain("the architect’s “plan” — later") == " the architects plan , later . ");
  CHECK(plain("# Who\n- one\n- two") == " who . one . two . ");
}

TEST_CASE("a wrapped line goes on, a new one begins with a capital letter or after a blank line") {
  CHECK(plain("write the\nplan") == " write the plan . ");
  CHECK(plain("write the\n\nplan") == " write the . plan . ");
  CHECK(plain("write\nPlan") == " write . plan . ");
}

TEST_CASE("Korean in decomposed form reads as composed") {
  CHECK(plain("\xE1\x84\x8F\xE1\x85\xA9\xE1\x84\x83\xE1\x85\xA5") == plain("코더"));
  CHECK(plain("너는 코더다。 끝") == " 너는 코더다 . 끝 . ");
}

TEST_CASE("fenced code and what a harness adds are left out") {
  CHECK(plain("fix\n```py\nreview the test\n```\nnow") == " fix . now . ");
  CHECK(plain("<system-reminder>\nPlan, code-reviewer\n</system-reminder>\nadd a flag") == " add a flag . ");
  CHECK(plain("```never ends, review this") == "  ");
  CHECK(plain("<user_query>rename it</user_query>") == " rename it . ");
}

TEST_CASE("patterns: whole words, a star for endings, a tilde for up to three words, never past a mark") {
  CHECK(finds("You are an architect.", "architect"));
  CHECK_FALSE(finds("architecture", "architect"));
  CHECK(finds("architecture", "architect*"));
  CHECK(finds("write tests", "write ~ tests"));
  CHECK(finds("write some very thorough tests", "write ~ tests"));
  CHECK_FALSE(finds("write one two three four tests", "write ~ tests"));
  CHECK_FALSE(finds("write. tests", "write ~ tests"));
  CHECK_FALSE(finds("rewrite tests", "write ~ tests"));
}

TEST_CASE("patterns with a list: any word of it, a pair of words too") {
  CHECK(finds("a node.js developer", "\1 developer"));
  CHECK(finds("write me a short Python function", "\2 ~ \1 \3"));
  CHECK_FALSE(finds("a pythonic developer", "\1 developer"));
  CHECK(finds("파이썬으로 짜줘", "\1으로"));
}

TEST_CASE("between Hangul a space may be missing or there, and particles may follow") {
  CHECK(finds("코드리뷰 부탁", "코드 리뷰"));
  CHECK(finds("코드 리뷰를", "코드 리뷰"));
  CHECK(finds("코드를 작성해", "코드* 작성"));
  CHECK(finds("코드작성", "코드* 작성"));
  CHECK_FALSE(finds("인코더", "코더"));
  CHECK(finds("QA엔지니어", "qa 엔지니어"));
}

TEST_CASE("every pattern of the table finds itself, so none is written in a form that no text can have") {
  int patterns = 0;
  for (const auto& table : {english_words(), english_words_of_making(), korean_words()})
    for (const Words& row : table) {
      std::string_view list = row.patterns;
      while (!list.empty()) {
        const auto bar = list.find('|');
        std::string text(list.substr(0, bar));
        list = bar == list.npos ? std::string_view{} : list.substr(bar + 1);
        for (const auto& [name, word] : {std::pair{"{lang}", "python"}, {"{make}", "write"}, {"{code}", "function"}})
          if (const auto at = text.find(name); at != text.npos) text.replace(at, std::string_view(name).size(), word);
        std::string said = text;
        for (std::size_t at; (at = said.find("~ ")) != said.npos;) said.erase(at, 2);
        std::erase(said, '*');
        while (said.ends_with(' ')) said += "x";
        CAPTURE(text);
        const std::string words = " " + said + " . ";
        bool found = false;
        prompt_index().at(words, 1, [&](const Found& f) { found = found || (f.notion == row.notion && f.kind == row.kind); });
        CHECK(found);
        CHECK(plain(said).starts_with(" " + said.substr(0, said.find_last_not_of(" .:") + 1)));
        ++patterns;
      }
    }
  CHECK(patterns > 1500);
}

}  // namespace plain_words_test
