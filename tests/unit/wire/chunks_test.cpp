#include "wire/framing.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace chunks_test {

using namespace rr::wire;

namespace {

struct Decoded {
  std::vector<std::string> chunks;
  bool ended = false, bad = false;
  std::size_t consumed = 0;
};

// Feeds the bytes in pieces that end at `cuts`.
Decoded decode(const std::string& bytes, const std::vector<std::size_t>& cuts) {
  Decoded out;
  ChunkDecoder decoder;
  std::string open;
  std::size_t from = 0;
  for (std::size_t part = 0; part <= cuts.size() && !out.bad && !out.ended; ++part) {
    const std::size_t to = part < cuts.size() ? cuts[part] : bytes.size();
    std::string_view in = std::string_view(bytes).substr(from, to - from);
    for (;;) {
      const auto step = decoder.next(in);
      out.consumed += step.consumed;
      in.remove_prefix(step.consumed);
      out.bad = out.bad || step.bad;
      open += step.payload;
      if (step.chunk_ends) {
        out.chunks.push_back(open);
        open.clear();
      }
      out.ended = out.ended || step.body_ends;
      if (step.bad || step.body_ends || step.consumed == 0) break;
    }
    from = to;
  }
  return out;
}

}  // namespace

TEST_CASE("the chunk decoder's table") {
  struct Row {
    std::string bytes;
    bool ended, bad;
    std::vector<std::string> chunks;
  };
  const std::vector<Row> rows{
      {"0\r\n\r\n", true, false, {}},
      {"3\r\nabc\r\n0\r\n\r\n", true, false, {"abc"}},
      {"3\r\nabc\r\n2\r\n\r\n\r\n0\r\n\r\n", true, false, {"abc", "\r\n"}},
      {"A\r\n0123456789\r\n000\r\n\r\n", true, false, {"0123456789"}},
      {"3;a=b;c=\"d e\"\r\nabc\r\n0;x\r\n\r\n", true, false, {"abc"}},
      {"0\r\nX: 1\r\nY: 2\r\n\r\n", true, false, {}},
      {"3\r\nab", false, false, {}},
      {"3\r\nabc", false, false, {"abc"}},
      {"3\r\nabc\r\n", false, false, {"abc"}},
      {"", false, false, {}},
      {"\r\n", false, true, {}},
      {"g\r\n", false, true, {}},
      {"3\rabc", false, true, {}},
      {"3;\r\nabc", false, true, {}},
      {"3 ;a\r\nabc", false, true, {}},
      {"3; a\r\nabc", false, true, {}},
      {"11112222333344445\r\n", false, true, {}},
      {"3\r\nabcX", false, true, {"abc"}},
      {"3\r\nabc\rX", false, true, {"abc"}},
      {"0\r\n\rX", false, true, {}},
      {"0\r\n folded\r\n\r\n", false, true, {}},
      {"0\r\nX: \n\r\n", false, true, {}},
      {"0\r\nX: 1\rY\r\n\r\n", false, true, {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bytes);
    const Decoded whole = decode(row.bytes, {});
    CHECK(whole.ended == row.ended);
    CHECK(whole.bad == row.bad);
    CHECK(whole.chunks == row.chunks);
    for (std::size_t cut = 0; cut <= row.bytes.size(); ++cut) {
      const Decoded halves = decode(row.bytes, {cut});
      CHECK(halves.ended == row.ended);
      CHECK(halves.bad == row.bad);
      CHECK(halves.chunks == row.chunks);
    }
  }
}

TEST_CASE("however the bytes are split, the chunks are those that were encoded, and what follows is not touched") {
  std::mt19937 random(20260718);
  const auto below = [&](unsigned n) { return static_cast<std::size_t>(random() % n); };
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> chunks(below(6));
    std::string bytes;
    for (std::string& chunk : chunks) {
      chunk.resize(1 + below(40));
      for (char& c : chunk) c = static_cast<char>(below(256));
      char size[24];
      std::snprintf(size, sizeof size, below(2) ? "%zx" : "%zX", chunk.size());
      bytes += size + std::string(below(3) == 0 ? ";ext=1" : "") + "\r\n" + chunk + "\r\n";
    }
    bytes += below(2) ? "0\r\n\r\n" : "0\r\nTrailer: x\r\n\r\n";
    const std::size_t size = bytes.size();
    bytes += "GET / HTTP/1.1\r\n";
    std::vector<std::size_t> cuts(below(8));
    for (std::size_t& cut : cuts) cut = below(static_cast<unsigned>(bytes.size() + 1));
    std::sort(cuts.begin(), cuts.end());
    const Decoded decoded = decode(bytes, cuts);
    CHECK_FALSE(decoded.bad);
    CHECK(decoded.ended);
    CHECK(decoded.chunks == chunks);
    CHECK(decoded.consumed == size);
  }
}

}  // namespace chunks_test
