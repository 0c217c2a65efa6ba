#include "wire/aside.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <doctest/doctest.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>

namespace aside_test {

using namespace rr;

namespace {

wire::Task<void> work_aside(wire::Executor loop, std::function<std::string()> work, std::string& out) {
  try {
    out = co_await wire::aside(loop, work);
  } catch (const std::exception& e) {
    out = std::string("thrown: ") + e.what();
  }
}

}  // namespace

TEST_CASE("the loop turns while something is worked at beside it") {
  wire::asio::io_context io{1};
  std::promise<void> turned;
  auto seen = turned.get_future();
  std::string out;
  const auto work = [&] { return std::string(seen.wait_for(std::chrono::seconds(60)) == std::future_status::ready ? "the loop turned" : "the loop stood"); };
  wire::asio::co_spawn(io.get_executor(), work_aside(io.get_executor(), work, out), wire::asio::detached);
  wire::asio::post(io, [&] { turned.set_value(); });
  io.run();
  CHECK(out == "the loop turned");
}

TEST_CASE("what is thrown beside the loop is thrown to who waits for it") {
  wire::asio::io_context io{1};
  std::string out;
  wire::asio::co_spawn(io.get_executor(), work_aside(io.get_executor(), []() -> std::string { throw std::runtime_error("no"); }, out), wire::asio::detached);
  io.run();
  CHECK(out == "thrown: no");
}

TEST_CASE("a loop that ends in the middle of it waits for the work, and frees who waited") {
  const auto held = std::make_shared<int>(1);
  std::string out;
  {
    wire::asio::io_context io{1};
    std::promise<void> began;
    auto started = began.get_future();
    const auto work = [&began, held] { began.set_value(); return std::string("done"); };
    wire::asio::co_spawn(io.get_executor(), work_aside(io.get_executor(), work, out), wire::asio::detached);
    io.poll_one();
    started.wait();
  }
  CHECK(out.empty());
  CHECK(held.use_count() == 1);
}

}  // namespace aside_test
