// The first of several addresses that connects: each begins 250 ms after the one before it, or as soon as that one has failed (RFC 8305
// section 5). No byte of a request is sent here, so all of it is safe to try at once.
#pragma once

#include "wire/names.hpp"
#include "wire/upstream.hpp"

namespace rr::wire {

constexpr Duration head_start = std::chrono::milliseconds(250);

struct Lane {                          // what came of one address
  std::optional<NodeError> failed{};   // also: that a later one overtook it
  std::optional<Socket> socket{};      // of the winner, unless it was ready
};

struct RaceEnd {
  std::optional<std::size_t> winner{};
  bool stopped = false;
  std::vector<Lane> lanes{};           // as far as they began
};

struct RaceOptions {
  Duration limit{};                                        // of one address
  std::function<bool(std::size_t)> ready{};                // an address may have a connection already: it wins when its turn comes
  std::function<void(std::function<void()>)> on_stop{};    // calling what is handed out ends the race
};

Task<RaceEnd> race(Executor, std::shared_ptr<Names>, std::vector<Address>, RaceOptions);

}  // namespace rr::wire
