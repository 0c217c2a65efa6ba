// What the smart policy has seen: how fast things go, whose prompt is cached where, when a model left, how much else went on.
#pragma once

#include "domain/pace.hpp"
#include "domain/prompt_cache.hpp"

#include <set>

namespace rr {

struct Experience {
  Pace pace{};
  Pace::Figures room{};                        // "node/model" -> tokens that the runner's host cache keeps, as learnt
  std::map<std::string, PromptCache> caches{};  // by "node/model"
  std::map<std::string, PromptCache> lost{};    // ... -> what it held when it was last emptied: told to who asks again
  std::map<std::string, Time> left{};          // ... -> when it was last unloaded
  std::set<std::string> brought{};             // ... -> loaded without a request since the node came up
  double crowd = 0;                            // other work on the first of a role's nodes, as seen by those who could go elsewhere

  const PromptCache& cache(const NodeName&, const ModelName&) const;
  double room_of(const NodeName&, const ModelName&, Bytes kv_per_token) const;  // 8 GiB of it until learnt
  void unloaded(const NodeName&, const ModelName&, Time now);
  void node_lost(const NodeName&);
  template <class F>
  void forget_if(F gone) {  // caches, by entry
    for (auto at = caches.begin(); at != caches.end();) at = gone(*at) ? forget(at) : std::next(at);
  }

  // A whole answer. `depth` is that of its prompt when it was granted; at a depth that was known the time of the prompt tells
  // whether it had survived there, and so how much the cache keeps.
  void finished(const Turn&, const Chain&, double depth, Bytes kv_per_token);

 private:
  using Caches = std::map<std::string, PromptCache>;
  Caches::iterator forget(Caches::iterator);
};

}  // namespace rr
