// A cable between the router and a node: an address of its own (127.0.0.x) behind which the node stands. It can be cut, silently as a
// pulled plug does, in one direction or both; refuse, as a machine does on which nothing listens; and be mended. On the loop only.
#pragma once

#include "support/black_hole.hpp"
#include "wire/net.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rr::test {

class Cable {
 public:
  Cable(wire::asio::io_context& io, std::string host, std::uint16_t node) : io_(io), host_(std::move(host)), node_(node) { listen(0); }
  ~Cable() {
    *here_ = false;
    go_on();
    refuse();
  }
  Cable(const Cable&) = delete;

  const std::string& host() const { return host_; }
  std::uint16_t port() const { return port_; }
  std::string text() const { return host_ + ":" + std::to_string(port_); }

  // From now on nothing passes and nobody is let in. `half`: what the router sends still arrives.
  void cut(bool half = false) {
    for (auto& pair : pairs_) pair->deaf = true, pair->dumb = !half;
    stop_listening();
    hole_ = std::make_unique<BlackHole>(host_.c_str(), port_);
  }
  void refuse() {
    stop_listening();
    hole_.reset();
    for (auto& pair : pairs_) pair->close();
    pairs_.clear();
  }
  void mend() {  // what was cut off stays so
    hole_.reset();
    if (!acceptor_) listen(port_);
  }
  // The node is stopped as by SIGSTOP: its kernel takes connections and bytes, nobody answers; then it goes on.
  void stop() { stopped_ = true; }
  void go_on() {
    stopped_ = false;
    for (const auto& bell : std::exchange(bells_, {})) bell->cancel();
  }

 private:
  struct Pair {
    explicit Pair(wire::Socket r, wire::Executor ex) : router(std::move(r)), node(ex) {}
    void close() {
      wire::error_code ignored;
      router.close(ignored);
      node.close(ignored);
    }
    wire::Socket router, node;
    bool dumb = false, deaf = false;  // nothing goes to the node, nothing to the router
  };

  void listen(std::uint16_t port) {
    const wire::tcp::endpoint at(wire::asio::ip::make_address(host_), port);
    acceptor_ = std::make_shared<wire::Acceptor>(io_.get_executor());
    acceptor_->open(at.protocol());
    acceptor_->set_option(wire::asio::socket_base::reuse_address(true));
    acceptor_->bind(at);
    acceptor_->listen();
    port_ = acceptor_->local_endpoint().port();
    wire::asio::co_spawn(io_, accept(acceptor_), wire::asio::detached);
  }
  void stop_listening() {
    if (!acceptor_) return;
    wire::error_code ignored;
    acceptor_->close(ignored);
    acceptor_.reset();
  }

  wire::Task<void> accept(std::shared_ptr<wire::Acceptor> acceptor) {
    const auto here = here_;
    for (;;) {
      auto [failed, socket] = co_await acceptor->async_accept(wire::tuple);
      if (failed || !*here) co_return;
      auto pair = std::make_shared<Pair>(wire::Socket(std::move(socket)), io_.get_executor());
      const wire::tcp::endpoint to(wire::asio::ip::address_v4::loopback(), node_);
      auto [refused] = co_await pair->node.async_connect(to, wire::tuple);
      if (!*here) co_return;
      if (refused || !acceptor->is_open()) {  // or the cable was taken away meanwhile
        pair->close();
        continue;
      }
      pairs_.push_back(pair);
      wire::asio::co_spawn(io_, pump(pair, true), wire::asio::detached);
      wire::asio::co_spawn(io_, pump(pair, false), wire::asio::detached);
    }
  }

  wire::Task<void> pump(std::shared_ptr<Pair> pair, bool to_node) {
    wire::Socket& from = to_node ? pair->router : pair->node;
    wire::Socket& to = to_node ? pair->node : pair->router;
    std::array<char, 65536> bytes;
    const auto here = here_;
    for (;;) {
      auto [ended, n] = co_await from.async_read_some(wire::asio::buffer(bytes), wire::tuple);
      if (!*here) co_return;
      if (to_node ? pair->dumb : pair->deaf) co_return;  // silence, not an end
      while (stopped_ && !ended) {
        auto bell = std::make_shared<wire::Timer>(io_.get_executor(), wire::Timer::time_point::max());
        bells_.push_back(bell);
        co_await bell->async_wait(wire::tuple);
        if (!*here) co_return;
      }
      if (ended) co_return pair->close();
      auto [lost, sent] = co_await wire::asio::async_write(to, wire::asio::buffer(bytes.data(), n), wire::tuple);
      if (lost || !*here) co_return pair->close();
    }
  }

  wire::asio::io_context& io_;
  std::string host_;
  std::uint16_t node_, port_ = 0;
  std::shared_ptr<wire::Acceptor> acceptor_{};
  std::unique_ptr<BlackHole> hole_{};
  std::list<std::shared_ptr<Pair>> pairs_{};
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // false: this is gone
  bool stopped_ = false;
  std::vector<std::shared_ptr<wire::Timer>> bells_{};
};

}  // namespace rr::test
