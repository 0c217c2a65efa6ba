#include "wire/block.hpp"

#include <doctest/doctest.h>

#include <cstring>

namespace block_test {

using namespace rr;
using namespace rr::wire;

TEST_CASE("a block takes its memory from the budget and gives it back") {
  Budget budget(1u << 20);
  {
    Block block = Block::take(budget, 1000);
    CHECK(block.capacity() >= 1000);
    CHECK(budget.used() >= 1000);
    Block moved = std::move(block);
    CHECK(block.capacity() == 0);
    CHECK(moved.capacity() >= 1000);
    Block other = Block::take(budget, 10);
    other = std::move(moved);
    CHECK(other.capacity() >= 1000);
    other.give_back();
    CHECK(budget.used() == 0);
    CHECK(other.view().empty());
  }
  CHECK(budget.used() == 0);
}

TEST_CASE("a spent budget gives an empty block, and a refused growth keeps the bytes") {
  Budget budget(8 * 1024);
  Block block = Block::take(budget, 4000);
  std::memcpy(block.data(), "hello", 5);
  block.resize(5);
  CHECK(Block::take(budget, 5000).capacity() == 0);
  CHECK_FALSE(block.grow(100000));
  CHECK(block.view() == "hello");
  CHECK(budget.used() <= budget.limit());
}

TEST_CASE("growing keeps the bytes and the padding, from the free list into large memory") {
  Budget budget(64u << 20);
  Block block = Block::take(budget, 10);
  std::string expected;
  while (expected.size() < (5u << 20)) {
    const std::string more(1 + expected.size() / 2, static_cast<char>('a' + expected.size() % 26));
    REQUIRE(block.grow(expected.size() + more.size()));
    std::memcpy(block.data() + expected.size(), more.data(), more.size());
    expected += more;
    block.resize(expected.size());
    REQUIRE((block.view() == expected));
    for (std::size_t i = 0; i < Block::padding; ++i) REQUIRE(block.data()[block.size() + i] == '\0');
  }
  block.give_back();
  CHECK(budget.used() == 0);
}

TEST_CASE("memory that was used before comes back with its padding zeroed") {
  Budget budget(1u << 20);
  for (int round = 0; round < 3; ++round) {
    Block block = Block::take(budget, 100);
    for (std::size_t i = 0; i < Block::padding; ++i) CHECK(block.data()[i] == '\0');
    std::memset(block.data(), 'x', block.capacity() + Block::padding);
  }
}

}  // namespace block_test
