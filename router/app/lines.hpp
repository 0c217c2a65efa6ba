// Whole lines on their way to a file or to standard error. Those of 20 ms are handed over together to a thread of its own that
// writes them with one system call: a line costs the loop none, and a disk that is full or slow holds up nobody. What cannot be
// written is dropped and counted.
#pragma once

#include "wire/net.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rr::app {

class Lines {
 public:
  Lines(wire::Executor, int fd);  // borrowed
  // Appends to the file; it is made if it is not there. The error says what and why.
  static boost::system::result<std::unique_ptr<Lines>, std::string> open(wire::Executor, const std::string& path);
  Lines(const Lines&) = delete;
  ~Lines();                       // writes what waits, and waits for it
  static void retire(std::unique_ptr<Lines>);  // the same, and nobody waits

  void add(std::string_view line);  // without its end
  void reopen();                    // after a rotation: the path is opened anew, behind what was added so far
  void hand_over();                 // now, not in 20 ms
  std::uint64_t lost() const;       // lines
  std::string complaint(std::string_view name) const;  // "the log lost 12 lines: No space left on device"; "" = none was lost

 private:
  struct Sink;
  struct State;
  Lines(wire::Executor, std::shared_ptr<Sink>);
  std::shared_ptr<State> state_;
};

}  // namespace rr::app
