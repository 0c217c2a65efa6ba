#include "wire/upstream.hpp"

#include "wire/connection_state.hpp"
#include "wire/race.hpp"

namespace rr::wire {

namespace {

constexpr std::size_t kept_buffer = 64 * 1024;

// Of several addresses that all failed: everything that was heard, and the kind of the first.
NodeError failure(const RaceEnd& end, const std::vector<Address>& addresses) {
  if (end.stopped) return {.what = NodeError::What::closed_by_us, .sentence = "the dialling of " + to_text(addresses.front()) + " was ended by role-router", .nothing_sent = true};
  NodeError error = *end.lanes.front().failed;
  for (std::size_t i = 1; i < end.lanes.size(); ++i) {
    const NodeError& one = *end.lanes[i].failed;
    error.sentence += "; " + one.sentence;
    if (one.what != NodeError::What::refused) error.what = one.what;  // refused is what every address said
  }
  return error;
}

}  // namespace

struct Upstream::State : std::enable_shared_from_this<Upstream::State> {
  State(Executor e, UpstreamLimits l) : executor(e), limits(l), names(std::make_shared<Names>(e)), sweep(e) {}

  struct Idle {
    std::shared_ptr<Connection::State> connection;
    Time until;
  };

  std::shared_ptr<Connection::State> take(const std::string& name) {
    auto found = pool.find(name);
    if (found == pool.end()) return nullptr;
    auto& list = found->second;
    while (!list.empty()) {  // the youngest first
      auto connection = std::move(list.back().connection);
      list.pop_back();
      if (connection->alive()) return connection;
      connection->close();
    }
    return nullptr;
  }

  void put(std::shared_ptr<Connection::State> connection) {
    auto& list = pool[connection->name];
    list.push_back({std::move(connection), std::chrono::steady_clock::now() + limits.idle});
    if (list.size() > limits.idle_per_address) {
      list.front().connection->close();
      list.pop_front();
    }
    if (!sweeping) sweep_at(list.back().until);
  }

  void sweep_at(Time at) {
    sweeping = true;
    sweep.expires_at(at);
    sweep.async_wait([weak = weak_from_this()](error_code ec) {
      auto self = weak.lock();
      if (!self) return;
      self->sweeping = false;
      if (!ec) self->drop(std::chrono::steady_clock::now());
    });
  }

  void drop(Time until) {  // what was kept until then or before
    Time next = never;
    for (auto& [name, list] : pool) {
      while (!list.empty() && list.front().until <= until) {
        list.front().connection->close();
        list.pop_front();
      }
      if (!list.empty()) next = std::min(next, list.front().until);
    }
    if (next != never && !sweeping) sweep_at(next);
  }

  Executor executor;
  UpstreamLimits limits;
  std::shared_ptr<Names> names;
  std::shared_ptr<Family> family = std::make_shared<Family>();
  std::map<std::string, std::list<Idle>> pool;  // by address
  Timer sweep;
  bool sweeping = false;
};

Upstream::Upstream(Executor executor, UpstreamLimits limits) : state_(std::make_shared<State>(executor, limits)) {}

Upstream::~Upstream() {
  state_->family->failed = nullptr;
  drop_idle();
  state_->sweep.cancel();
}

Task<NodeResult<Connection>> Upstream::connect(Address address, OnStop on_stop, bool fresh) {
  std::vector<Address> one{std::move(address)};
  return connect(std::move(one), std::move(on_stop), fresh);
}

Task<NodeResult<Connection>> Upstream::connect(std::vector<Address> addresses, OnStop on_stop, bool fresh) {
  auto s = state_;
  std::shared_ptr<Connection::State> pooled;
  const auto take = [&](std::size_t i) {
    if (!fresh) pooled = s->take(to_text(addresses[i]));
    if (pooled) pooled->reused = true;
    return pooled != nullptr;
  };
  if (take(0)) co_return Connection(std::move(pooled));
  RaceOptions options{.limit = s->limits.connect, .ready = take, .on_stop = std::move(on_stop)};
  RaceEnd end = co_await race(s->executor, s->names, addresses, std::move(options));
  for (std::size_t i = 0; i < end.lanes.size(); ++i)
    if (end.lanes[i].failed && s->family->failed) s->family->failed(addresses[i], *end.lanes[i].failed);
  if (!end.winner) co_return failure(end, addresses);
  if (pooled) co_return Connection(std::move(pooled));
  Lane& won = end.lanes[*end.winner];
  co_return Connection(std::make_shared<Connection::State>(std::move(*won.socket), addresses[*end.winner], s->limits, s->family));
}

void Upstream::keep(Connection connection) {
  auto s = std::move(connection.state_);
  if (!s) return;
  s->deadline.off();
  if (!s->reusable()) return s->close();
  s->in.consume(std::exchange(s->held, 0));
  s->in.forget(kept_buffer);
  state_->put(std::move(s));
}

void Upstream::on_failure(std::function<void(const Address&, const NodeError&)> tell) { state_->family->failed = std::move(tell); }

void Upstream::give_up(const Address& address, Duration quiet) {
  state_->pool.erase(to_text(address));
  const Time since = std::chrono::steady_clock::now() - quiet;
  std::vector<std::shared_ptr<Connection::State>> silent;  // closing one may end others
  for (Connection::State* one : state_->family->members)
    if (one->address == address && one->heard <= since) silent.push_back(one->shared_from_this());
  for (const auto& one : silent) one->give_up();
}

void Upstream::drop_idle() { state_->drop(never); }
std::size_t Upstream::open() const { return state_->family->open; }

std::size_t Upstream::idle() const {
  std::size_t count = 0;
  for (const auto& [name, list] : state_->pool) count += list.size();
  return count;
}

}  // namespace rr::wire
