// The words by which a prompt tells a role: data only, in the patterns of plain_words.hpp; several of one line are parted by |.
//   noun  what the text says that its reader is ("you are a ...", "당신은 ... 입니다"): counts only there
//   task  what it tells its reader to do: counts less the later it stands, and not at all behind a "do not"
//   sign  a turn of phrase that hardly stands anywhere else
// Weights: 12 settles it alone, 4 is the least that decides anything. Notion::none stands for a job that is none of the four;
// its words keep a "film critic" from being a reviewer.  {lang} is any of the programming languages below, {make} {code} likewise.
#pragma once

#include "api/role_notion.hpp"

#include <span>

namespace rr::api {

enum class Word { noun, task, sign };

struct Words {
  Notion notion;
  Word kind;
  int weight;
  std::string_view patterns;
};

std::span<const Words> english_words();            // router, architect, none
std::span<const Words> english_words_of_making();  // coder, tester
std::span<const Words> korean_words();

// What stands before the job ("you are") in both languages; what a sentence says no by.
std::string_view leads();          // patterns
std::string_view denials();        // words that stand before what is denied
std::string_view korean_denials(); // patterns that stand behind it
std::string_view languages();      // for {lang}
std::string_view makes();          // for {make}
std::string_view codes();          // for {code}

}  // namespace rr::api
