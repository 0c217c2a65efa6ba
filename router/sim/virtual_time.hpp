// Virtual time: what is to happen, in order; of two things at the same moment the one said first comes first.
#pragma once

#include "domain/values.hpp"

#include <functional>
#include <queue>

namespace rr::sim {

class VirtualTime {
 public:
  using Deed = std::function<void()>;
  Time now() const { return now_; }
  void at(Time when, Deed deed) { deeds_.push({std::max(when, now_), ++said_, std::move(deed)}); }
  void after(Duration d, Deed deed) { at(now_ + d, std::move(deed)); }
  // The next thing; false when nothing is left, or only after `end`.
  bool step(Time end) {
    if (deeds_.empty() || deeds_.top().at > end) return false;
    Entry next = deeds_.top();
    deeds_.pop();
    now_ = next.at;
    next.deed();
    return true;
  }

 private:
  struct Entry {
    Time at{};
    std::uint64_t said = 0;
    Deed deed{};
    bool operator<(const Entry& other) const { return at != other.at ? at > other.at : said > other.said; }
  };
  std::priority_queue<Entry> deeds_{};
  Time now_{};
  std::uint64_t said_ = 0;
};

}  // namespace rr::sim
