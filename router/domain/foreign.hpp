// Somebody else who loads and unloads models on a node: a second router, a person's `ollama run`. Two who take a machine from each other
// load all day and answer nothing: whoever had his model taken twice in 5 minutes leaves the machine alone until it has been quiet for
// 5 minutes.
#pragma once

#include "domain/fleet.hpp"

namespace rr {

class Foreign {
 public:
  void ours(const ModelName&);           // this router loads it, or has sent it a request: it may appear
  bool is_ours(const ModelName& model) const { return ours_.count(model) > 0; }
  void leaves(const ModelName&);         // this router unloads it: it may go
  void forget() { first_ = true; }       // the node was lost, or this machine slept: what is there next is nobody's doing
  // After each /api/ps. True: a model has come that is not ours.
  bool observed(const std::vector<Resident>&, Time now);

  int swaps() const { return swaps_; }                       // models that came so, since the start
  const ModelName& last() const { return last_; }
  bool keeps_off(Time now) const { return off_until_ && now < *off_until_; }
  std::optional<Time> off_until() const { return off_until_; }

 private:
  std::set<ModelName> ours_{}, leaving_{}, there_{};  // leaving_: unloaded by us, and not seen to go yet; there_: as /api/ps said last
  bool first_ = true;
  int swaps_ = 0;
  ModelName last_{};
  std::optional<Time> taken_{};           // one of ours went without our doing, and nothing came yet
  std::optional<Time> reversed_{};        // it was for another one
  std::optional<Time> off_until_{};
};

}  // namespace rr
