// One clock of a connection: moved often, armed rarely. The timer is touched only when the new time is earlier than the one
// it waits for; when it rings too early it is armed again.
#pragma once

#include "domain/values.hpp"
#include "wire/net.hpp"

#include <memory>

namespace rr::wire {

constexpr Time never = Time::max();

// Owner: held by shared_ptr while the timer waits; has `void late(Time now)`.
template <class Owner>
class Deadline {
 public:
  Deadline(Executor executor) : timer_(executor) {}

  void set(std::shared_ptr<Owner> owner, Time at) {
    at_ = at;
    if (at_ < armed_for_) arm(std::move(owner));
  }
  void off() { at_ = never; }
  void stop() {  // lets go of the owner
    at_ = armed_for_ = never;
    timer_.cancel();
  }

 private:
  void arm(std::shared_ptr<Owner> owner) {
    armed_for_ = at_;
    timer_.expires_at(at_);
    timer_.async_wait([this, owner = std::move(owner)](error_code ec) mutable {
      if (ec || armed_for_ == never) return;
      armed_for_ = never;
      if (at_ == never) return;
      const Time now = std::chrono::steady_clock::now();
      if (now < at_) return arm(std::move(owner));
      at_ = never;
      owner->late(now);
    });
  }

  Timer timer_;
  Time at_ = never, armed_for_ = never;
};

}  // namespace rr::wire
