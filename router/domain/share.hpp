// How the models at work on one node share its time: models x time, summed up since the node was first used. What the sum grows by
// while a request runs, over its own time, is how many shared the machine with it.
#pragma once

#include "domain/values.hpp"

#include <map>

namespace rr {

class Share {
 public:
  void enter(const ModelName& model, Time now) {  // a request begins
    pass(now);
    ++at_work_[model.key()];
  }
  void leave(const ModelName& model, Time now) {
    pass(now);
    const auto found = at_work_.find(model.key());
    if (found != at_work_.end() && --found->second == 0) at_work_.erase(found);
  }
  Duration sum(Time now) const { return sum_ + (now - counted_) * static_cast<int>(at_work_.size()); }

 private:
  void pass(Time now) {
    sum_ = sum(now);
    counted_ = now;
  }

  std::map<std::string, int> at_work_{};  // requests, by model
  Duration sum_{};
  Time counted_{};
};

}  // namespace rr
