#include "wire/block.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace rr::wire {

namespace {

// Sizes of memory, padding included: 1 KiB, 2 KiB ... 1 MiB come from a free list, larger ones from malloc.
constexpr std::size_t smallest = 1024, largest = 1u << 20;
constexpr std::size_t classes = 11;
constexpr std::size_t kept_bytes = 4u << 20;  // of each class

std::size_t class_of(std::size_t size) {
  std::size_t i = 0;
  for (std::size_t s = smallest; s < size; s *= 2) ++i;
  return i;
}

class FreeList {
 public:
  ~FreeList() {
    for (auto& list : lists_)
      for (char* memory : list) std::free(memory);
  }
  char* take(std::size_t index) {
    auto& list = lists_[index];
    if (list.empty()) return static_cast<char*>(std::malloc(smallest << index));
    char* memory = list.back();
    list.pop_back();
    return memory;
  }
  void give(char* memory, std::size_t index) noexcept {
    auto& list = lists_[index];
    if ((list.size() + 1) * (smallest << index) > kept_bytes) return std::free(memory);
    list.push_back(memory);
  }
  FreeList() {
    for (std::size_t i = 0; i < classes; ++i) lists_[i].reserve(kept_bytes / (smallest << i));  // give() never allocates
  }
  FreeList(const FreeList&) = delete;
  FreeList& operator=(const FreeList&) = delete;

 private:
  std::array<std::vector<char*>, classes> lists_;
};

FreeList& free_list() {
  thread_local FreeList list;
  return list;
}

// Memory for `capacity` bytes and the padding: what is really taken from the budget.
std::size_t memory_for(std::size_t capacity) {
  const std::size_t size = capacity + Block::padding;
  return size <= largest ? smallest << class_of(size) : size;
}

char* take_memory(std::size_t size) {
  return size <= largest ? free_list().take(class_of(size)) : static_cast<char*>(std::malloc(size));
}

void give_memory(char* memory, std::size_t size) noexcept {
  if (size <= largest) free_list().give(memory, class_of(size));
  else std::free(memory);
}

}  // namespace

Block Block::take(Budget& budget, std::size_t capacity) {
  Block block;
  block.budget_ = &budget;
  if (!block.grow(capacity)) block.budget_ = nullptr;
  return block;
}

Block::Block(Block&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      budget_(std::exchange(other.budget_, nullptr)) {}

Block& Block::operator=(Block&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  budget_ = std::exchange(other.budget_, nullptr);
  return *this;
}

Block::~Block() { give_back(); }

bool Block::grow(std::size_t capacity) {
  if (capacity <= capacity_ && data_) return true;
  if (!budget_) return false;
  const std::size_t had = data_ ? capacity_ + padding : 0, wanted = memory_for(capacity);
  const Bytes more = static_cast<Bytes>(wanted) - static_cast<Bytes>(had);
  if (budget_->used_ + more > budget_->limit_) return false;
  char* memory = nullptr;
  if (had > largest) {  // malloc's own on both sides: the kernel moves the pages
    memory = static_cast<char*>(std::realloc(data_, wanted));
    if (!memory) return false;
  } else {
    memory = take_memory(wanted);
    if (!memory) return false;
    if (data_) {
      std::memcpy(memory, data_, size_);
      give_memory(data_, had);
    }
  }
  budget_->used_ += more;
  data_ = memory;
  capacity_ = wanted - padding;
  std::memset(data_ + size_, 0, padding);
  return true;
}

void Block::resize(std::size_t n) {
  size_ = n;
  if (data_) std::memset(data_ + size_, 0, padding);
}

void Block::give_back() {
  if (data_) {
    give_memory(data_, capacity_ + padding);
    budget_->used_ -= static_cast<Bytes>(capacity_ + padding);
  }
  data_ = nullptr;
  size_ = capacity_ = 0;
  budget_ = nullptr;
}

}  // namespace rr::wire
