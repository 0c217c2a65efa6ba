#include "support/zstd_frame.hpp"
#include "wire/zstd.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <doctest/doctest.h>

namespace zstd_test {

using namespace rr;
using namespace rr::test;

namespace {

struct Unpacked {
  std::string bytes;
  int status = 200;
  std::string code;
  int turns = 0;  // of the loop
};

wire::Task<void> unpack(std::string_view packed, wire::Budget& bodies, std::size_t most, Unpacked& out) {
  auto whole = co_await wire::unzstd(packed, bodies, most);
  if (whole) {
    out.bytes = whole->view();
  } else {
    out.status = whole.error().status;
    out.code = whole.error().code;
  }
}

Unpacked unpacked(const std::string& packed, std::size_t most = wire::most_unpacked, Bytes budget = Bytes{256} << 20) {
  wire::asio::io_context io;
  wire::Budget bodies(budget);
  Unpacked out;
  wire::asio::co_spawn(io.get_executor(), unpack(packed, bodies, most, out), wire::asio::detached);
  while (io.run_one() > 0) ++out.turns;
  CHECK(bodies.used() == 0);
  return out;
}

const std::size_t block = 128 * 1024;

}  // namespace

TEST_CASE("raw and repeated blocks, and frames one behind the other, are unpacked") {
  CHECK(unpacked(zstd_frame({zstd_raw("hello "), zstd_repeat('a', 3)})).bytes == "hello aaa");
  CHECK(unpacked(zstd_frame({zstd_raw("one ")}) + zstd_frame({zstd_raw("two")})).bytes == "one two");
  CHECK(unpacked(zstd_frame({})).status == 200);
}

TEST_CASE("what is not zstd, ends too early or wants too large a window is a 400") {
  const std::string whole = zstd_frame({zstd_raw(std::string(500, 'x'))});
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const Unpacked cut = unpacked(whole.substr(0, n));
    CHECK(cut.status == 400);
    CHECK(cut.code == "content_encoding");
  }
  CHECK(unpacked("{}").status == 400);
  CHECK(unpacked(whole + "x").status == 400);
  CHECK(unpacked(zstd_frame({zstd_raw("x")}, 13)).status == 200);
  CHECK(unpacked(zstd_frame({zstd_raw("x")}, 14)).status == 400);
}

TEST_CASE("at most so many bytes, and at most a hundred times what came") {
  const std::string body(1000, 'x');
  CHECK(unpacked(zstd_frame({zstd_raw(body)}), 1000).bytes == body);
  CHECK(unpacked(zstd_frame({zstd_raw(body)}), 999).status == 413);
  const std::string bomb = zstd_frame({zstd_repeat(' ', block)});  // 13 bytes
  CHECK(unpacked(bomb).status == 413);
  CHECK(unpacked(bomb).code == "body_too_large");
  CHECK(unpacked(zstd_frame({zstd_raw(std::string(1400, 'x')), zstd_repeat(' ', block)})).bytes.size() == 1400 + block);
}

TEST_CASE("the loop is let go after each MiB, and the budget is kept") {
  const std::vector<std::string> blocks(32, zstd_raw(std::string(block - 1, 'x')));  // 4 MiB
  const Unpacked whole = unpacked(zstd_frame(blocks));
  CHECK(whole.bytes.size() == 32 * (block - 1));
  CHECK(whole.turns >= 4);
  CHECK(unpacked(zstd_frame(blocks), wire::most_unpacked, 1 << 20).status == 503);
}

}  // namespace zstd_test
