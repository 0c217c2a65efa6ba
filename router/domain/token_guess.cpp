#include "domain/token_guess.hpp"

#include <algorithm>
#include <cmath>

namespace rr {
namespace {

constexpr double fading = 0.97;
constexpr double smallest = 16;                            // below it a miss of a few tokens does not count more
constexpr double doubt_a = 0.02 / (smallest * smallest);   // a = 0 and b = 1 until prompts say otherwise
constexpr double doubt_b = 0.02;

}  // namespace

void TokenGuess::learn(const ModelName& model, std::int64_t estimate, std::int64_t actual) {
  if (estimate <= 0 || actual <= 0) return;
  Sums& sums = models_[model.key()];
  const double e = static_cast<double>(estimate), y = static_cast<double>(actual);
  const double size = std::max({e, y, smallest}), weight = 1 / (size * size);
  for (double* sum : {&sums.one, &sums.e, &sums.ee, &sums.y, &sums.ey}) *sum *= fading;
  sums.one += weight;
  sums.e += weight * e;
  sums.ee += weight * e * e;
  sums.y += weight * y;
  sums.ey += weight * e * y;
  ++sums.seen;
}

std::int64_t TokenGuess::tokens(const ModelName& model, std::int64_t estimate) const {
  const auto found = models_.find(model.key());
  if (found == models_.end() || estimate <= 0) return estimate;
  const Sums& s = found->second;
  const double one = s.one + doubt_a, ee = s.ee + doubt_b, ey = s.ey + doubt_b;
  const double whole = one * ee - s.e * s.e;
  const double b = std::clamp((one * ey - s.e * s.y) / whole, 0.1, 10.0);
  const double a = (s.y - b * s.e) / one;
  return std::max<std::int64_t>(1, std::llround(a + b * static_cast<double>(estimate)));
}

int TokenGuess::seen(const ModelName& model) const {
  const auto found = models_.find(model.key());
  return found == models_.end() ? 0 : found->second.seen;
}

}  // namespace rr
