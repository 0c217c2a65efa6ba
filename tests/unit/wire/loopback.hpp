// The stage of the wire tests: one io_context, raw sockets that say scripted bytes, and steps that run the loop until a fact
// holds. Nothing here looks at a clock: a fact that never comes true hangs, and CTest ends it.
#pragma once

#include "wire/client.hpp"
#include "wire/upstream.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace rr::wire::test {

// Runs the loop until `holds` is true.
template <class Fact>
void until(asio::io_context& io, Fact holds) {
  while (!holds()) {
    io.restart();
    io.run_one();
  }
}

// Runs what is ready now, and what that makes ready.
inline void settle(asio::io_context& io) {
  io.restart();
  while (io.poll() > 0) io.restart();
}

template <class T>
Task<void> keep_result(Task<T> task, std::shared_ptr<std::optional<T>> result) {
  T value = co_await std::move(task);
  result->emplace(std::move(value));
}

// A coroutine under way, while the test does something else.
template <class T>
class Running {
 public:
  Running(asio::io_context& io, Task<T> task) : io_(io) {
    asio::co_spawn(io.get_executor(), keep_result(std::move(task), result_), asio::detached);
  }
  bool done() const { return result_->has_value(); }
  T& wait() {
    until(io_, [&] { return done(); });
    return **result_;
  }

 private:
  asio::io_context& io_;
  std::shared_ptr<std::optional<T>> result_ = std::make_shared<std::optional<T>>();
};

// Runs the loop until the coroutine has returned.
template <class T>
T run(asio::io_context& io, Task<T> task) {
  Running<T> running(io, std::move(task));
  return std::move(running.wait());
}

// One end of a connection, in raw bytes: reads all the time, writes what it is told.
class Raw : public std::enable_shared_from_this<Raw> {
 public:
  explicit Raw(Socket s) : socket(std::move(s)) {}
  Raw(asio::io_context& io, std::uint16_t port) : socket(io.get_executor()) {
    socket.connect({asio::ip::address_v4::loopback(), port});
  }

  void listen() {
    if (deaf || closed) return;
    socket.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](error_code ec, std::size_t n) {
      self->got.append(self->buffer_, n);
      if (ec) {
        self->ended = true;
        self->why = ec;
      } else {
        self->listen();
      }
    });
  }
  void say(std::string bytes) {
    auto held = std::make_shared<std::string>(std::move(bytes));
    ++writing;
    asio::async_write(socket, asio::buffer(*held), [self = shared_from_this(), held](error_code ec, std::size_t) {
      --self->writing;
      if (ec) self->write_failed = true;
    });
  }
  void half_close() { socket.shutdown(tcp::socket::shutdown_send); }
  void close() {
    closed = true;
    error_code ignored;
    socket.close(ignored);
  }
  void reset() {
    socket.set_option(asio::socket_base::linger(true, 0));
    close();
  }

  Socket socket;
  std::string got;
  bool ended = false, closed = false, deaf = false, write_failed = false;
  error_code why;
  int writing = 0;

 private:
  char buffer_[16 * 1024];
};

inline std::shared_ptr<Raw> dial(asio::io_context& io, std::uint16_t port, bool deaf = false) {
  auto raw = std::make_shared<Raw>(io, port);
  raw->deaf = deaf;
  raw->listen();
  return raw;
}

// A listening socket that hands out what came, in order.
class Door {
 public:
  explicit Door(asio::io_context& io) : io_(io), acceptor_(io.get_executor(), {asio::ip::address_v4::loopback(), 0}) {}
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  Address address() const { return {"127.0.0.1", port()}; }
  Socket next() {
    std::optional<Socket> came;
    acceptor_.async_accept([&](error_code, Socket socket) { came.emplace(std::move(socket)); });
    until(io_, [&] { return came.has_value(); });
    return std::move(*came);
  }
  void on_next(std::function<void(Socket)> take) {
    acceptor_.async_accept([take = std::move(take)](error_code ec, Socket socket) {
      if (!ec) take(std::move(socket));
    });
  }
  std::shared_ptr<Raw> next_raw() {
    auto raw = std::make_shared<Raw>(next());
    raw->listen();
    return raw;
  }
  void close() { acceptor_.close(); }

 private:
  asio::io_context& io_;
  Acceptor acceptor_;
};

// A Client and the raw socket at its other end.
struct Pair {
  explicit Pair(asio::io_context& io, ClientLimits limits = {}, bool deaf = false) : door(io) {
    raw = dial(io, door.port(), deaf);
    client.emplace(door.next(), limits, bodies);
  }
  Door door;
  Budget bodies{Bytes{64} << 20};
  std::shared_ptr<Raw> raw;
  std::optional<Client> client;
};

inline int status_of(std::string_view reply) {
  return reply.size() > 12 ? std::stoi(std::string(reply.substr(9, 3))) : 0;
}

}  // namespace rr::wire::test
