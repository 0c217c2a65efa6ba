// Bytes read ahead from a socket: appended behind, consumed in front, moved or grown only in room().
#pragma once

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace rr::wire {

class ReadBuffer {
 public:
  explicit ReadBuffer(std::size_t first) : first_(first) {}

  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  void consume(std::size_t n) { begin_ += n; }  // moves nothing: a read may be under way into the last room

  // Where the next read may put bytes; empty when `most` are held. Grows when full, or towards `easy` after a read that
  // filled the last room. Invalidates view().
  boost::asio::mutable_buffer room(std::size_t easy, std::size_t most) {
    if (!data_) allocate(first_);
    if (begin_ == end_) begin_ = end_ = 0;
    const bool crowded = end_ == capacity_;
    if (crowded && begin_ > 0) {
      std::memmove(data_.get(), data_.get() + begin_, size());
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == capacity_ || (crowded && capacity_ < easy) || (filled_ && capacity_ < easy)) {
      const std::size_t wanted = std::min(capacity_ * 2, std::max(most, first_));
      if (wanted > capacity_) allocate(wanted);
    }
    filled_ = false;
    const std::size_t free = size() < most ? std::min(capacity_ - end_, most - size()) : 0;
    return {data_.get() + end_, free};
  }
  void added(std::size_t n, bool filled) {
    end_ += n;
    filled_ = filled;
  }
  void forget(std::size_t larger_than) {  // gives large memory back; only when empty
    if (size() == 0 && capacity_ > larger_than) {
      data_.reset();
      capacity_ = begin_ = end_ = 0;
    }
  }

 private:
  void allocate(std::size_t capacity) {
    std::unique_ptr<char[]> larger(new char[capacity]);  // not zeroed: untouched pages cost nothing
    if (size() > 0) std::memcpy(larger.get(), data_.get() + begin_, size());
    end_ -= begin_;
    begin_ = 0;
    data_ = std::move(larger);
    capacity_ = capacity;
  }

  std::size_t first_;
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
  bool filled_ = false;
};

}  // namespace rr::wire
