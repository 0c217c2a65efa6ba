// Keeps what was learnt of speeds across restarts: read once at the start, written when it has changed, at most once a minute, and
// at the end. A file that cannot be read or written is nobody's trouble: things are learnt anew.
#pragma once

#include "app/house.hpp"

namespace rr::app {

// $XDG_STATE_HOME/role-router or ~/.local/state/role-router, one file a configuration; "" = nowhere.
std::string pace_path(const std::string& config);

class Remember {
 public:
  Remember(std::shared_ptr<House>, std::string path);
  void stop();  // the last writing
 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rr::app
