// Whole lines out of chunks: what stands behind the last newline waits for its rest. A line that outgrows `limit` bytes goes
// on in parts.
#pragma once

#include <string>
#include <string_view>

namespace rr::wire {

class WholeLines {
 public:
  explicit WholeLines(std::size_t limit) : limit_(limit) {}

  // The part of `chunk` (and what waited) that may go on now.
  std::string_view add(std::string_view chunk) {
    given_.clear();
    const std::size_t newline = chunk.rfind('\n');
    const std::size_t whole = newline == std::string_view::npos ? 0 : newline + 1;
    if (waiting_.empty() && whole == chunk.size()) return chunk;
    if (whole > 0) {
      given_.swap(waiting_);
      given_ += chunk.substr(0, whole);
    }
    waiting_ += chunk.substr(whole);
    if (waiting_.size() > limit_) {
      given_ += waiting_;
      waiting_.clear();
    }
    return given_;
  }
  std::string_view rest() const { return waiting_; }

 private:
  std::size_t limit_;
  std::string waiting_, given_;
};

}  // namespace rr::wire
