// One text of a prompt, read from front to back: how much it speaks for each notion, by which words. Points are in half weights of
// prompt_words.hpp, because a task in a later sentence counts half.
//   a job   behind "you are", "당신은", "role:", or as the first words of a system prompt ("Reviewer agent."); the first one counts
//   a task  more in the first sentence, half behind `early`, not at all behind `late`; not behind a "do not"; said twice is said once
//   a sign  likewise, but undiminished up to `late`
// "Coder: writes code" in a list of colleagues, and "코더가", "from the coder", speak of somebody else.
#pragma once

#include "api/prompt_words.hpp"

#include <array>
#include <string>

namespace rr::api {

constexpr int whole = 2;             // one weight
constexpr int enough = 5 * whole;    // the least that decides
constexpr int telling = 5;           // a lighter word is a topic, and topics alone decide nothing

struct Score {
  std::array<int, notions + 1> points{};
  std::array<std::string, notions + 1> words{};  // the heaviest of each, as they stood there
  bool job = false;                              // the text says what its reader is

  void add(Notion, Word, int points, std::string_view stood, bool tells = true);
  bool says_none() const;
  Notion decided() const;                        // none: nothing is certain

 private:
  std::array<int, notions + 1> nouns_{}, tasks_{}, best_{};
  std::array<bool, notions + 1> told_{};         // by a telling word
};

Score read_prompt(std::string_view plain_text, bool system);

}  // namespace rr::api
