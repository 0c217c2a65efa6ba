// All patterns of prompt_words.hpp, made ready once: found by the first three bytes of a word, so that a text is read through once
// however many there are.
#pragma once

#include "api/plain_words.hpp"
#include "api/prompt_words.hpp"

#include <unordered_map>
#include <vector>

namespace rr::api {

struct Found {
  Notion notion = Notion::none;
  Word kind = Word::task;
  int weight = 0;
  std::size_t end = 0;  // where the words end in the text
};

class PromptIndex {
 public:
  PromptIndex();

  // each(const Found&): every pattern that stands at `at`, the beginning of a word. Returns how many were tried.
  template <class Each>
  std::size_t at(std::string_view text, std::size_t at, Each each) const {
    const auto bucket = words_.find(key(text.substr(at)));
    if (bucket == words_.end()) return 0;
    for (const Entry& entry : bucket->second) {
      const auto end = match(text, at, entry.pattern, lists_);
      if (end != text.npos) each(Found{entry.notion, entry.kind, entry.weight, end});
    }
    return bucket->second.size();
  }
  std::size_t lead(std::string_view text, std::size_t at) const { return first(leads_, text, at); }   // its end, or npos
  bool denies(std::string_view text, std::size_t at) const { return first(denials_, text, at) != text.npos; }

 private:
  struct Entry {
    std::string pattern;
    Notion notion;
    Word kind;
    int weight;
  };
  using Patterns = std::unordered_map<std::uint32_t, std::vector<std::string>>;
  static std::uint32_t key(std::string_view);
  std::size_t first(const Patterns&, std::string_view text, std::size_t at) const;

  std::unordered_map<std::uint32_t, std::vector<Entry>> words_;
  Patterns leads_, denials_;
  WordLists lists_;  // {lang}, {make}, {code}
};

const PromptIndex& prompt_index();

}  // namespace rr::api
