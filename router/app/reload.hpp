// A changed file is adopted whole or refused whole, with one log line. Noticed by SIGHUP, or by name, size, mtime and inode once a
// second (editors save by rename).
#pragma once

#include "app/house.hpp"

namespace rr::app {

class Reload {
 public:
  Reload(std::shared_ptr<House>, std::string path);
  void now();    // read and adopt or refuse, changed or not
  void soon();   // the same for a signal: those that come within 100 ms of one are answered by one reading more
  void watch();  // begin to poll
  void stop();
  int readings() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rr::app
