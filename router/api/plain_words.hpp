// A text made plain, and patterns found in it. Plain: NFC and case-folded, words between single spaces, every end of a sentence or
// a line that stands alone is " . ", a smaller break " , ", a colon " : "; fenced code, XML tags and what harnesses add
// (<system-reminder> and the like) are left out. "Don't\nGo!" becomes " dont . go . ".
// A pattern is words between spaces:  *  at the end of a word: any more letters;  ~  none to three words, never past a mark.
// A byte below 4 stands for any word of a list: \1 the first list. Between Hangul a space may be missing or there: "코드* 리뷰" finds "코드리뷰", "코드의 리뷰". No regular expressions.
#pragma once

#include <array>
#include <set>
#include <string>
#include <string_view>

namespace rr::api {

std::string plain(std::string_view text);

using WordLists = std::array<std::set<std::string, std::less<>>, 3>;  // words, or pairs of words, for \1, \2 and \3

// The end of the pattern when it stands at `at`, which is the beginning of a word; else npos.
std::size_t match(std::string_view plain_text, std::size_t at, std::string_view pattern, const WordLists&);

bool mark(char c);  // . , :

}  // namespace rr::api
