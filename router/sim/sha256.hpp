// SHA-256 (FIPS 180-4), for the digests of blobs.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace rr::sim {

class Sha256 {
 public:
  void add(std::string_view);
  std::string hex();  // 64 digits; ends it

 private:
  void block(const unsigned char*);
  std::array<std::uint32_t, 8> h_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> rest_{};
  std::size_t held_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace rr::sim
