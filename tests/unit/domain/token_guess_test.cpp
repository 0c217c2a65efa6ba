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
  const PromptSize size{.plain = 3200, .hangul = 0, .messages = 2, .tools = false};
  TokenGuess guess;
  CHECK(first_estimate(size) == 1008);
  CHECK(guess.tokens(coder, size) == 1008);
  guess.learn(coder, size, 1400);
  CHECK(guess.tokens(coder, size) > 1200);
  CHECK(guess.tokens(ModelName("tester:14b"), size) == 1008);
  CHECK(guess.seen(coder) == 1);
}

TEST_CASE("after ten prompts of any size, small and big ones are guessed within 15 %") {
  for (const double bytes : {1.6, 3.0, 4.0, 5.0})
    for (const double of_hangul : {1.3, 3.0})
      for (const double around : {2.0, 9.0})
        for (const double template_tokens : {0.0, 9.0, 40.0}) {
          CAPTURE(bytes);
          CAPTURE(of_hangul);
          CAPTURE(around);
          CAPTURE(template_tokens);
          const auto actual = [&](const PromptSize& s) {
            return std::llround(template_tokens + static_cast<double>(s.plain) / bytes + static_cast<double>(s.hangul) / of_hangul + around * static_cast<double>(s.messages) + (s.tools ? 60 : 0));
          };
          TokenGuess guess;
          const PromptSize seen[] = {{40, 0, 1, false}, {60, 30, 1, false}, {150, 0, 3, true}, {60'000, 0, 12, true}, {900, 400, 4, false}, {80, 0, 1, false}, {3000, 0, 6, true}, {70'000, 9000, 25, true}, {30, 90, 2, false}, {500, 0, 2, true}};
          for (const PromptSize& s : seen) guess.learn(coder, s, actual(s));
          for (const PromptSize& s : {PromptSize{50, 0, 1, false}, PromptSize{20, 60, 1, false}, PromptSize{250, 0, 2, true}, PromptSize{1300, 300, 5, false}, PromptSize{16'000, 0, 9, true}, PromptSize{300'000, 20'000, 60, true}}) {
            CAPTURE(s.plain);
            CHECK(near(guess.tokens(coder, s), actual(s)));
          }
        }
}

TEST_CASE("what makes no sense is not learnt, and no guess is below one") {
  TokenGuess guess;
  guess.learn(coder, {}, 10);
  guess.learn(coder, {.plain = 10, .hangul = 0, .messages = 1, .tools = false}, 0);
  guess.learn(coder, {.plain = 10, .hangul = 0, .messages = 1, .tools = false}, -5);
  CHECK(guess.seen(coder) == 0);
  for (int i = 0; i < 10; ++i) guess.learn(coder, {.plain = 3000, .hangul = 0, .messages = 1, .tools = false}, 1);
  CHECK(guess.tokens(coder, {.plain = 1, .hangul = 0, .messages = 0, .tools = false}) >= 1);
  CHECK(guess.tokens(coder, {}) == 0);
}

}  // namespace token_guess_test
