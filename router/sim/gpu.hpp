// A machine's GPU, shared by what computes on it: between models in equal parts (swap report, section 3), within a model as one batch.
#pragma once

#include <map>
#include <string>

namespace rr::sim {

class Gpu {
 public:
  void begin(const std::string& model) { ++busy_[model]; }
  void end(const std::string& model) {
    if (--busy_[model] == 0) busy_.erase(model);
  }
  // How fast each request of a model computes now, against alone.
  double rate(const std::string& model) const {
    const auto found = busy_.find(model);
    if (found == busy_.end()) return 1;
    return (1 + batch_gain * (found->second - 1)) / found->second / static_cast<double>(busy_.size());
  }

 private:
  static constexpr double batch_gain = 0.55;  // what a second request of one model adds to its speed
  std::map<std::string, int> busy_;
};

}  // namespace rr::sim
