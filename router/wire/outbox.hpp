// Bytes on their way to a client: appended here, offered to the kernel in gather writes, counted against a budget.
#pragma once

#include "wire/block.hpp"

#include <boost/asio/buffer.hpp>

#include <array>
#include <string>
#include <vector>

namespace rr::wire {

class Outbox {
 public:
  static constexpr std::size_t most_buffers = 16;
  using Buffers = std::array<boost::asio::const_buffer, most_buffers>;

  Outbox() = default;
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  ~Outbox() { charge(nullptr); }

  void append(std::string_view);
  void take(std::string);               // the same, a large one without copying
  std::size_t size() const { return size_; }
  std::size_t front(Buffers&) const;    // the first parts, for one gather write; how many buffers
  void consume(std::size_t n);
  void clear();
  void charge(Budget*);                 // from now on what waits here counts there; null: nowhere

 private:
  void count(Bytes change) {
    size_ = static_cast<std::size_t>(static_cast<Bytes>(size_) + change);
    if (budget_) budget_->add(change);
  }

  std::vector<std::string> parts_;
  std::string spare_;                   // an emptied part, for the next append
  std::size_t first_ = 0, offset_ = 0, size_ = 0;
  Budget* budget_ = nullptr;
};

}  // namespace rr::wire
