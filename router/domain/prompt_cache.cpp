#include "domain/prompt_cache.hpp"

#include <algorithm>

namespace rr {

namespace {

constexpr std::size_t most_kept = 64;

// Links that two chains have in common: equal at one place means equal at all before it.
std::size_t common(const Chain& a, const Chain& b) {
  std::size_t low = 0, high = std::min(a.size(), b.size());
  while (low < high) {
    const std::size_t middle = (low + high + 1) / 2;
    if (a[middle - 1].hash == b[middle - 1].hash) low = middle;
    else high = middle - 1;
  }
  return low;
}

}  // namespace

// The longest kept chain that this one goes on from; one whose end was taken back (another answer, an edited last message) counts
// while most of it is still there.
std::size_t PromptCache::find(const Chain& chain) const {
  std::size_t best = kept_.size();
  std::int64_t most = 0;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const std::size_t links = common(kept_[i].chain, chain);
    if (links == 0) continue;
    const std::int64_t tokens = links == kept_[i].chain.size() ? kept_[i].tokens : chain[links - 1].tokens;
    if (2 * tokens < kept_[i].tokens) continue;
    if (tokens >= most) most = tokens, best = i;
  }
  return best;
}

double PromptCache::depth(const Chain& chain) const {
  const std::size_t own = find(chain);
  if (own == kept_.size()) return never;
  double sum = 0;
  for (std::size_t i = own; i + 1 < kept_.size(); ++i) sum += static_cast<double>(kept_[i].tokens);
  return sum;
}

std::int64_t PromptCache::cached(const Chain& chain, double room) const {
  const std::size_t own = find(chain);
  if (own == kept_.size() || depth(chain) > room) return 0;
  const std::size_t links = common(kept_[own].chain, chain);
  return links == kept_[own].chain.size() ? kept_[own].tokens : chain[links - 1].tokens;
}

bool PromptCache::full(const Chain& chain, double room) const {
  const std::size_t own = find(chain);
  double sum = 0;
  for (std::size_t i = 0; i < kept_.size(); ++i)
    if (i != own) sum += static_cast<double>(kept_[i].tokens);
  return sum > room;
}

void PromptCache::finished(const Chain& chain, std::int64_t tokens) {
  if (chain.empty()) return;
  if (const std::size_t own = find(chain); own < kept_.size()) kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(own));
  else if (kept_.size() >= most_kept) kept_.erase(kept_.begin());
  kept_.push_back({chain, tokens});
}

void PromptCache::absorb(PromptCache later) {
  if (kept_.empty()) kept_ = std::move(later.kept_);
  else
    for (const Kept& k : later.kept_) finished(k.chain, k.tokens);
}

}  // namespace rr
