#include "api/prompt_index.hpp"

#include <array>
#include <functional>

namespace rr::api {
namespace {

using Take = std::function<void(std::string_view)>;

void each_of(std::string_view list, const Take& take) {
  while (!list.empty()) {
    const auto bar = list.find('|');
    take(list.substr(0, bar));
    list = bar == list.npos ? std::string_view{} : list.substr(bar + 1);
  }
}

// "{make} ~ {code}" as match() reads it.
std::string with_lists(std::string_view pattern) {
  std::string out(pattern);
  constexpr std::array<std::string_view, 3> names{"{lang}", "{make}", "{code}"};
  for (std::size_t list = 0; list < names.size(); ++list)
    for (std::size_t at; (at = out.find(names[list])) != out.npos;) out.replace(at, names[list].size(), 1, static_cast<char>(list + 1));
  return out;
}

}  // namespace

std::uint32_t PromptIndex::key(std::string_view text) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 3; ++i) out = out << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : ' ');
  return out;
}

std::size_t PromptIndex::first(const Patterns& patterns, std::string_view text, std::size_t at) const {
  const auto bucket = patterns.find(key(text.substr(at)));
  if (bucket == patterns.end()) return text.npos;
  for (const auto& pattern : bucket->second)
    if (const auto end = match(text, at, pattern, lists_); end != text.npos) return end;
  return text.npos;
}

PromptIndex::PromptIndex() {
  const std::array<std::string_view, 3> lists{languages(), makes(), codes()};
  for (std::size_t i = 0; i < lists.size(); ++i)
    each_of(lists[i], [&](std::string_view word) { lists_[i].emplace(word); });
  for (const auto& table : {english_words(), english_words_of_making(), korean_words()})
    for (const auto& row : table)
      each_of(row.patterns, [&](std::string_view said) {
        const Entry entry{with_lists(said), row.notion, row.kind, row.weight};
        const auto list = static_cast<std::size_t>(entry.pattern.front());
        if (list > lists_.size()) return words_[key(entry.pattern)].push_back(entry);
        std::set<std::uint32_t> keys;  // it may begin with any word of the list
        for (const auto& word : lists_[list - 1]) keys.insert(key(word + entry.pattern.substr(1, 2)));
        for (const auto k : keys) words_[k].push_back(entry);
      });
  const auto keep = [](std::string_view list, Patterns& patterns) {
    each_of(list, [&](std::string_view pattern) { patterns[key(pattern)].emplace_back(pattern); });
  };
  keep(leads(), leads_);
  keep(korean_denials(), denials_);
}

const PromptIndex& prompt_index() {
  static const PromptIndex index;
  return index;
}

}  // namespace rr::api
