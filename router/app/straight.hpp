// One request straight to a node and its answer straight back.
#pragma once

#include "app/call.hpp"

namespace rr::app {

struct Way {
  NodeName node{};
  Duration first_byte{}, between{};  // zero: as long as it takes, while the connection lives
  bool cloud = false;                // an answer of inference: whole only with done:true, or [DONE]
};

// Sends the body that is held.
wire::Task<void> send_straight(Call&, Way);
// Sends the body as it comes from the client: at most `most_held` bytes of it are held, in a block of 64 KiB.
wire::Task<void> upload_straight(Call&, Way);
constexpr std::size_t most_held = 64 * 1024 - wire::Block::padding;

}  // namespace rr::app
