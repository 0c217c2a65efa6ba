// The awaiting face of dispatch: a request asks for a seat and waits here; commands are carried out here.
#pragma once

#include "domain/dispatch.hpp"
#include "wire/client.hpp"
#include "wire/net.hpp"

#include <deque>
#include <functional>
#include <memory>

namespace rr::app {

// The proof of a seat: move-only. Its end tells the dispatch how the request ended; without a word it counts as the client's leaving.
class Ticket {
 public:
  Ticket() = default;
  Ticket(Ticket&&) noexcept = default;
  Ticket& operator=(Ticket&&) noexcept;
  ~Ticket();

  const Grant& grant() const { return grant_; }
  Outcome outcome{.ending = Ending::client_left, .sent = false};

 private:
  friend class Desk;
  void give_back() noexcept;
  std::function<void(Event)> post_;  // only posts: never runs the dispatch from a destructor
  Grant grant_;
};

struct Orders {  // who carries out what the dispatch commands
  std::function<void(const Load&)> load;
  std::function<void(const Unload&)> unload;
  std::function<void(const NodeName&)> look;
  std::function<void(const Address&)> give_up;
  std::function<void(const Try&)> try_out;
  std::function<void(const Note&)> note;
};

class Desk {
 public:
  Desk(wire::Executor, Snapshot);
  void orders(Orders o) { orders_ = std::move(o); }

  // Waits for a seat. A client that goes away leaves the line at once: Refusal client_left.
  wire::Task<Result<Ticket>> admit(Ask, wire::Client&);
  void tell(Event);          // from the watch, the reload and finished orders
  void refuse_waiting(const Refusal&);  // all who wait (the program stops)
  const Dispatch& dispatch() const { return *dispatch_; }
  void recall(Pace pace) { dispatch_->pace(std::move(pace)); }  // as it was kept across a restart
  TicketId next_id() { return ++last_id_; }

 private:
  struct Waiter {
    explicit Waiter(wire::Executor ex) : bell(ex, wire::Timer::time_point::max()) {}
    wire::Timer bell;        // cancelled when decided or gone
    std::optional<Grant> grant;
    std::optional<Refusal> refusal;
    bool gone = false;
  };
  void post(Event) noexcept;
  void drain_inbox();
  void carry_out(const Command&);

  wire::Executor executor_;
  std::unique_ptr<Dispatch> dispatch_;
  Orders orders_;
  std::map<TicketId, std::shared_ptr<Waiter>> waiters_;
  std::shared_ptr<std::deque<Event>> inbox_ = std::make_shared<std::deque<Event>>();
  bool busy_ = false;
  wire::Timer wake_;
  std::optional<Time> wake_at_;
  TicketId last_id_ = 0;
  std::shared_ptr<Desk*> self_ = std::make_shared<Desk*>(this);  // null once gone: posts that come late do nothing

 public:
  ~Desk() { *self_ = nullptr; }
  Desk(const Desk&) = delete;
};

}  // namespace rr::app
