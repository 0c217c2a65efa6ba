// Which prompts a running model still has, as far as the router can know.
#include "domain/prompt_cache.hpp"

#include <doctest/doctest.h>

namespace prompt_cache_test {

using namespace rr;

namespace {

constexpr double plenty = 1e9;

// A conversation as hashes: a link says where it came from and what was said, 100 tokens a message.
Chain chain(std::initializer_list<std::uint64_t> said) {
  Chain out;
  std::uint64_t h = 0;
  for (const std::uint64_t word : said) {
    h = h * 1'000'003 + word;
    out.push_back({h, static_cast<std::int64_t>(100 * (out.size() + 1))});
  }
  return out;
}

}  // namespace

TEST_CASE("nothing is cached of a conversation never served") {
  PromptCache cache;
  CHECK(cache.depth(chain({1, 2})) == PromptCache::never);
  CHECK(cache.cached(chain({1, 2}), plenty) == 0);
  CHECK_FALSE(cache.full(chain({1, 2}), 0));
}

TEST_CASE("a conversation that goes on finds prompt and answer of its last turn") {
  PromptCache cache;
  cache.finished(chain({1, 2}), 260);
  CHECK(cache.depth(chain({1, 2, 3, 4})) == 0);
  CHECK(cache.cached(chain({1, 2, 3, 4}), 0) == 260);
  cache.finished(chain({1, 2, 3, 4}), 470);
  CHECK(cache.size() == 1);
  CHECK(cache.cached(chain({1, 2, 3, 4, 5}), 0) == 470);
}

TEST_CASE("an edited end keeps what stands before it") {
  PromptCache cache;
  cache.finished(chain({1, 2, 3, 4}), 450);
  CHECK(cache.cached(chain({1, 2, 3, 9}), plenty) == 300);
  CHECK(cache.depth(chain({1, 2, 3, 9})) == 0);
}

TEST_CASE("a conversation of which most was taken back is another one") {
  PromptCache cache;
  cache.finished(chain({1, 2, 3, 4, 5, 6}), 650);
  CHECK(cache.cached(chain({1, 2, 9}), plenty) == 0);
  CHECK(cache.depth(chain({1, 2, 9})) == PromptCache::never);
}

TEST_CASE("two conversations whose first link differs share nothing, whatever was said afterwards") {
  PromptCache cache;
  cache.finished(chain({1, 2, 3}), 300);
  CHECK(cache.depth(chain({7, 2, 3})) == PromptCache::never);
  CHECK(cache.cached(chain({7, 2, 3}), plenty) == 0);
  cache.finished(chain({7, 2, 3}), 300);
  CHECK(cache.size() == 2);
}

TEST_CASE("of several kept conversations the one that shares most is meant") {
  PromptCache cache;
  cache.finished(chain({1, 2, 3}), 300);
  cache.finished(chain({1, 5, 6, 7}), 400);  // went another way after the first message
  REQUIRE(cache.size() == 2);
  CHECK(cache.cached(chain({1, 5, 6, 7, 8}), plenty) == 400);
  CHECK(cache.cached(chain({1, 2, 3, 4}), plenty) == 300);
}

TEST_CASE("depth is 0 for who was served last, else what the host cache must keep: the own prompt and the newer ones but the last") {
  PromptCache cache;
  cache.finished(chain({1}), 1000);
  cache.finished(chain({2}), 200);
  cache.finished(chain({3}), 30);
  CHECK(cache.depth(chain({3, 9})) == 0);
  CHECK(cache.depth(chain({2, 9})) == 200);
  CHECK(cache.depth(chain({1, 9})) == 1200);
  cache.finished(chain({1, 9}), 1100);  // in the slot now
  CHECK(cache.depth(chain({1, 9})) == 0);
  CHECK(cache.depth(chain({2, 9})) == 230);
}

TEST_CASE("what lies deeper than the cache has room for is gone, to the token") {
  PromptCache cache;
  cache.finished(chain({1}), 1000);
  cache.finished(chain({2}), 200);
  CHECK(cache.cached(chain({1, 9}), 1000) == 1000);
  CHECK(cache.cached(chain({1, 9}), 999) == 0);
  CHECK(cache.cached(chain({2, 9}), 0) == 200);  // the slot needs no room
}

TEST_CASE("the cache is full when the others' prompts alone are more than its room") {
  PromptCache cache;
  cache.finished(chain({1}), 1000);
  cache.finished(chain({2}), 200);
  CHECK_FALSE(cache.full(chain({1, 9}), 200));
  CHECK(cache.full(chain({1, 9}), 199));
  CHECK_FALSE(cache.full(chain({3}), 1200));
  CHECK(cache.full(chain({3}), 1199));
}

TEST_CASE("sixty-four conversations are remembered; the least recent one is forgotten first") {
  PromptCache cache;
  for (std::uint64_t i = 1; i <= 64; ++i) cache.finished(chain({i}), 10);
  cache.finished(chain({1, 5}), 20);  // used again
  CHECK(cache.size() == 64);
  cache.finished(chain({100}), 10);
  CHECK(cache.size() == 64);
  CHECK(cache.cached(chain({1, 5}), plenty) == 20);
  CHECK(cache.cached(chain({2}), plenty) == 0);
  CHECK(cache.cached(chain({3}), plenty) == 10);
}

TEST_CASE("an unknown conversation is not remembered") {
  PromptCache cache;
  cache.finished({}, 100);
  CHECK(cache.size() == 0);
  CHECK(cache.cached({}, plenty) == 0);
}

TEST_CASE("after an unload nothing is there") {
  PromptCache cache;
  cache.finished(chain({1}), 100);
  cache.clear();
  CHECK(cache.size() == 0);
  CHECK(cache.depth(chain({1})) == PromptCache::never);
}

}  // namespace prompt_cache_test
