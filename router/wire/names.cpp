#include "wire/names.hpp"

#include <utility>

namespace rr::wire {

namespace {
constexpr Duration fresh_for = std::chrono::seconds(10);
}

void Names::find(const std::string& host, std::uint16_t port, Take take) {
  error_code no_literal;
  if (const auto literal = asio::ip::make_address(host, no_literal); !no_literal) return take({.endpoints = {{literal, port}}});
  Known& known = known_[{host, port}];
  const bool stale = known.endpoints.empty() || std::chrono::steady_clock::now() - known.asked > fresh_for;
  if (known.endpoints.empty()) known.waiting.push_back(std::move(take));
  else take({.endpoints = known.endpoints});
  if (stale && !std::exchange(known.asking, true)) ask(host, port);
}

void Names::ask(const std::string& host, std::uint16_t port) {
  resolver_.async_resolve(host, std::to_string(port), [self = shared_from_this(), host, port](error_code failed, const tcp::resolver::results_type& results) {
    Known& known = self->known_[{host, port}];
    known.asking = false;
    known.asked = std::chrono::steady_clock::now();
    if (!failed && results.empty()) failed = asio::error::host_not_found;
    if (!failed) {
      known.endpoints.clear();
      for (const auto& entry : results) known.endpoints.push_back(entry.endpoint());
    }
    Answer answer{.trouble = failed, .endpoints = failed ? std::vector<tcp::endpoint>{} : known.endpoints};
    for (const Take& take : std::exchange(known.waiting, {})) take(answer);
  });
}

}  // namespace rr::wire
