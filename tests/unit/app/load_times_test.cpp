#include "app/load_times.hpp"

#include <doctest/doctest.h>

namespace load_times_test {

using namespace rr;
using namespace rr::app;
using namespace std::chrono_literals;

namespace {
LoadTimes times(std::optional<Duration> mapped, std::optional<Duration> read, std::string why = "") {
  return {.node = "mac-mini", .model = ModelName("qwen3-coder:30b"), .file = 19'000'000'000, .mapped = mapped, .read = read, .why = std::move(why)};
}
}  // namespace

TEST_CASE("a load that is clearly faster one way gets its line for the YAML") {
  CHECK(text(times(27142ms, 3800ms)) ==
        "ok    mac-mini   qwen3-coder:30b            with mmap 27.1 s = 0.70 GB/s, without 3.8 s = 5.00 GB/s\n"
        "      models: { \"qwen3-coder:30b\": { use_mmap: false } }\n");
  CHECK(text(times(3800ms, 27142ms)).find("use_mmap: true }") != std::string::npos);
  CHECK(text(times(10000ms, 9500ms)).find("no clear difference, leave use_mmap out\n") != std::string::npos);
}

TEST_CASE("what was not measured says why") {
  CHECK(text(times({}, {}, "it is loaded already")) == "?     mac-mini   qwen3-coder:30b            it is loaded already\n");
  CHECK(text(times(27142ms, {}, "it did not load: no room")) ==
        "?     mac-mini   qwen3-coder:30b            with mmap 27.1 s = 0.70 GB/s, without not measured: it did not load: no room\n");
}

}  // namespace load_times_test
