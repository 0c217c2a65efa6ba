#include "app/lines.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <unistd.h>

namespace lines_test {

using namespace rr;
using app::Lines;

namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("role-router-lines-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("lines reach the file in their order, behind what it holds already") {
  Folder folder;
  const auto path = folder.path / "access.jsonl";
  std::ofstream(path) << "old\n";
  wire::asio::io_context io;
  {
    auto lines = Lines::open(io.get_executor(), path.string());
    REQUIRE(lines.has_value());
    for (int i = 0; i < 1000; ++i) (*lines)->add(std::to_string(i));
  }
  std::string wanted = "old\n";
  for (int i = 0; i < 1000; ++i) wanted += std::to_string(i) + "\n";
  CHECK(text_of(path) == wanted);
}

TEST_CASE("after a rotation the old file has what came before, the new one what came after") {
  Folder folder;
  const auto path = folder.path / "access.jsonl", old = folder.path / "access.jsonl.1";
  wire::asio::io_context io;
  {
    auto lines = Lines::open(io.get_executor(), path.string());
    REQUIRE(lines.has_value());
    (*lines)->add("before");
    std::filesystem::rename(path, old);
    (*lines)->reopen();
    (*lines)->add("after");
  }
  CHECK(text_of(old) == "before\n");
  CHECK(text_of(path) == "after\n");
}

TEST_CASE("a full disk loses lines, says so, and nothing else") {
  wire::asio::io_context io;
  auto lines = Lines::open(io.get_executor(), "/dev/full");
  REQUIRE(lines.has_value());
  for (int i = 0; i < 10; ++i) (*lines)->add("x");
  (*lines)->hand_over();
  for (int i = 0; i < 3000 && (*lines)->lost() < 10; ++i) ::usleep(5000);
  CHECK((*lines)->complaint("access_log a.jsonl") == "access_log a.jsonl lost 10 lines: No space left on device");
}

TEST_CASE("who does not read a pipe holds nobody up; after a torn line the next one begins anew") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
  wire::asio::io_context io;
  std::string got(1 << 20, '\0');
  {
    Lines lines(io.get_executor(), ends[1]);
    const std::string line(999, 'a');
    for (int i = 0; i < 200; ++i) lines.add(line);  // 200 KB into a pipe of 64 KB
    lines.hand_over();
    for (int i = 0; i < 3000 && lines.lost() == 0; ++i) ::usleep(5000);
    CHECK(lines.lost() > 100);
    CHECK(lines.lost() < 200);
    std::size_t size = 0;
    while (size < 60000) size += static_cast<std::size_t>(::read(ends[0], got.data() + size, got.size() - size));
    got.resize(size);
    lines.add("b");
  }
  std::string rest(1 << 16, '\0');
  rest.resize(static_cast<std::size_t>(::read(ends[0], rest.data(), rest.size())));
  got += rest;
  CHECK(got.ends_with("\nb\n"));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a file that cannot be made is an error that says which and why") {
  wire::asio::io_context io;
  auto lines = Lines::open(io.get_executor(), "/proc/nowhere/access.jsonl");
  REQUIRE(!lines.has_value());
  CHECK(lines.error() == "/proc/nowhere/access.jsonl cannot be written: No such file or directory");
}

TEST_CASE("a log that is retired is written on while nobody waits for it") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  wire::asio::io_context io;
  auto lines = std::make_unique<Lines>(io.get_executor(), ends[1]);
  const std::string line(1 << 20, 'x');  // more than a pipe holds: its writer waits for the reader
  lines->add(line);
  Lines::retire(std::move(lines));  // returns, although nobody reads yet
  std::string got;
  char bytes[65536];
  while (got.size() < line.size() + 1) {
    const auto n = ::read(ends[0], bytes, sizeof bytes);
    REQUIRE(n > 0);
    got.append(bytes, static_cast<std::size_t>(n));
  }
  CHECK(got == line + "\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace lines_test
