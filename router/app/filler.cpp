#include "app/filler.hpp"

#include "api/say_no.hpp"

namespace rr::app {

struct Filler::State : std::enable_shared_from_this<State> {
  State(Call& c, std::string_view f) : call(&c), text(f), timer(c.house->io.get_executor()) {}

  void wait(Time until) {
    timer.expires_at(until);
    timer.async_wait([self = shared_from_this()](wire::error_code ec) {
      if (!ec && self->call) self->look();
    });
  }

  void look() {
    const Duration silence = call->house->filler_after;
    const Time now = std::chrono::steady_clock::now(), due = std::max(call->spoke, sent) + silence;
    if (call->client.gone()) return;
    if (now < due) return wait(due);
    if (!call->client.begun()) {
      ReplyHead head{.status = 200, .reason = std::string(reason_phrase(200)), .fields = {{"Content-Type", "text/event-stream"}}};
      for (Field& field : told(*call)) head.fields.push_back(std::move(field));
      call->status = 200;
      call->client.begin(std::move(head));
    }
    call->client.piece(text);
    sent = now;
    wait(now + silence);
  }

  Call* call;  // null: it is over
  std::string_view text;
  wire::Timer timer;
  Time sent{};
};

Filler::Filler(Call& call) {
  const std::string_view text = api::filler(call.route.dialect);
  if (text.empty() || !call.ask.stream) return;
  call.spoke = std::chrono::steady_clock::now();
  state_ = std::make_shared<State>(call, text);
  state_->wait(call.spoke + call.house->filler_after);
}

Filler::~Filler() {
  if (!state_) return;
  state_->call = nullptr;
  state_->timer.cancel();
}

}  // namespace rr::app
