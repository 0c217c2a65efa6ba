#include "domain/token_guess.hpp"

#include <algorithm>
#include <cmath>

namespace rr {
namespace {

constexpr double plain_bytes = 3.2, hangul_bytes = 2.2;  // of a token
constexpr double marks = 4;                              // tokens that a template puts around each message
constexpr double fading = 0.97;
constexpr double smallest = 16;                          // below it a miss of a few tokens does not count more
// How firmly the first estimate is believed: the texts as factors, the others in tokens.
constexpr double doubt[] = {0.02 / (smallest * smallest), 0.02, 0.02, 0.02 / smallest, 0.02 / (64.0 * 64.0)};

}  // namespace

TokenGuess::Parts TokenGuess::parts_of(const PromptSize& size) {
  return {1, static_cast<double>(size.plain) / plain_bytes, static_cast<double>(size.hangul) / hangul_bytes, static_cast<double>(size.messages), size.tools ? 1.0 : 0.0};
}

std::int64_t first_estimate(const PromptSize& size) {
  return static_cast<std::int64_t>(static_cast<double>(size.plain) / plain_bytes + static_cast<double>(size.hangul) / hangul_bytes +
                                   marks * static_cast<double>(size.messages));
}

void TokenGuess::learn(const ModelName& model, const PromptSize& size, std::int64_t actual) {
  if (size.empty() || actual <= 0) return;
  Sums& sums = models_[model.key()];
  const Parts x = parts_of(size);
  const double first = static_cast<double>(first_estimate(size)), y = static_cast<double>(actual);
  const double big = std::max({first, y, smallest}), weight = 1 / (big * big);
  for (std::size_t i = 0; i < parts; ++i) {
    for (std::size_t j = 0; j < parts; ++j) sums.squares[i][j] = fading * sums.squares[i][j] + weight * x[i] * x[j];
    sums.missed[i] = fading * sums.missed[i] + weight * x[i] * (y - first);
  }
  ++sums.seen;
}

// Gauss without pivots: with the doubts on its diagonal the matrix is positive definite.
TokenGuess::Parts TokenGuess::corrections(const Sums& sums) {
  auto m = sums.squares;
  Parts out = sums.missed;
  for (std::size_t i = 0; i < parts; ++i) m[i][i] += doubt[i];
  for (std::size_t i = 0; i < parts; ++i)
    for (std::size_t below = i + 1; below < parts; ++below) {
      const double times = m[below][i] / m[i][i];
      for (std::size_t j = i; j < parts; ++j) m[below][j] -= times * m[i][j];
      out[below] -= times * out[i];
    }
  for (std::size_t i = parts; i-- > 0;) {
    for (std::size_t j = i + 1; j < parts; ++j) out[i] -= m[i][j] * out[j];
    out[i] /= m[i][i];
  }
  return out;
}

std::int64_t TokenGuess::tokens(const ModelName& model, const PromptSize& size) const {
  const std::int64_t first = first_estimate(size);
  const auto found = models_.find(model.key());
  if (found == models_.end() || size.empty()) return first;
  const Parts x = parts_of(size), more = corrections(found->second);
  double sum = static_cast<double>(first);
  for (std::size_t i = 0; i < parts; ++i) sum += more[i] * x[i];
  const double least = std::max(1.0, static_cast<double>(first) / 10), most = 10 * static_cast<double>(std::max<std::int64_t>(first, 10));
  return std::llround(std::clamp(sum, least, most));
}

int TokenGuess::seen(const ModelName& model) const {
  const auto found = models_.find(model.key());
  return found == models_.end() ? 0 : found->second.seen;
}

}  // namespace rr
