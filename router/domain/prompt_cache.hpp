// What the prompt cache of a running model holds, as far as it can be known from outside: the slot has the prompt served last, a
// host cache of some gigabytes the ones before, least recently used out first; an unload empties both. `ollama ps` does not
// show it (swap report, section 2).
#pragma once

#include "domain/values.hpp"

#include <limits>
#include <memory>
#include <vector>

namespace rr {

// A conversation as a chain of hashes over its messages: h_i = H(h_{i-1}, message_i). The first link holds everything up to and
// with the first user message, so that a system prompt which all share never makes two conversations one.
struct Prefix {
  std::uint64_t hash = 0;
  std::int64_t tokens = 0;  // estimate of the prompt up to and with this message
};
using Chain = std::vector<Prefix>;

class PromptCache {
 public:
  static constexpr double never = std::numeric_limits<double>::infinity();

  // Tokens the host cache must keep for this conversation's prompt to be there: 0 = it is in the slot; `never` = not seen, or it
  // does not go on from where it was.
  double depth(const Chain&) const;
  std::int64_t cached(const Chain&, double room) const;  // tokens of its prompt that need no work
  bool full(const Chain&, double room) const;            // the others' prompts alone are more than the cache keeps
  void finished(const Chain&, std::int64_t tokens);      // prompt and answer
  void absorb(PromptCache later);                        // as if it had finished all of those too
  void clear() { kept_.clear(); }
  std::size_t size() const { return kept_.size(); }

 private:
  struct Kept { Chain chain{}; std::int64_t tokens = 0; };
  std::size_t find(const Chain&) const;                  // kept_.size() = not there
  std::vector<Kept> kept_{};                             // least recent first
};

}  // namespace rr
