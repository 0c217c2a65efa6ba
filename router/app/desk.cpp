#include "app/desk.hpp"

#include <boost/asio/post.hpp>

namespace rr::app {

namespace {
Time now() { return std::chrono::steady_clock::now(); }
}  // namespace

Ticket& Ticket::operator=(Ticket&& other) noexcept {
  if (this != &other) {
    give_back();
    outcome = std::move(other.outcome);
    post_ = std::exchange(other.post_, nullptr);
    grant_ = std::move(other.grant_);
  }
  return *this;
}

Ticket::~Ticket() { give_back(); }

void Ticket::give_back() noexcept {
  if (auto post = std::exchange(post_, nullptr)) post(Ended{grant_.id, std::move(outcome)});
}

Desk::Desk(wire::Executor executor, Snapshot settings)
    : executor_(executor), dispatch_(std::make_unique<Dispatch>(std::move(settings), now())), wake_(executor) {}

wire::Task<Result<Ticket>> Desk::admit(Ask ask, wire::Client& client) {
  const TicketId id = ask.id;
  auto waiter = std::make_shared<Waiter>(executor_);
  waiters_[id] = waiter;
  tell(Arrived{std::move(ask)});
  auto watch = client.on_gone([waiter] {
    waiter->gone = true;
    waiter->bell.cancel();
  });
  while (!waiter->grant && !waiter->refusal && !waiter->gone) {
    if (client.gone()) waiter->gone = true;
    else co_await waiter->bell.async_wait(wire::tuple);
  }
  waiters_.erase(id);
  if (waiter->refusal) co_return *waiter->refusal;
  if (!waiter->grant) {
    tell(Left{id});
    co_return Refusal{.code = "client_left", .side = Side::client, .status = 499, .sentence = "the client went away"};
  }
  Ticket ticket;
  ticket.grant_ = *waiter->grant;
  ticket.post_ = [self = self_](Event event) noexcept {
    if (*self) (*self)->post(std::move(event));
  };
  co_return std::move(ticket);
}

void Desk::refuse_waiting(const Refusal& refusal) {
  for (const auto& [id, waiter] : waiters_) {
    if (waiter->grant || waiter->refusal) continue;
    waiter->refusal = refusal;
    waiter->bell.cancel();
    post(Left{id});
  }
}

void Desk::post(Event event) noexcept {
  inbox_->push_back(std::move(event));
  wire::asio::post(executor_, [self = self_] {
    if (*self) (*self)->drain_inbox();
  });
}

void Desk::tell(Event event) {
  inbox_->push_back(std::move(event));
  drain_inbox();
}

// Events are taken one after another: a command that leads to the next event never re-enters the dispatch.
void Desk::drain_inbox() {
  if (busy_) return;
  busy_ = true;
  while (!inbox_->empty()) {
    Event event = std::move(inbox_->front());
    inbox_->pop_front();
    for (const Command& command : dispatch_->on(event, now())) carry_out(command);
  }
  busy_ = false;
}

void Desk::carry_out(const Command& command) {
  if (auto* grant = std::get_if<Grant>(&command)) {
    auto found = waiters_.find(grant->id);
    if (found == waiters_.end()) return post(Ended{grant->id, Outcome{.ending = Ending::client_left, .sent = false}});
    found->second->grant = *grant;
    found->second->bell.cancel();
  } else if (auto* refuse = std::get_if<Refuse>(&command)) {
    if (auto found = waiters_.find(refuse->id); found != waiters_.end()) {
      found->second->refusal = refuse->refusal;
      found->second->bell.cancel();
    }
  } else if (auto* wake = std::get_if<WakeAt>(&command)) {
    if (wake_at_ == wake->at) return;
    wake_at_ = wake->at;
    wake_.expires_at(wake->at);
    wake_.async_wait([self = self_](wire::error_code ec) {
      if (ec || !*self) return;
      (*self)->wake_at_.reset();
      (*self)->tell(Ticked{});
    });
  } else if (auto* load = std::get_if<Load>(&command)) {
    orders_.load(*load);
  } else if (auto* unload = std::get_if<Unload>(&command)) {
    orders_.unload(*unload);
  } else if (auto* look = std::get_if<Look>(&command)) {
    orders_.look(look->node);
  } else if (auto* lost = std::get_if<GiveUp>(&command)) {
    orders_.give_up(lost->address);
  } else if (auto* trial = std::get_if<Try>(&command)) {
    orders_.try_out(*trial);
  } else if (auto* note = std::get_if<Note>(&command)) {
    orders_.note(*note);
  }
}

}  // namespace rr::app
