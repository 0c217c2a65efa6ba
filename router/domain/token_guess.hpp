// How many tokens a prompt will be for a model: a first estimate from its bytes, corrected by what nodes counted (prompt_eval_count) for
// earlier prompts of that model. A line through them, actual = a + b x estimate, because a template adds some tokens to every prompt
// and a tokenizer makes more or fewer of every byte; near misses of small prompts count as much as those of big ones.
#pragma once

#include "domain/values.hpp"

#include <map>

namespace rr {

class TokenGuess {
 public:
  std::int64_t tokens(const ModelName&, std::int64_t estimate) const;  // the estimate itself until something was learnt
  void learn(const ModelName&, std::int64_t estimate, std::int64_t actual);
  int seen(const ModelName&) const;

 private:
  struct Sums {  // of weights, and of weights times estimate, its square, actual, and both; older ones fade
    double one = 0, e = 0, ee = 0, y = 0, ey = 0;
    int seen = 0;
  };
  std::map<std::string, Sums> models_{};
};

}  // namespace rr
