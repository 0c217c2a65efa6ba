#include "app/warm_words.hpp"

#include <doctest/doctest.h>

namespace warm_words_test {

using namespace rr;
using rr::app::progress_words;
using std::chrono::seconds;

namespace {
api::Json health(const std::string& role, const std::string& swap) {
  return api::Json::parse(R"({"roles":{"coder":)" + role + R"(},"nodes":{"mac-mini":{"swap":)" + swap + "}}}");
}
constexpr auto waits = R"({"state":"after_swap","model":"qwen3-coder:30b","node":"mac-mini","why":"architect leaves when idle, then 19 GB load","expected_s":15})";
}  // namespace

TEST_CASE("what is going on for a role is told with the time it may take") {
  auto now = progress_words(health(waits, "null"), "coder", seconds(5));
  CHECK(now.words == "waiting: architect leaves when idle, then 19 GB load, 5 s of about 20 s");
  CHECK(now.bar == "[#####...............]");
  now = progress_words(health(waits, R"({"phase":"loading","model":"qwen3-coder:30b","victims":[]})"), "coder", seconds(10));
  CHECK(now.phase == "loading qwen3-coder:30b on mac-mini");
  CHECK(now.words == "loading qwen3-coder:30b on mac-mini, 10 s of about 25 s");
  now = progress_words(health(waits, R"({"phase":"unloading","model":"qwen3-coder:30b","victims":["a:1","b:2"]})"), "coder", seconds(1));
  CHECK(now.phase == "unloading a:1 and b:2 on mac-mini");
  now = progress_words(health(R"({"state":"ready","model":"qwen3-coder:30b","node":"mac-mini"})", "null"), "coder", seconds(2));
  CHECK(now.bar == "[####################]");
}

TEST_CASE("a /health that lacks the role or its node is no trouble") {
  CHECK(progress_words(api::Json::parse("{}"), "coder", seconds(1)).bar.empty());
  CHECK(progress_words(health(R"({"state":"unavailable"})", "null"), "coder", seconds(1)).phase == "waiting: unavailable");
  CHECK(progress_words(api::Json::parse(R"({"roles":{"coder":3},"nodes":[]})"), "coder", seconds(1)).bar.empty());
}

}  // namespace warm_words_test
