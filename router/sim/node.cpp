#include "sim/node_state.hpp"

#include "sim/memory.hpp"
#include "sim/native_reply.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>

namespace rr::sim {

namespace asio = wire::asio;

void Signal::fire() {
  fired_ = true;
  timer_.cancel();
}

wire::Task<void> Signal::wait() { return wait_until(wire::Timer::time_point::max()); }

wire::Task<void> Signal::wait_until(wire::Timer::time_point at) {
  if (!fired_ && wire::Timer::clock_type::now() < at) {
    timer_.expires_at(at);
    if (!fired_) co_await timer_.async_wait(wire::tuple);
  }
  fired_ = false;
}

Node::State::State(asio::io_context& context, NodeSpec s)
    : io(context), spec(std::move(s)), scheduler(rules(spec)), alarm(context.get_executor()) {}

Time Node::State::now() const {
  const double real_ns = double((wire::Timer::clock_type::now() - real_start).count());
  return Time{Duration{static_cast<Duration::rep>(real_ns * spec.clock)}};
}

wire::Timer::time_point Node::State::real(Time t) const {
  const double ns = std::min(double(t.time_since_epoch().count()) / spec.clock, 3e18);
  return real_start + Duration{static_cast<Duration::rep>(ns)};
}

Duration Node::State::real(Duration simulated) const {
  return std::max(from_seconds(in_seconds(simulated) / spec.clock), Duration(std::chrono::microseconds(1)));
}

std::chrono::system_clock::time_point Node::State::wall() const {
  return wall_start + std::chrono::duration_cast<std::chrono::system_clock::duration>(wire::Timer::clock_type::now() - real_start);
}

std::string Node::State::created() const { return utc(wall()); }

boost::system::result<void, std::string> Node::State::listen() {
  Address at = spec.listen;
  if (port) at.port = port;
  auto opened = wire::Listener::open(io.get_executor(), {at});
  if (!opened) return opened.error();
  listener.emplace(std::move(*opened));
  port = listener->port();
  const auto ends = listener->endpoints();
  loopback = std::all_of(ends.begin(), ends.end(), [](auto& e) { return e.address().is_loopback(); });
  auto self = weak_from_this();
  listener->run([self](wire::Socket socket) {
    if (auto state = self.lock()) asio::co_spawn(state->io, serve(state, std::move(socket)), asio::detached);
  });
  return {};
}

void Node::State::stop(bool reset) {
  if (stopped) return;
  stopped = true;
  if (listener) listener->stop();
  alarm.cancel();
  for (auto* c : clients) reset ? c->reset() : c->close();
  for (auto& [id, weak] : turns) {
    if (auto turn = weak.lock()) turn->signal.fire();
  }
}

TurnPtr Node::State::begin(std::size_t seen_at) {
  auto turn = std::make_shared<Turn>(io.get_executor(), next_id++);
  turn->seen = seen_at;
  turns[turn->id] = turn;
  return turn;
}

void Node::State::compute(const TurnPtr& turn, const std::string& blob) {
  gpu.begin(blob);
  turn->worked_until = now();
  for (const auto& [id, other] : turns)
    if (const TurnPtr one = other.lock()) one->signal.fire();
}

void Node::State::computed(const std::string& blob) {
  gpu.end(blob);
  for (const auto& [id, other] : turns)
    if (const TurnPtr one = other.lock()) one->signal.fire();
}

void Node::State::pump() {
  if (stopped) return;
  scheduler.tick(now());
  for (const Effect& e : scheduler.take()) {
    auto i = turns.find(e.id);
    TurnPtr turn = i == turns.end() ? nullptr : i->second.lock();
    using Kind = Effect::Kind;
    if (e.kind == Kind::loaded || e.kind == Kind::unloading) prompts.erase(e.blob);
    if (!turn) continue;
    switch (e.kind) {
      case Kind::admitted: turn->admitted = true; break;
      case Kind::run: turn->running = true; break;
      case Kind::refused: turn->refused = true; break;
      case Kind::load_failed:
        turn->failed = true;
        turn->failure = e.text;
        break;
      case Kind::leaked: turn->leaked = true; break;
      default: continue;
    }
    turn->signal.fire();
  }
  const auto next = scheduler.wake();
  if (!next) {
    alarm.cancel();
    return;
  }
  alarm.expires_at(real(*next) + std::chrono::microseconds(1));
  alarm.async_wait([self = weak_from_this()](wire::error_code e) {
    if (e) return;
    if (auto state = self.lock()) state->pump();
  });
}

void Node::State::left(const TurnPtr& turn) {
  if (turn->gone) return;
  turn->gone = true;
  note(*turn);
  const bool prompt = turn->prompt_until && *turn->prompt_until > now();
  scheduler.leave(turn->id, now(), prompt ? turn->prompt_until : std::nullopt, turn->stalled);
  turn->signal.fire();
  pump();
}

void Node::State::note(const Turn& turn) {
  Seen& s = seen[turn.seen];
  s.queued = s.queued || scheduler.ever_waited(turn.id);
  s.loaded_for_it = s.loaded_for_it || scheduler.loaded_for(turn.id);
}

void Node::State::end(const TurnPtr& turn, std::string_view how) {
  note(*turn);
  seen[turn->seen].ended = how;
  scheduler.end(turn->id, now());
  turns.erase(turn->id);
  pump();
}

Fault Node::State::take_fault(std::string_view target, bool inference, bool computes) {
  using What = Fault::What;
  const std::string_view path = target.substr(0, target.find('?'));
  for (auto i = faults.begin(); i != faults.end(); ++i) {
    if (i->path.empty() ? !inference : i->path != path) continue;
    const bool mid = i->what == What::hang_mid || i->what == What::die_mid || i->what == What::end_early || i->what == What::error_mid ||
                     i->what == What::wedge;
    if (mid && !computes) continue;
    const Fault f = *i;
    if (i->times > 0 && --i->times == 0) faults.erase(i);
    return f;
  }
  return {};
}

const Script* Node::State::script_for(const Asked& a, const ModelSpec& m) const {
  const std::string prompt = spec.script.empty() ? "" : rendered(a, m.rendering);
  for (auto& s : spec.script) {
    if (!s.model.empty() && m.name.rfind(s.model, 0) != 0) continue;
    if (s.contains.empty() || prompt.find(s.contains) != std::string::npos) return &s;
  }
  return nullptr;
}

// ---------------------------------------------------------------- the outside

Node::Node(std::shared_ptr<State> state) : state_(std::move(state)) {}
Node::~Node() { state_->stop(true); }

boost::system::result<std::unique_ptr<Node>, std::string> Node::open(asio::io_context& io, NodeSpec spec) {
  auto state = std::make_shared<State>(io, std::move(spec));
  if (auto bound = state->listen(); !bound) return bound.error();
  return std::unique_ptr<Node>(new Node(std::move(state)));
}

std::uint16_t Node::port() const { return state_->port; }
void Node::stop() { state_->stop(false); }
const std::vector<Seen>& Node::seen() const { return state_->seen; }
int Node::open_streams() const { return int(state_->turns.size()); }

int Node::stalled() const {
  return int(std::count_if(state_->turns.begin(), state_->turns.end(), [](const auto& t) {
    const TurnPtr turn = t.second.lock();
    return turn && turn->stalled;
  }));
}

std::vector<Node::Pulling> Node::downloads() const {
  std::vector<Pulling> out;
  for (auto& [name, download] : state_->downloads) out.push_back({name, download->waiting});
  return out;
}

Bytes Node::blob_bytes() const { return state_->blob_bytes; }

std::vector<std::string> Node::resident() const {
  std::vector<std::string> names;
  for (auto& r : state_->scheduler.resident(state_->now())) names.push_back(r.name);
  return names;
}

void Node::fault(Fault f) { state_->set(std::move(f)); }

void Node::State::set(Fault f) {
  if (f.what == Fault::What::none) {
    faults.clear();
    if (std::exchange(refusing, false) && !stopped) (void)listen();
    return;
  }
  if (f.what == Fault::What::refuse) {  // until a fault `none`: connections are refused, those that are open are reset
    refusing = true;
    listener->stop();
    for (auto* c : clients) c->reset();
    return;
  }
  faults.push_back(std::move(f));
}

}  // namespace rr::sim
