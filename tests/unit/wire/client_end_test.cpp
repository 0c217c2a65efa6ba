#include "client_stage.hpp"

#include "wire/os.hpp"

#include <doctest/doctest.h>

namespace client_end_test {

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

TEST_CASE("a client that leaves, or only half closes, is gone, and who watches hears it once and from the loop") {
  for (const int way : {0, 1, 2}) {
    asio::io_context io;
    Pair pair(io);
    pair.raw->say(get);
    auto received = receive(io, pair);
    int calls = 0, disarmed = 0;
    auto watch = pair.client->on_gone([&] { ++calls; });
    { auto dropped = pair.client->on_gone([&] { ++disarmed; }); }
    settle(io);
    CHECK_FALSE(pair.client->gone());
    if (way == 0) pair.raw->close();
    else if (way == 1) pair.raw->half_close();
    else pair.raw->reset();
    until(io, [&] { return calls > 0; });
    settle(io);
    CHECK(calls == 1);
    CHECK(disarmed == 0);
    CHECK(pair.client->gone());
    int late_calls = 0;
    auto late = pair.client->on_gone([&] { ++late_calls; });
    CHECK(late_calls == 0);
    until(io, [&] { return late_calls == 1; });
    pair.client->piece("x");
    pair.client->send(ok(), "x");
    CHECK(pair.client->pending() == 0);
    CHECK_FALSE(run(io, pair.client->drained()));
    auto next = receive(io, pair);
    CHECK(std::holds_alternative<Closed>(next));
  }
}

TEST_CASE("a client that leaves in the middle of a head or a body ends the reading, and the body's memory is given back") {
  for (const char* begun : {"", "GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc",
                            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
    asio::io_context io;
    Pair pair(io);
    if (*begun) pair.raw->say(begun);
    Running pending(io, pair.client->read_request({}));
    settle(io);
    until(io, [&] { return pair.raw->writing == 0; });
    settle(io);
    CHECK_FALSE(pending.done());
    pair.raw->close();
    until(io, [&] { return pending.done(); });
    CHECK(std::holds_alternative<Closed>(pending.wait()));
    CHECK(pair.bodies.used() == 0);
  }
}

TEST_CASE("close() ends a waiting read_request and tells who watches") {
  asio::io_context io;
  Pair pair(io);
  Running pending(io, pair.client->read_request({}));
    settle(io);
  int calls = 0;
  auto watch = pair.client->on_gone([&] { ++calls; });
  pair.client->close();
  CHECK(calls == 0);
  until(io, [&] { return pending.done() && calls == 1; });
  CHECK(std::holds_alternative<Closed>(pending.wait()));
  until(io, [&] { return pair.raw->ended; });
}

TEST_CASE("a Client may be destroyed at any moment: nothing is left open, nothing is called") {
  asio::io_context io;
  const Socket opener(io.get_executor(), tcp::v4());  // the reactor's own descriptors exist from here on
  const std::size_t files = os::open_files();
  int calls = 0;
  for (int moment = 0; moment < 7; ++moment) {
    Pair pair(io, {}, moment == 4);
    Client::Watch watch = pair.client->on_gone([&] { ++calls; });
    if (moment == 1) pair.raw->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
    if (moment > 1) pair.raw->say(get);
    if (moment > 1) auto received = receive(io, pair);
    if (moment == 3) pair.client->begin(ok());
    if (moment == 4) {
      pair.client->begin(ok());
      while (pair.client->pending() < 100000) pair.client->piece(std::string(100000, 'x'));
    }
    if (moment == 5) pair.client->send(ok(), "x", true);
    if (moment == 6) pair.client->close();
    settle(io);
    if (moment == 6) CHECK(std::exchange(calls, 0) == 1);
    pair.client.reset();
    CHECK(pair.bodies.used() == 0);
    pair.raw->close();
  }
  until(io, [&] { return os::open_files() == files; });
  CHECK(calls == 0);
}

TEST_CASE("an io_context may be destroyed with clients at work") {
  Budget bodies(Bytes{1} << 20);
  {
    asio::io_context io;
    Door door(io);
    auto raw = dial(io, door.port());
    auto client = std::make_shared<Client>(door.next(), ClientLimits{}, bodies);
    raw->say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
    asio::co_spawn(io.get_executor(), client->read_request({}), [client](std::exception_ptr, const Received&) {});
    client.reset();
    until(io, [&] { return raw->writing == 0; });
    settle(io);
    CHECK(bodies.used() > 0);
  }
  CHECK(bodies.used() == 0);
}

}  // namespace client_end_test
