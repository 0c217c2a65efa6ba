#include "settings/words.hpp"

#include <doctest/doctest.h>

namespace rr::settings::words_test {

using namespace std::chrono_literals;

TEST_CASE("durations are Go's words; a plain number is seconds; negative is for ever") {
  CHECK(parse_duration("2h") == Duration(2h));
  CHECK(parse_duration("1h30m10s") == Duration(5410s));
  CHECK(parse_duration("1.5h") == Duration(90min));
  CHECK(parse_duration(".5s") == Duration(500ms));
  CHECK(parse_duration("+5m") == Duration(5min));
  CHECK(parse_duration("7us") == Duration(7us));
  CHECK(parse_duration("7\u00B5s") == Duration(7us));
  CHECK(parse_duration("7\u03BCs") == Duration(7us));
  CHECK(parse_duration("9ns") == Duration(9ns));
  CHECK(parse_duration("30") == Duration(30s));
  CHECK(parse_duration("1.5") == Duration(1500ms));
  CHECK(parse_duration("0") == Duration(0s));
  CHECK(parse_duration("-0") == Duration(0s));
  CHECK(parse_duration("-1") == Duration(-1));
  CHECK(parse_duration("-90m") == Duration(-1));
  for (const char* bad : {"", "-", "+", ".", "h", "1d", "1h30", "30 s", "1h 30m", "1e3", "1H", "5min", "1..5s", "--1", "9999999h", "for ever"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad).has_value());
  }
}

TEST_CASE("sizes: GB is 10^9, GiB is 2^30, a plain number is bytes") {
  CHECK(parse_size("19GB") == 19 * gb);
  CHECK(parse_size("1.4GB") == Bytes{1'400'000'000});
  CHECK(parse_size("56GiB") == 56 * gib);
  CHECK(parse_size("17.7GiB") == Bytes{19'005'230'285});
  CHECK(parse_size("512MiB") == gib / 2);
  CHECK(parse_size("512 mb") == Bytes{512'000'000});
  CHECK(parse_size("64KiB") == Bytes{65536});
  CHECK(parse_size("64kB") == Bytes{64000});
  CHECK(parse_size("2TiB") == 2048 * gib);
  CHECK(parse_size("123456") == Bytes{123456});
  CHECK(parse_size("10B") == Bytes{10});
  CHECK(parse_size("0") == Bytes{0});
  for (const char* bad : {"", "GB", "1.4G", "19G", "-1GB", "1,4GB", "1 4GB", "19GBs", "99999999999TB", "0x10", "1e9"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad).has_value());
  }
}

TEST_CASE("sizes are written as a person would, and read back") {
  CHECK(size_text(56 * gib) == "56GiB");
  CHECK(size_text(19 * gb) == "19GB");
  CHECK(size_text(1'400'000'000) == "1400MB");
  CHECK(size_text(8 << 20) == "8MiB");
  CHECK(size_text(64 << 10) == "64KiB");
  CHECK(size_text(19'005'230'285) == "17.7GiB");
  CHECK(size_text(0) == "0");
  CHECK(size_text(7) == "7");
}

TEST_CASE("the nearest word is a slip of the hand away, or none is") {
  const std::vector<std::string> keys{"gpu_memory", "address", "type", "keep_alive"};
  CHECK(nearest("gpu_memmory", keys) == "gpu_memory");
  CHECK(nearest("gpu-memory", keys) == "gpu_memory");
  CHECK(nearest("GPU_Memory", keys) == "gpu_memory");
  CHECK(nearest("adress", keys) == "address");
  CHECK(nearest("keepalive", keys) == "keep_alive");
  CHECK(nearest("tpye", keys) == "type");
  CHECK(nearest("memory", keys) == "");
  CHECK(nearest("colour", keys) == "");
  CHECK(nearest("a", {"b"}) == "b");
  CHECK(nearest("ab", {"cd"}) == "");
  CHECK(nearest("x", {}) == "");
  CHECK(nearest(std::string(100'000, 'x'), keys) == "");
}

TEST_CASE("a word is quoted, and a long one is cut between two characters") {
  CHECK(in_quotes("coder") == "\"coder\"");
  std::string korean;
  for (int i = 0; i < 61; ++i) korean += "설";
  const std::string cut = in_quotes(korean);
  CHECK(cut.ends_with("설...\""));
  CHECK(cut.size() == 1 + 57 + 4);
}

}  // namespace rr::settings::words_test
