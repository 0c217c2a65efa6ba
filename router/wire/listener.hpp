// Accepts until told to stop. Half a listener is an error: every address is bound, or none and the reason is given.
#pragma once

#include "domain/values.hpp"
#include "wire/net.hpp"

#include <boost/system/result.hpp>

#include <functional>
#include <memory>
#include <string>

namespace rr::wire {

class Listener {
 public:
  // Binds all addresses ("localhost" = 127.0.0.1 and ::1; where the host has no IPv6, 127.0.0.1 alone). Port 0: ephemeral,
  // the same for all. In use: the error names the address, the holder when it can be told ("pid 4711 nginx", or "an Ollama
  // 0.33.0" when it answers as one), and the way out. A port that answers a connect counts as in use (macOS wildcard twins).
  static boost::system::result<Listener, std::string> open(Executor, const std::vector<Address>&);

  // `on_client` gets each accepted socket (TCP_NODELAY set). Above `most` open at once new ones are closed at once with 503.
  // EMFILE pauses accepting for 100 ms.
  // `full`, asked at each one, says whether `most` are open; none = never full.
  void run(std::function<void(Socket)> on_client, std::function<bool()> full = {});
  void stop();
  std::uint16_t port() const;
  std::vector<tcp::endpoint> endpoints() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rr::wire
