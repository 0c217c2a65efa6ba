#include "wire/upstream.hpp"

#include "wire/connection_state.hpp"

#include <boost/asio/connect.hpp>

namespace rr::wire {

namespace {

constexpr std::size_t kept_buffer = 64 * 1024;

// One dialling: what its pending operations share.
struct Dial : std::enable_shared_from_this<Dial> {
  explicit Dial(Executor executor) : socket(executor), resolver(executor), bell(executor), deadline(executor) {}

  void end() {
    error_code ignored;
    socket.close(ignored);
    resolver.cancel();
    bell.cancel();
  }
  void stop() {
    stopped = true;
    end();
  }
  void late(Time) {
    timed_out = true;
    end();
  }
  void within(Duration duration) { deadline.set(shared_from_this(), std::chrono::steady_clock::now() + duration); }

  Socket socket;
  Resolver resolver;
  Timer bell;
  Deadline<Dial> deadline;
  bool stopped = false, timed_out = false, resolved = false;
  error_code trouble;
  std::vector<tcp::endpoint> endpoints;
};

NodeError failure(const Dial& dial, const Address& address, Duration limit, error_code ec) {
  using What = NodeError::What;
  const std::string name = to_text(address);
  const auto error = [](What what, std::string sentence) { return NodeError{what, std::move(sentence), true}; };
  if (dial.stopped) return error(What::closed_by_us, "the dialling of " + name + " was ended by role-router");
  if (dial.timed_out || ec == asio::error::timed_out) return error(What::timeout, name + " did not answer within " + to_text(limit));
  if (ec == asio::error::connection_refused) return error(What::refused, name + " refused the connection");
  return error(What::unreachable, name + " cannot be reached: " + ec.message());
}

// Fills dial->endpoints. The look-up itself cannot be interrupted: it is left alone when the time is over.
Task<error_code> resolve(std::shared_ptr<Dial> dial, Address address) {
  error_code ec;
  if (const auto literal = asio::ip::make_address(address.host, ec); !ec) {
    dial->endpoints.emplace_back(literal, address.port);
    co_return error_code{};
  }
  dial->resolver.async_resolve(address.host, std::to_string(address.port),
                               [dial](error_code failed, const tcp::resolver::results_type& results) {
                                 dial->resolved = true;
                                 dial->trouble = failed;
                                 for (const auto& entry : results) dial->endpoints.push_back(entry.endpoint());
                                 dial->bell.cancel();
                               });
  while (!dial->resolved && !dial->stopped && !dial->timed_out) {
    dial->bell.expires_at(never);
    co_await dial->bell.async_wait(tuple);
  }
  if (!dial->resolved) co_return asio::error::timed_out;
  if (!dial->trouble && dial->endpoints.empty()) co_return asio::error::host_not_found;
  co_return dial->trouble;
}

}  // namespace

struct Upstream::State : std::enable_shared_from_this<Upstream::State> {
  State(Executor e, UpstreamLimits l) : executor(e), limits(l), sweep(e) {}

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
  std::shared_ptr<std::size_t> open = std::make_shared<std::size_t>(0);
  std::map<std::string, std::list<Idle>> pool;  // by address
  Timer sweep;
  bool sweeping = false;
};

Upstream::Upstream(Executor executor, UpstreamLimits limits) : state_(std::make_shared<State>(executor, limits)) {}

Upstream::~Upstream() {
  drop_idle();
  state_->sweep.cancel();
}

Task<NodeResult<Connection>> Upstream::connect(Address address, std::function<void(std::function<void()>)> on_stop, bool fresh) {
  auto s = state_;
  if (!fresh) {
    if (auto pooled = s->take(to_text(address))) {
      pooled->reused = true;
      co_return Connection(std::move(pooled));
    }
  }
  auto dial = std::make_shared<Dial>(s->executor);
  if (on_stop) on_stop([weak = std::weak_ptr(dial)] {
    if (auto d = weak.lock()) d->stop();
  });
  const Duration limit = s->limits.connect;
  dial->within(limit);
  error_code ec = co_await resolve(dial, address);
  const std::size_t count = dial->endpoints.size();
  for (std::size_t i = 0; i < count && !dial->stopped; ++i) {
    dial->timed_out = false;
    dial->within(limit / static_cast<Duration::rep>(count));
    auto [failed] = co_await dial->socket.async_connect(dial->endpoints[i], tuple);
    ec = failed;
    dial->deadline.stop();
    if (!ec && !dial->stopped && !dial->timed_out && dial->socket.is_open())
      co_return Connection(std::make_shared<Connection::State>(std::move(dial->socket), address, s->limits, s->open));
    error_code ignored;
    dial->socket.close(ignored);
  }
  dial->deadline.stop();
  co_return failure(*dial, address, limit, ec);
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

void Upstream::drop_idle() { state_->drop(never); }
std::size_t Upstream::open() const { return *state_->open; }

std::size_t Upstream::idle() const {
  std::size_t count = 0;
  for (const auto& [name, list] : state_->pool) count += list.size();
  return count;
}

}  // namespace rr::wire
