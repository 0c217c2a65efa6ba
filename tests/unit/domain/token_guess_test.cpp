#include "domain/token_guess.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace token_guess_test {

using namespace rr;

namespace {

const ModelName coder("coder:30b");

bool near(std::int64_t guess, std::int64_t actual) { return std::abs(static_cast<double>(guess - actual)) <= 0.15 * static_cast<double>(actual); }

}  // namespace

TEST_CASE("until a model was seen the estimate stands as it is, and each model learns for itself") {
  TokenGuess guess;
  CHECK(guess.tokens(coder, 1000) == 1000);
  guess.learn(coder, 1000, 1400);
  CHECK(guess.tokens(coder, 1000) > 1200);
  CHECK(guess.tokens(ModelName("tester:14b"), 1000) == 1000);
  CHECK(guess.seen(coder) == 1);
}

TEST_CASE("after ten prompts of any size, small and big ones are guessed within 15 %") {
  for (const double per_estimate : {0.6, 0.9, 1.5, 2.2})
    for (const double template_tokens : {0.0, 9.0, 40.0}) {
      CAPTURE(per_estimate);
      CAPTURE(template_tokens);
      TokenGuess guess;
      const auto actual = [&](std::int64_t e) { return std::llround(template_tokens + per_estimate * static_cast<double>(e)); };
      for (const std::int64_t e : {12, 30, 45, 20000, 300, 25, 900, 24000, 60, 150}) guess.learn(coder, e, actual(e));
      for (const std::int64_t e : {15, 80, 400, 5000, 25000, 100000}) CHECK(near(guess.tokens(coder, e), actual(e)));
    }
}

TEST_CASE("what makes no sense is not learnt, and no guess is below one") {
  TokenGuess guess;
  guess.learn(coder, 0, 10);
  guess.learn(coder, 10, 0);
  guess.learn(coder, -5, 10);
  CHECK(guess.seen(coder) == 0);
  for (int i = 0; i < 10; ++i) guess.learn(coder, 1000, 1);
  CHECK(guess.tokens(coder, 1) >= 1);
  CHECK(guess.tokens(coder, 0) == 0);
}

}  // namespace token_guess_test
