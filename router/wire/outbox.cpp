#include "wire/outbox.hpp"

#include <utility>

namespace rr::wire {

namespace {
constexpr std::size_t part_size = 64 * 1024;   // small appends are gathered in parts of this size
constexpr std::size_t worth_taking = 8 * 1024;
constexpr std::size_t spare_size = 4 * 1024;   // a larger part's memory is not kept
}  // namespace

void Outbox::append(std::string_view bytes) {
  if (bytes.empty()) return;
  if (parts_.size() == first_ || parts_.back().size() + bytes.size() > part_size) {
    parts_.push_back(std::move(spare_));
    spare_ = {};
  }
  parts_.back() += bytes;
  count(static_cast<Bytes>(bytes.size()));
}

void Outbox::take(std::string bytes) {
  if (bytes.size() < worth_taking) return append(bytes);
  count(static_cast<Bytes>(bytes.size()));
  parts_.push_back(std::move(bytes));
}

std::size_t Outbox::front(Buffers& buffers) const {
  std::size_t count = 0, offset = offset_;
  for (std::size_t i = first_; i < parts_.size() && count < most_buffers; ++i) {
    buffers[count++] = {parts_[i].data() + offset, parts_[i].size() - offset};
    offset = 0;
  }
  return count;
}

void Outbox::consume(std::size_t n) {
  count(-static_cast<Bytes>(n));
  while (n > 0) {
    std::string& part = parts_[first_];
    const std::size_t left = part.size() - offset_;
    if (n < left) {
      offset_ += n;
      return;
    }
    n -= left;
    offset_ = 0;
    if (part.capacity() <= spare_size) {
      spare_ = std::move(part);
      spare_.clear();
    }
    part = {};
    ++first_;
  }
  if (first_ == parts_.size() || first_ >= most_buffers) {
    parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void Outbox::clear() {
  count(-static_cast<Bytes>(size_));
  parts_.clear();
  first_ = offset_ = 0;
}

void Outbox::charge(Budget* budget) {
  if (budget_) budget_->add(-static_cast<Bytes>(size_));
  budget_ = budget;
  if (budget_) budget_->add(static_cast<Bytes>(size_));
}

}  // namespace rr::wire
