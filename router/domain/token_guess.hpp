// How many tokens a prompt will be for a model: a first estimate from its bytes and messages, corrected by what nodes counted
// (prompt_eval_count) for earlier prompts of that model. What a byte of Hangul, another byte, a message and the template around them all
// make in tokens is fitted by least squares: near misses of small prompts count as much as those of big ones, older prompts fade, and
// what few prompts have told stays near the first estimate.
#pragma once

#include "domain/values.hpp"

#include <array>
#include <map>

namespace rr {

struct PromptSize {
  std::size_t plain = 0, hangul = 0;  // bytes of text, without images
  std::size_t messages = 0;
  bool tools = false;                 // a template says more where there are some
  bool empty() const { return plain == 0 && hangul == 0 && messages == 0; }
};

std::int64_t first_estimate(const PromptSize&);  // tokens, of a model that was never seen

class TokenGuess {
 public:
  std::int64_t tokens(const ModelName&, const PromptSize&) const;
  void learn(const ModelName&, const PromptSize&, std::int64_t actual);
  int seen(const ModelName&) const;

 private:
  static constexpr std::size_t parts = 5;  // of an estimate: a constant, plain text, Hangul, messages, tools
  using Parts = std::array<double, parts>;
  struct Sums {  // of weights times products of parts, and times part and what was missing
    std::array<Parts, parts> squares{};
    Parts missed{};
    int seen = 0;
  };
  static Parts parts_of(const PromptSize&);
  static Parts corrections(const Sums&);

  std::map<std::string, Sums> models_{};
};

}  // namespace rr
