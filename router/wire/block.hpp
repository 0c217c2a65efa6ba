// One message body in one piece of memory, with room behind it for simdjson, out of a byte budget.
#pragma once

#include "domain/values.hpp"

#include <memory>
#include <string_view>

namespace rr::wire {

// All bodies held at once. One per process (or per test); outlives every Block taken from it.
class Budget {
 public:
  explicit Budget(Bytes limit) : limit_(limit) {}
  Bytes used() const { return used_; }
  Bytes limit() const { return limit_; }
  void limit(Bytes l) { limit_ = l; }

 private:
  friend class Block;
  friend class Outbox;
  void add(Bytes change) { used_ += change; }
  Bytes limit_, used_ = 0;
};

// Move-only. `padding` zero bytes stand behind size(). Blocks up to 1 MiB come from a size-class free list.
class Block {
 public:
  static constexpr std::size_t padding = 64;
  Block() = default;
  static Block take(Budget&, std::size_t capacity);  // empty() and capacity()==0 when the budget is spent
  Block(Block&&) noexcept;
  Block& operator=(Block&&) noexcept;
  ~Block();

  char* data() { return data_; }
  std::string_view view() const { return {data_, size_}; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool grow(std::size_t capacity);  // keeps the bytes; false when the budget is spent
  void resize(std::size_t n);       // n <= capacity; zeroes the padding
  void give_back();                 // memory returns to the budget at once

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
  Budget* budget_ = nullptr;
};

}  // namespace rr::wire
