// Tells that this machine slept. Deadlines need no care: steady time stands still in a sleep, on macOS as on Linux. What is believed of
// others does: they went on without us.
#pragma once

#include "domain/values.hpp"

#include <utility>

namespace rr {

class Heartbeat {
 public:
  static constexpr Duration every = std::chrono::seconds(1), late = std::chrono::seconds(5);

  // At each beat, with the wall clock; how long the machine slept, when the beat came more than 5 s late.
  std::optional<Duration> beat(std::chrono::system_clock::time_point wall) {
    const auto last = std::exchange(last_, wall);
    if (!last || wall - *last <= every + late) return std::nullopt;
    return std::chrono::duration_cast<Duration>(wall - *last);
  }

 private:
  std::optional<std::chrono::system_clock::time_point> last_{};
};

}  // namespace rr
