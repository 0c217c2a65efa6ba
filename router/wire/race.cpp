#include "wire/race.hpp"

#include "wire/deadline.hpp"
#include "wire/os.hpp"

namespace rr::wire {

namespace {

// One address being dialled: its name, then its endpoints one after the other. Tells `ended` once, whatever comes.
struct Dial : std::enable_shared_from_this<Dial> {
  Dial(Executor executor, Address a, Duration l) : address(std::move(a)), limit(l), socket(executor), deadline(executor) {}

  void begin(Names& names) {
    deadline.set(shared_from_this(), std::chrono::steady_clock::now() + limit);
    names.find(address.host, address.port, [self = shared_from_this()](Names::Answer answer) {
      if (self->over) return;
      if (answer.endpoints.empty()) return self->end(self->trouble(answer.trouble));
      self->endpoints = std::move(answer.endpoints);
      self->next();
    });
  }

  void next() {  // each endpoint has its part of the time
    const auto parts = static_cast<Duration::rep>(endpoints.size());
    if (parts > 1) deadline.set(shared_from_this(), std::chrono::steady_clock::now() + limit / parts);
    socket.async_connect(endpoints[at], [self = shared_from_this()](error_code failed) {
      if (self->over) return;
      if (!failed && !self->late_here) return self->end(std::nullopt);
      if (self->late_here) failed = asio::error::timed_out;
      self->late_here = false;
      error_code ignored;
      self->socket.close(ignored);
      if (++self->at == self->endpoints.size()) return self->end(self->trouble(failed));
      self->next();
    });
  }

  void late(Time) {  // of Deadline
    if (endpoints.empty()) return end(trouble(asio::error::timed_out));
    late_here = true;
    error_code ignored;
    socket.close(ignored);
  }

  void end(std::optional<NodeError> why) {
    if (std::exchange(over, true)) return;
    deadline.stop();
    failed = std::move(why);
    if (failed) drop();
    if (ended) std::exchange(ended, nullptr)();
  }

  void drop() {
    over = true;
    deadline.stop();
    error_code ignored;
    socket.close(ignored);
  }

  NodeError trouble(error_code ec) const {
    using What = NodeError::What;
    const std::string name = to_text(address);
    const auto error = [](What what, std::string sentence) { return NodeError{.what = what, .sentence = std::move(sentence), .nothing_sent = true}; };
    if (ec == asio::error::timed_out) return error(What::timeout, name + " did not answer within " + to_text(limit));
    if (ec == asio::error::connection_refused) return error(What::refused, name + " refused the connection");
    return error(What::unreachable, name + " cannot be reached: " + ec.message() + os::hint(ec));
  }

  Address address;
  Duration limit;
  Socket socket;
  Deadline<Dial> deadline;
  std::vector<tcp::endpoint> endpoints{};
  std::size_t at = 0;
  bool over = false, late_here = false;
  std::optional<NodeError> failed{};
  std::function<void()> ended{};
};

}  // namespace

Task<RaceEnd> race(Executor executor, std::shared_ptr<Names> names, std::vector<Address> addresses, RaceOptions options) {
  struct Shared {
    explicit Shared(Executor ex) : bell(ex) {}
    Timer bell;
    std::optional<std::size_t> winner;
    std::size_t failed = 0;
    bool stopped = false;
    void ring() { bell.cancel(); }
  };
  auto shared = std::make_shared<Shared>(executor);
  if (options.on_stop) options.on_stop([weak = std::weak_ptr(shared)] {
    if (auto s = weak.lock()) s->stopped = true, s->ring();
  });
  std::vector<std::shared_ptr<Dial>> dials;
  const auto over = [&] { return shared->winner || shared->stopped; };
  while (!over() && (dials.size() < addresses.size() || shared->failed < dials.size())) {
    const bool all_failed = shared->failed == dials.size();
    if (dials.size() < addresses.size() && (all_failed || shared->bell.expiry() <= std::chrono::steady_clock::now())) {
      const std::size_t index = dials.size();
      dials.push_back(std::make_shared<Dial>(executor, addresses[index], options.limit));
      if (options.ready && options.ready(index)) {
        shared->winner = index;
        break;
      }
      dials[index]->ended = [shared, dial = dials[index].get(), index] {
        if (dial->failed) ++shared->failed;
        else if (!shared->winner) shared->winner = index;
        shared->ring();
      };
      shared->bell.expires_at(dials.size() < addresses.size() ? std::chrono::steady_clock::now() + head_start : never);
      dials[index]->begin(*names);
      continue;
    }
    co_await shared->bell.async_wait(tuple);
  }
  RaceEnd end{.winner = shared->winner, .stopped = shared->stopped && !shared->winner, .lanes = {}};
  for (std::size_t i = 0; i < dials.size(); ++i) {
    Dial& dial = *dials[i];
    Lane lane{.failed = dial.failed, .socket = {}};
    if (shared->winner == i && dial.over && !dial.failed) lane.socket.emplace(std::move(dial.socket));
    else if (!dial.over && shared->winner && i < *shared->winner)
      lane.failed = NodeError{.what = NodeError::What::timeout, .sentence = to_text(addresses[i]) + " gave no answer in " + to_text(head_start), .nothing_sent = true};
    dial.ended = nullptr;
    if (shared->winner != i) dial.drop();
    end.lanes.push_back(std::move(lane));
  }
  co_return end;
}

}  // namespace rr::wire
