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

// {lang}, {make} and {code} written out.
void each_meant(std::string_view pattern, const Take& take) {
  const std::array<std::pair<std::string_view, std::string_view>, 3> lists{
      std::pair{std::string_view("{lang}"), languages()}, {"{make}", makes()}, {"{code}", codes()}};
  for (const auto& [name, list] : lists) {
    const auto at = pattern.find(name);
    if (at == pattern.npos) continue;
    const auto before = pattern.substr(0, at), after = pattern.substr(at + name.size());
    each_of(list, [&](std::string_view word) { each_meant(std::string(before) + std::string(word) + std::string(after), take); });
    return;
  }
  take(pattern);
}

}  // namespace

std::uint32_t PromptIndex::key(std::string_view text) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 3; ++i) out = out << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : ' ');
  return out;
}

std::size_t PromptIndex::first(const Patterns& patterns, std::string_view text, std::size_t at) {
  const auto bucket = patterns.find(key(text.substr(at)));
  if (bucket == patterns.end()) return text.npos;
  for (const auto& pattern : bucket->second)
    if (const auto end = match(text, at, pattern); end != text.npos) return end;
  return text.npos;
}

PromptIndex::PromptIndex() {
  for (const auto& table : {english_words(), english_words_of_making(), korean_words()})
    for (const auto& row : table)
      each_of(row.patterns, [&](std::string_view pattern) {
        each_meant(pattern, [&](std::string_view meant) {
          words_[key(meant)].push_back({std::string(meant), row.notion, row.kind, row.weight});
        });
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
