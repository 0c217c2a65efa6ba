#include "wire/listener.hpp"

#include "wire/os.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace rr::wire {

namespace {

constexpr int tries_for_a_common_port = 32;
constexpr Duration probe_patience = std::chrono::milliseconds(300), pause_without_files = std::chrono::milliseconds(100);

bool no_such_family(error_code ec) {
  return ec == boost::system::errc::address_not_available || ec == asio::error::address_family_not_supported;
}

// A connection to who answers at the endpoint, before we listen ourselves. Its own io_context: nothing runs yet.
class Probe {
 public:
  explicit Probe(tcp::endpoint to) : to_(to), socket_(io_.get_executor()) {
    if (to_.address().is_unspecified())
      to_.address(to_.address().is_v4() ? asio::ip::address(asio::ip::address_v4::loopback())
                                        : asio::ip::address(asio::ip::address_v6::loopback()));
  }

  bool connects() {
    socket_.async_connect(to_, [this](error_code ec) { connected_ = !ec; });
    run();
    return connected_;
  }

  // "an Ollama 0.33.0", or "".
  std::string speaks_as() {
    const std::string ask = "GET /api/version HTTP/1.0\r\nHost: localhost\r\n\r\n";
    asio::async_write(socket_, asio::buffer(ask), [](error_code, std::size_t) {});
    asio::async_read(socket_, asio::dynamic_buffer(answer_, 4096), [](error_code, std::size_t) {});
    run();
    static constexpr std::string_view key = "{\"version\":\"";
    const std::size_t at = answer_.find(key);
    if (at == std::string::npos) return {};
    const std::size_t from = at + key.size(), to = answer_.find('"', from);
    return to == std::string::npos || to - from > 40 ? "" : "an Ollama " + answer_.substr(from, to - from);
  }

 private:
  void run() {
    io_.restart();
    io_.run_for(probe_patience);
  }

  tcp::endpoint to_;
  asio::io_context io_;
  Socket socket_;
  std::string answer_;
  bool connected_ = false;
};

std::string text(const tcp::endpoint& endpoint) { return to_text(Address{endpoint.address().to_string(), endpoint.port()}); }

std::string in_use(const tcp::endpoint& endpoint, const std::string& speaks_as) {
  const std::string port = std::to_string(endpoint.port());
  std::string who = os::holder_of_port(endpoint.port());
  if (who.empty()) who = speaks_as;
  else if (!speaks_as.empty()) who += ", which answers as " + speaks_as;
  std::string sentence = "cannot listen at " + text(endpoint) + ": the port is in use";
  sentence += who.empty() ? " (who holds it: lsof -nP -iTCP:" + port + " -sTCP:LISTEN)" : " by " + who;
  return sentence + "; stop that program, or choose another port with --listen or `listen:` in the YAML";
}

std::string too_many() {
  const std::string body = "{\"error\":\"too many connections are open; close some, or raise limits.connections in the YAML\"}\n";
  return "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\nRetry-After: 2\r\n"
         "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Wanted {
  tcp::endpoint endpoint;
  bool optional = false;  // ::1 beside 127.0.0.1: left out where the host has no IPv6
};

boost::system::result<std::vector<Wanted>, std::string> wanted(const std::vector<Address>& addresses) {
  std::vector<Wanted> out;
  const auto v4 = asio::ip::address(asio::ip::address_v4::loopback()), v6 = asio::ip::address(asio::ip::address_v6::loopback());
  for (const Address& address : addresses) {
    error_code ec;
    if (address.host == "localhost") {
      out.push_back({{v4, address.port}, false});
      out.push_back({{v6, address.port}, true});
    } else if (const auto literal = asio::ip::make_address(address.host, ec); !ec) {
      out.push_back({{literal, address.port}, false});
    } else {
      return "cannot listen at " + to_text(address) + ": " + address.host +
             " is not an address of this machine; write an IP address (0.0.0.0 for all) or localhost";
    }
  }
  if (out.empty()) return std::string("no address to listen at: give `listen:` in the YAML");
  for (Wanted& one : out)
    for (const Wanted& other : out)
      if (one.endpoint.address() == v6 && other.endpoint == tcp::endpoint(v4, one.endpoint.port())) one.optional = true;
  return out;
}

}  // namespace

