#include "app/house.hpp"

#include "app/log.hpp"
#include "app/record.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <random>

namespace rr::app {

namespace {

std::string random_key() {
  std::random_device device;
  std::string key;
  for (int i = 0; i < 4; ++i) {
    const unsigned value = device();
    key.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return key;
}

std::string not_ours(const NodeName& node) { return node + " left the configuration"; }

// Each order is answered once, whatever becomes of it. A load may be slow, never endless: the gate gives up after twice swap_timeout, the
// connection a little later; that it is closed ends the load in the node.
wire::Task<void> carry_out(std::shared_ptr<House> house, Load order, Duration patience) {
  auto failed = co_await house->nodes.load(house->peer(order.node), order, patience);
  if (failed && failed->link) failed = co_await house->nodes.load(house->peer(order.node), order, patience);  // the node loads on: this waits for it
  LoadEnded ended{order.node, order.model, {}};
  if (failed) ended.failed = failed->why, ended.status = failed->status;
  house->desk.tell(std::move(ended));
}

wire::Task<void> carry_out(std::shared_ptr<House> house, Unload order) {
  auto failed = co_await house->nodes.unload(house->peer(order.node), order.model);
  if (failed && failed->link) failed = co_await house->nodes.unload(house->peer(order.node), order.model);
  UnloadEnded ended{order.node, order.model, {}};
  if (failed) ended.failed = failed->why, ended.status = failed->status;
  house->desk.tell(std::move(ended));
}

wire::Task<void> carry_out(std::shared_ptr<House> house, Try order) {
  const auto failed = co_await house->nodes.try_out(house->peer(order.node), order);
  Ended ended{order.id, {.ending = Ending::ok, .content_began = true}};
  if (failed) {  // a no is an answer: full, or not for this request; a client's will tell
    const bool no = (failed->status >= 400 && failed->status < 500) || failed->status == 503;
    ended.outcome.ending = no ? Ending::refused : Ending::node_failed;
    ended.outcome.error = failed->why;
  }
  house->desk.tell(std::move(ended));
}

Links::Evidence evidence(const wire::NodeError& error) {
  using What = wire::NodeError::What;
  return error.what == What::refused || error.what == What::unreachable ? Links::Evidence::certain : Links::Evidence::hint;
}

void next_beat(std::weak_ptr<House> weak, std::shared_ptr<wire::Timer> pulse) {
  pulse->expires_after(Heartbeat::every);
  pulse->async_wait([weak, pulse](wire::error_code ended) {
    const auto house = weak.lock();
    if (ended || !house) return;
    house->beat();
    next_beat(weak, pulse);
  });
}

constexpr Duration silence_of_the_lost = std::chrono::seconds(3);  // what has spoken later than that goes on

}  // namespace

House::House(wire::asio::io_context& context, Snapshot first)
    : io(context),
      settings(std::move(first)),
      names(std::make_shared<api::RoleNames>(*settings)),
      adoption{.file = settings->file, .adopted = clock_text(), .refused = std::nullopt},
      started(std::chrono::steady_clock::now()),
      session_key(random_key()),
      bodies(settings->limits.bodies),
      stream_buffers(settings->limits.stream_buffers),
      upstream(io.get_executor(), {.idle_per_address = 256}),
      nodes(upstream),
      desk(io.get_executor(), settings),
      watch(io.get_executor(), nodes, [this](Event event) { desk.tell(std::move(event)); },
            [this](const NodeName& node) -> const Links* {
              const NodeBelief* belief = desk.dispatch().fleet().node(node);
              return belief ? &belief->links : nullptr;
            }) {
  upstream.on_failure([this](const Address& address, const wire::NodeError& error) {
    for (const NodeSettings& node : settings->nodes) {
      if (std::find(node.addresses.begin(), node.addresses.end(), address) == node.addresses.end()) continue;
      desk.tell(LinkFailed{node.name, address, error.sentence, evidence(error)});
      watch.probe(node.name);
    }
  });
  desk.orders({
      .load =
          [this](const Load& order) {
            if (way(order.node).empty()) return desk.tell(LoadEnded{order.node, order.model, not_ours(order.node)});
            const Duration patience = 2 * settings->swap_timeout + std::chrono::seconds(1);
            wire::asio::co_spawn(io, app::carry_out(shared_from_this(), order, patience), wire::asio::detached);
          },
      .unload =
          [this](const Unload& order) {
            if (way(order.node).empty()) return desk.tell(UnloadEnded{order.node, order.model, not_ours(order.node)});
            wire::asio::co_spawn(io, app::carry_out(shared_from_this(), order), wire::asio::detached);
          },
      .look = [this](const NodeName& node) { watch.look(node); },
      .give_up = [this](const Address& address) { upstream.give_up(address, silence_of_the_lost); },
      .try_out =
          [this](const Try& order) {
            if (way(order.node).empty()) return desk.tell(Ended{order.id, {.ending = Ending::refused, .sent = false}});
            wire::asio::co_spawn(io, app::carry_out(shared_from_this(), order), wire::asio::detached);
          },
      .note = [this](const Note& note) { record(*this, note); },
  });
}

void House::start() {
  watch.settings(*settings, shared_from_this());
  pulse = std::make_shared<wire::Timer>(io.get_executor());
  next_beat(weak_from_this(), pulse);
}

void House::beat() {
  const auto slept = heart.beat(wall());
  if (!slept) return;
  upstream.drop_idle();
  watch.wake();
  desk.tell(Woke{*slept});
}

void House::stop() {
  watch.stop();
  if (pulse) pulse->cancel();
}

void House::adopt(Snapshot next) {
  settings = std::move(next);
  names = std::make_shared<api::RoleNames>(*settings);
  adoption.generation += 1;
  adoption.adopted = clock_text();
  adoption.refused.reset();
  bodies.limit(settings->limits.bodies);
  stream_buffers.limit(settings->limits.stream_buffers);
  desk.tell(Adopted{settings});
  watch.settings(*settings, shared_from_this());
}

std::optional<std::string> House::open_access_log(const std::string& path) {
  if (path.empty()) {
    Lines::retire(std::move(access));
    return std::nullopt;
  }
  auto opened = Lines::open(io.get_executor(), path);
  if (!opened) return "access_log: " + opened.error();
  Lines::retire(std::exchange(access, std::move(*opened)));
  return std::nullopt;
}

std::vector<std::string> House::complaints() const {
  std::vector<std::string> all{log::complaint()};
  if (access) all.push_back(access->complaint("access_log " + settings->access_log));
  std::erase(all, "");
  return all;
}

Addresses House::way(const NodeName& name) const {
  const NodeBelief* belief = desk.dispatch().fleet().node(name);
  return belief ? belief->links.order() : Addresses{};
}

Peer House::peer(const NodeName& name) const {
  const NodeSettings* node = settings->node(name);
  return node ? app::peer(*node, way(name)) : Peer{};
}

bool House::other_way(const NodeName& name, const Address& lost) const {
  const NodeBelief* belief = desk.dispatch().fleet().node(name);
  return belief && std::any_of(belief->links.all().begin(), belief->links.all().end(),
                               [&](const Link& l) { return l.state == NodeState::up && !(l.address == lost); });
}

std::string clock_text() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &local);
  std::string out(text, size);
  if (out.size() > 5) out.insert(out.size() - 2, ":");
  return out;
}

std::string utc_text() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() % 1'000'000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[48];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06dZ", static_cast<int>(micros));
  return std::string(text, size) + fraction;
}

}  // namespace rr::app
