// What an engine need not compute again.
#include "sim/prefix_cache.hpp"

#include <doctest/doctest.h>

namespace prefix_cache_test {

using rr::sim::PrefixCache;

namespace {

constexpr rr::Bytes kv = 1024;  // a token

std::string text(char of, std::size_t tokens) { return std::string(4 * tokens, of); }

}  // namespace

TEST_CASE("a prompt costs what follows its longest common beginning with one that was computed") {
  PrefixCache cache;
  CHECK(cache.cached(text('a', 100)) == 0);
  cache.keep(text('a', 100), kv, 0);
  CHECK(cache.cached(text('a', 100)) == 100);
  CHECK(cache.cached(text('a', 100) + text('b', 50)) == 100);
  CHECK(cache.cached(text('a', 40) + text('b', 50)) == 40);
  CHECK(cache.cached(text('a', 40) + "aab") == 40);  // no token is cached in part
  CHECK(cache.cached(text('b', 50)) == 0);
}

TEST_CASE("the newest has the slot, the others share the host cache, the least recent leaves first") {
  PrefixCache cache;
  cache.keep(text('a', 100), kv, 250 * kv);
  cache.keep(text('b', 100), kv, 250 * kv);
  cache.keep(text('c', 900), kv, 250 * kv);
  CHECK(cache.size() == 3);
  cache.keep(text('d', 10), kv, 250 * kv);  // a, b and c would be 1100
  CHECK(cache.cached(text('d', 10)) == 10);
  CHECK(cache.size() == 1);
}

TEST_CASE("a conversation that goes on is kept once") {
  PrefixCache cache;
  cache.keep(text('a', 100), kv, 1000 * kv);
  cache.keep(text('b', 100), kv, 1000 * kv);
  cache.keep(text('a', 150), kv, 1000 * kv);
  CHECK(cache.size() == 2);
  CHECK(cache.cached(text('a', 200)) == 150);
  CHECK(cache.cached(text('b', 200)) == 100);
}

}  // namespace prefix_cache_test
