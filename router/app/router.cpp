#include "app/router.hpp"

#include "app/call.hpp"
#include "app/log.hpp"
#include "app/serve.hpp"

#include <boost/asio/co_spawn.hpp>

namespace rr::app {

namespace {

// An exception is a bug: it is told, and only its connection dies.
void tell_defect(std::exception_ptr trouble) {
  if (!trouble) return;
  try {
    std::rethrow_exception(trouble);
  } catch (const std::exception& e) {
    log::warn(std::string("a connection ended by a defect: ") + e.what());
  }
}

// Over limits.connections the connection that has waited longest for its next request makes room: its client connects anew when it
// needs to. False: every one is busy.
bool make_room(House& house) {
  for (wire::Client* client : house.resting) {
    if (client->gone()) continue;
    client->close();
    return true;
  }
  return false;
}

constexpr Duration last_words = std::chrono::seconds(1);  // for in-band errors to reach the clients

}  // namespace

boost::system::result<std::unique_ptr<Router>, std::string> Router::open(wire::asio::io_context& io, Snapshot settings) {
  auto listener = wire::Listener::open(io.get_executor(), settings->listen);
  if (!listener) return listener.error();
  auto house = std::make_shared<House>(io, std::move(settings));
  if (auto why = house->open_access_log(house->settings->access_log)) return *why;
  return std::unique_ptr<Router>(new Router(std::move(house), std::move(*listener)));
}

Router::Router(std::shared_ptr<House> house, wire::Listener listener)
    : house_(std::move(house)), listener_(std::move(listener)), tick_(std::make_shared<wire::Timer>(house_->io.get_executor())) {
  house_->start();
  const auto serve_one = [house = house_](wire::Socket socket) {
    wire::asio::co_spawn(house->io, serve(house, std::move(socket)), tell_defect);
  };
  const auto full = [house = house_] {
    return house->clients.size() >= house->settings->limits.connections && !make_room(*house);
  };
  listener_.run(serve_one, full);
}

Router::~Router() {
  listener_.stop();
  house_->stop();
  cut();
}

void Router::cut() {
  for (wire::Client* client : house_->clients) client->close();
}

void Router::drain(std::function<void(bool)> done) {
  house_->draining = true;
  deadline_ = std::chrono::steady_clock::now() + house_->settings->drain_timeout;
  listener_.stop();
  check_drained(std::move(done));
}

// drain_timeout is over: who waits is refused, who streams gets the in-band error and the unclean end.
void Router::insist() {
  insisted_ = true;
  deadline_ = std::chrono::steady_clock::now() + last_words;
  house_->desk.refuse_waiting(draining());
  const auto asked = house_->asked;  // ending one changes the map
  for (const auto& [id, end] : asked) end();
}

void Router::check_drained(std::function<void(bool)> done) {
  const bool finished = house_->answering == 0;
  const bool late = std::chrono::steady_clock::now() >= deadline_;
  if (late && !finished && !insisted_) insist();
  else if (finished || late) {
    house_->stop();
    cut();
    return done(insisted_);
  }
  tick_->expires_after(std::chrono::milliseconds(50));
  tick_->async_wait([this, tick = tick_, done = std::move(done)](wire::error_code ec) mutable {
    if (!ec) check_drained(std::move(done));
  });
}

}  // namespace rr::app
