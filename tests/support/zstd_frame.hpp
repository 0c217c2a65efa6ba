// Frames of zstd by hand (RFC 8878, 3.1): raw blocks, and blocks of one byte repeated.
#pragma once

#include <string>
#include <vector>

namespace rr::test {

inline std::string zstd_block(unsigned type, std::size_t size, const std::string& content) {
  const unsigned head = type << 1 | static_cast<unsigned>(size) << 3;
  return std::string{static_cast<char>(head & 0xff), static_cast<char>(head >> 8 & 0xff), static_cast<char>(head >> 16 & 0xff)} + content;
}
inline std::string zstd_raw(const std::string& bytes) { return zstd_block(0, bytes.size(), bytes); }       // at most 128 KiB
inline std::string zstd_repeat(char byte, std::size_t n) { return zstd_block(1, n, std::string(1, byte)); }  // at most 128 KiB

// `window_exponent`: the decoder must keep 1 KiB times 2 to that power.
inline std::string zstd_frame(const std::vector<std::string>& blocks, unsigned window_exponent = 7) {
  std::string out("\x28\xb5\x2f\xfd\x00", 5);
  out += static_cast<char>(window_exponent << 3);
  for (const std::string& block : blocks) out += block;
  return out + std::string("\x01\x00\x00", 3);  // the last block, empty
}

}  // namespace rr::test
