// The product in one object: listener, house, reload, draining. Runs on the io_context it is given, so tests run the real thing
// in their own process beside simulated nodes.
#pragma once

#include "app/house.hpp"
#include "wire/listener.hpp"

namespace rr::app {

class Router {
 public:
  // Binds; the error names the address and its holder.
  static boost::system::result<std::unique_ptr<Router>, std::string> open(wire::asio::io_context&, Snapshot);
  ~Router();

  std::uint16_t port() const { return listener_.port(); }
  House& house() { return *house_; }

  // Stops accepting, answers what runs, then calls `done(cut)`: false = all finished, true = some were cut at drain_timeout:
  // refused if they waited, ended in band and uncleanly if they streamed.
  void drain(std::function<void(bool cut)> done);
  void cut();  // ends every connection now

 private:
  Router(std::shared_ptr<House>, wire::Listener);
  void check_drained(std::function<void(bool)> done);
  void insist();

  std::shared_ptr<House> house_;
  wire::Listener listener_;
  std::shared_ptr<wire::Timer> tick_;
  Time deadline_{};
  bool insisted_ = false;
};

}  // namespace rr::app
