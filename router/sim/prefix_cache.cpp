#include "sim/prefix_cache.hpp"

#include <algorithm>

namespace rr::sim {

namespace {

std::size_t common(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

}  // namespace

int PrefixCache::cached(std::string_view prompt) const {
  std::size_t most = 0;
  for (const std::string& one : kept_) most = std::max(most, common(prompt, one));
  return tokens(prompt.substr(0, most - most % 4));
}

void PrefixCache::keep(std::string prompt_and_answer, Bytes kv_per_token, Bytes room) {
  kept_.remove_if([&](const std::string& one) { return prompt_and_answer.starts_with(one); });
  Bytes others = 0;
  for (const std::string& one : kept_) others += tokens(one) * kv_per_token;
  while (!kept_.empty() && others > room) {
    others -= tokens(kept_.front()) * kv_per_token;
    kept_.pop_front();
  }
  kept_.push_back(std::move(prompt_and_answer));
}

}  // namespace rr::sim
