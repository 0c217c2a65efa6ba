#include "loopback.hpp"

#include "wire/listener.hpp"
#include "wire/os.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

namespace listener_test {

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

TEST_CASE("localhost means 127.0.0.1 and ::1 at one port, and both accept") {
  asio::io_context io;
  auto listener = Listener::open(io.get_executor(), {{"localhost", 0}});
  REQUIRE(listener.has_value());
  int accepted = 0;
  listener->run([&](Socket socket) {
    tcp::no_delay no_delay;
    socket.get_option(no_delay);
    CHECK(no_delay.value());
    ++accepted;
  });
  int dialled = 0;
  for (const tcp::endpoint& endpoint : listener->endpoints()) {
    CHECK(endpoint.port() == listener->port());
    CHECK(endpoint.address().is_loopback());
    Socket socket(io.get_executor());
    socket.connect(endpoint);
    ++dialled;
  }
  CHECK(dialled >= 1);
  CHECK(listener->endpoints().front().address().is_v4());
  until(io, [&] { return accepted == dialled; });
  listener->stop();
  Socket late(io.get_executor());
  error_code ec;
  late.connect({asio::ip::address_v4::loopback(), dialled ? listener->port() : std::uint16_t{1}}, ec);
  CHECK(ec);
}

TEST_CASE("a port in use names the address, its holder and the way out, and nothing is half bound") {
  asio::io_context io;
  Door door(io);
  auto listener = Listener::open(io.get_executor(), {{"127.0.0.1", 0}, door.address()});
  REQUIRE(listener.has_error());
  CHECK(listener.error().find(to_text(door.address())) != std::string::npos);
  CHECK(listener.error().find("in use") != std::string::npos);
  CHECK(listener.error().find("--listen") != std::string::npos);
#if defined(__linux__)
  CHECK(listener.error().find("pid " + std::to_string(::getpid())) != std::string::npos);
  CHECK(os::holder_of_port(door.port()).starts_with("pid " + std::to_string(::getpid()) + " ("));
#endif
}

TEST_CASE("an address that is not of this machine, or no address, is an error with a way out") {
  asio::io_context io;
  auto foreign = Listener::open(io.get_executor(), {{"192.0.2.1", 0}});
  REQUIRE(foreign.has_error());
  CHECK(foreign.error().find("192.0.2.1") != std::string::npos);
  auto name = Listener::open(io.get_executor(), {{"mac-mini.local", 8000}});
  REQUIRE(name.has_error());
  CHECK(name.error().find("mac-mini.local") != std::string::npos);
  CHECK(Listener::open(io.get_executor(), {}).has_error());
}

TEST_CASE("above the most connections a new one is told 503 and closed") {
  asio::io_context io;
  auto listener = Listener::open(io.get_executor(), {{"127.0.0.1", 0}});
  REQUIRE(listener.has_value());
  std::vector<Socket> accepted;
  listener->run([&](Socket socket) { accepted.push_back(std::move(socket)); }, [&] { return accepted.size() >= 2; });
  std::vector<std::shared_ptr<Raw>> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(dial(io, listener->port()));
  until(io, [&] { return clients.back()->ended && accepted.size() == 2; });
  CHECK(status_of(clients.back()->got) == 503);
  CHECK(clients.back()->got.find("Retry-After: ") != std::string::npos);
  CHECK_FALSE(clients.front()->ended);
  listener->stop();
}

TEST_CASE("open_files counts this process's descriptors") {
  const std::size_t before = os::open_files();
  asio::io_context io;
  Socket one(io.get_executor(), tcp::v4());
  const std::size_t with_one = os::open_files();
  Socket two(io.get_executor(), tcp::v4());
  CHECK(with_one > before);
  CHECK(os::open_files() == with_one + 1);
  two.close();
  CHECK(os::open_files() == with_one);
}

}  // namespace listener_test
