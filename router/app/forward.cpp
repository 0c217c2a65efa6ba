#include "app/forward.hpp"

#include "app/attempt.hpp"
#include "app/wording.hpp"

#include <algorithm>

namespace rr::app {

namespace {

constexpr int most_attempts = 4;
constexpr int replays_always = 3, replays_of_a_hundred = 20;  // at once, and of what runs: a node that fails under load is not asked twice as much
constexpr int most_losses = 2;                   // sent and lost: one replay, then no more (RFC 9110 9.2.2)

// The second time that a request is at work in a node; none is handed out over the budget.
class Replay {
 public:
  bool take(House& house) {
    if (house_) return true;
    if (house.replaying >= std::max(replays_always, house.desk.dispatch().in_flight() * replays_of_a_hundred / 100)) return false;
    house_ = &house;
    ++house.replaying;
    return true;
  }
  Replay() = default;
  ~Replay() {
    if (house_) --house_->replaying;
  }
  Replay(const Replay&) = delete;

 private:
  House* house_ = nullptr;
};

Refusal over_budget(Refusal why) {
  why.sentence += " (too many requests were lost at once for all of them to be asked again here)";
  why.retry_after_s = 2;
  return why;
}

// A filler has committed the status: the refusal is an event, and the end unclean.
void break_off(Call& call, const api::Members& members, const Refusal& refusal) {
  std::string out;
  translation(call, members)->broken(refusal, id_text(call.id), out);
  call.error = refusal.code;
  call.side = refusal.side;
  call.client.piece(out);
  call.client.cut();
}

void give_up(Call& call, const api::Members& members, const Refusal& refusal, std::optional<Said> said) {
  if (call.client.begun()) return break_off(call, members, refusal);
  if (!said) return refuse(call, refusal);
  ReplyHead head{.status = refusal.status, .reason = std::string(reason_phrase(refusal.status)), .fields = std::move(said->fields)};
  if (refusal.retry_after_s && !has(head.fields, "Retry-After")) head.fields.push_back({"Retry-After", std::to_string(*refusal.retry_after_s)});
  for (Field& field : told(call)) head.fields.push_back(std::move(field));
  call.status = refusal.status;
  call.error = refusal.code;
  call.side = refusal.side;
  call.client.send(std::move(head), std::move(said->body));
}

}  // namespace

// Elsewhere freely while nothing was sent; once more if it was sent and lost, first on another node, else on the same one, over a fresh
// connection, or once the model that was silent is loaded anew; never after the first content byte.
wire::Task<void> forward(Call& call, const api::Members& members) {
  std::optional<Refusal> last;
  std::optional<Said> said;
  int losses = 0;
  Replay replay;
  bool again = false, silent = false, back = false;
  for (int tried = 0; tried < most_attempts; ++tried) {
    auto ticket = co_await call.house->desk.admit(call.ask, call.client);
    if (!ticket) {
      call.status = ticket.error().status;
      call.error = ticket.error().code;
      call.side = ticket.error().side;
      if (call.client.gone()) co_return;
      if ((again || silent) && !back) {
        back = true;
        call.ask.avoid.clear();
        continue;
      }
      const bool tried_last = last && !(back && silent);  // else the way back has its own reason
      Refusal refusal = tried_last ? *last : ticket.error();
      // Every candidate was tried: a client's own retry would not help, but where a node only said that it is full.
      if (tried_last && last->code != "node_refused") refusal.retry_after_s.reset();
      give_up(call, members, refusal, std::move(said));
      co_return;
    }
    call.grant = ticket->grant();
    call.error.clear();
    call.side.reset();
    Attempt result = co_await attempt(call, members, *ticket, back);
    if (result.relink && call.ask.repeatable && !call.client.gone() && losses + 1 < most_losses && replay.take(*call.house)) {  // the node may be at work on it still: its seat stays taken
      ++losses;
      ticket->outcome = {.ending = Ending::client_left, .sent = true};
      result = co_await attempt(call, members, *ticket, true);
    }
    if (result.done || call.client.gone()) {
      if (call.client.gone() && call.status == 0) call.status = 499;
      co_return;
    }
    if (ticket->outcome.ending == Ending::client_left) ticket->outcome.ending = Ending::node_failed;  // it has not left
    last = result.refusal;
    said = std::move(result.said);
    again = result.again;
    silent = result.silent;
    losses += result.lost;
    if (!result.elsewhere || !call.ask.repeatable || losses >= most_losses || last->code == "draining") break;
    if (result.lost && !replay.take(*call.house)) {
      last = over_budget(std::move(*last));
      break;
    }
    call.ask.avoid.push_back(call.grant.node);
  }
  give_up(call, members, *last, std::move(said));
}

}  // namespace rr::app
