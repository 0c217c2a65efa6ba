// Where host names lead. An answer is kept for good and asked anew behind its back: a name service that is slow or away costs only who
// asks for a name for the first time.
#pragma once

#include "wire/net.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rr::wire {

class Names : public std::enable_shared_from_this<Names> {
 public:
  explicit Names(Executor executor) : resolver_(executor) {}

  struct Answer {
    error_code trouble{};                  // none when there are endpoints
    std::vector<tcp::endpoint> endpoints{};
  };
  using Take = std::function<void(Answer)>;
  // Literals (IPv4, IPv6, IPv6 with a scope) and names that are known are answered before it returns.
  void find(const std::string& host, std::uint16_t port, Take);

 private:
  struct Known {
    std::vector<tcp::endpoint> endpoints{};  // the last good answer
    Time asked{};
    bool asking = false;
    std::vector<Take> waiting{};
  };
  void ask(const std::string& host, std::uint16_t port);

  Resolver resolver_;
  std::map<std::pair<std::string, std::uint16_t>, Known> known_{};
};

}  // namespace rr::wire