struct Listener::State : std::enable_shared_from_this<Listener::State> {
  explicit State(Executor e) : executor(e), pause(e) {}

  void accept(std::size_t which) {
    if (stopped) return;
    acceptors[which].async_accept([self = shared_from_this(), which](error_code ec, Socket socket) {
      if (self->stopped) return;
      if (ec && ec != asio::error::connection_aborted) {  // no descriptor is left, or worse: never in a tight loop
        self->waiting.push_back(which);
        return self->rest();
      }
      if (!ec) self->welcome(std::move(socket));
      self->accept(which);
    });
  }

  void rest() {
    if (waiting.size() > 1) return;  // the timer runs already
    pause.expires_after(pause_without_files);
    pause.async_wait([self = shared_from_this()](error_code) {
      for (const std::size_t which : std::exchange(self->waiting, {})) self->accept(which);
    });
  }

  void welcome(Socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    if (!full || !full()) return on_client(std::move(socket));
    static const std::string busy = too_many();
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(busy), ignored);
    socket.shutdown(tcp::socket::shutdown_both, ignored);
  }

  Executor executor;
  std::vector<Acceptor> acceptors;
  std::function<void(Socket)> on_client;
  std::function<bool()> full;
  Timer pause;
  std::vector<std::size_t> waiting;  // acceptors that pause
  bool stopped = false;
};

namespace {

// Binds one. `ec` tells what went wrong.
Acceptor listen_at(const Executor& executor, const tcp::endpoint& endpoint, error_code& ec) {
  Acceptor acceptor(executor);
  acceptor.open(endpoint.protocol(), ec);
  if (ec) return acceptor;
  acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), ec);
  acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  return acceptor;
}

}  // namespace

boost::system::result<Listener, std::string> Listener::open(Executor executor, const std::vector<Address>& addresses) {
  auto targets = wanted(addresses);
  if (!targets) return targets.error();
  for (const Wanted& target : *targets) {
    if (target.endpoint.port() == 0) continue;
    Probe probe(target.endpoint);
    if (probe.connects()) return in_use(target.endpoint, probe.speaks_as());
  }
  for (int tries = 1;; ++tries) {
    auto state = std::make_shared<State>(executor);
    std::uint16_t common = 0;  // the ephemeral port of the first
    error_code ec;
    tcp::endpoint failed;
    for (const Wanted& target : *targets) {
      tcp::endpoint endpoint = target.endpoint;
      if (endpoint.port() == 0) endpoint.port(common);
      Acceptor acceptor = listen_at(executor, endpoint, ec);
      failed = endpoint;
      if (ec && target.optional && no_such_family(ec)) {
        ec = {};
        continue;
      }
      if (ec) break;
      if (target.endpoint.port() == 0) common = acceptor.local_endpoint().port();
      state->acceptors.push_back(std::move(acceptor));
    }
    if (!ec) {
      Listener listener;
      listener.state_ = std::move(state);
      return listener;
    }
    if (ec == asio::error::address_in_use && common != 0 && failed.port() == common && tries < tries_for_a_common_port) continue;
    if (ec == asio::error::address_in_use) return in_use(failed, {});
    if (ec == asio::error::access_denied)
      return "cannot listen at " + text(failed) + ": ports below 1024 need special rights; choose another port with --listen";
    return "cannot listen at " + text(failed) + ": " + ec.message() + "; choose an address of this machine with --listen or `listen:`";
  }
}

void Listener::run(std::function<void(Socket)> on_client, std::function<bool()> full) {
  state_->on_client = std::move(on_client);
  state_->full = std::move(full);
  for (std::size_t i = 0; i < state_->acceptors.size(); ++i) state_->accept(i);
}

void Listener::stop() {
  state_->stopped = true;
  error_code ignored;
  for (Acceptor& acceptor : state_->acceptors) acceptor.close(ignored);
  state_->pause.cancel();
}

std::uint16_t Listener::port() const { return endpoints().empty() ? std::uint16_t{0} : endpoints().front().port(); }

std::vector<tcp::endpoint> Listener::endpoints() const {
  std::vector<tcp::endpoint> out;
  error_code ignored;
  for (const Acceptor& acceptor : state_->acceptors) out.push_back(acceptor.local_endpoint(ignored));
  return out;
}

}  // namespace rr::wire
