// What the harnesses share: a promise that ends the process when it does not hold, ways to cut bytes into pieces, and a body
// with the readable bytes behind it that the JSON reader is promised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace rr::fuzz {

inline void promise(bool holds, std::string_view what, std::string_view about = {}) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %.*s\n%.*s\n", static_cast<int>(what.size()), what.data(), static_cast<int>(about.size()), about.data());
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// Cuts bytes into pieces: all in one, byte by byte, or at places that depend on the bytes alone.
class Cuts {
 public:
  enum class Kind { whole, bytes, some };
  Cuts(std::string_view bytes, Kind kind) : rest_(bytes), kind_(kind) {
    for (const char c : bytes) state_ = (state_ ^ static_cast<unsigned char>(c)) * 1099511628211u;
    state_ |= 1;
  }
  bool next(std::string_view& piece) {
    if (rest_.empty()) return false;
    std::size_t size = rest_.size();
    if (kind_ == Kind::bytes) size = 1;
    if (kind_ == Kind::some) {
      state_ ^= state_ << 13, state_ ^= state_ >> 7, state_ ^= state_ << 17;
      size = 1 + static_cast<std::size_t>(state_ % (state_ % 4 == 0 ? 64 : 9));
      if (size > rest_.size()) size = rest_.size();
    }
    piece = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view rest_;
  Kind kind_;
  std::uint64_t state_ = 14695981039346656037u;
};

class Body {
 public:
  explicit Body(std::string_view text) : size_(text.size()), bytes_(text) { bytes_.append(64, '\0'); }
  std::string_view view() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  std::size_t size_;
  std::string bytes_;
};

}  // namespace rr::fuzz
