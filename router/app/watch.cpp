#include "app/watch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace rr::app {

namespace {
constexpr Duration between_looks = std::chrono::seconds(2);
constexpr Duration between_stocks = std::chrono::seconds(30);
constexpr int misses_before_down = 2;  // a refused connection counts at once
constexpr int misses_over_a_good_link = 5;  // while one of its addresses answers: the miss may be of the one that was just lost
}  // namespace

Watch::Watch(wire::Executor executor, Nodes& nodes, std::function<void(Event)> tell, Known known)
    : executor_(executor), nodes_(nodes), tell_(std::move(tell)), known_(std::move(known)) {}

Watch::~Watch() { stop(); }

void Watch::stop() {
  for (auto& [name, one] : watched_) one->stop();
  watched_.clear();
}

void Watch::settings(const Settings& settings, std::shared_ptr<void> keep) {
  for (auto it = watched_.begin(); it != watched_.end();) {
    const NodeSettings* node = settings.node(it->first);
    if (node && node->addresses == it->second->addresses && node->type == it->second->settings.type && node->api_key == it->second->settings.api_key) {
      ++it;
      continue;
    }
    it->second->stop();
    it = watched_.erase(it);
  }
  for (const NodeSettings& node : settings.nodes) {
    if (watched_.count(node.name)) continue;
    auto one = std::make_shared<One>(executor_, node);
    watched_[node.name] = one;
    wire::asio::co_spawn(executor_, run(one, keep), wire::asio::detached);
    if (node.addresses.size() == 1) continue;  // /api/ps tells of it
    for (std::size_t i = 0; i < node.addresses.size(); ++i) wire::asio::co_spawn(executor_, run_probe(one, i, keep), wire::asio::detached);
  }
}

void Watch::look(const NodeName& name) {
  if (auto found = watched_.find(name); found != watched_.end()) {
    found->second->wanted = true;
    found->second->bell.cancel();
  }
}

void Watch::take_stock(const NodeName& name) {
  if (auto found = watched_.find(name); found != watched_.end()) found->second->stock_wanted = true;
  look(name);
}

void Watch::probe(const NodeName& name) {
  if (auto found = watched_.find(name); found != watched_.end()) found->second->ring_probes();
}

void Watch::wake() {
  for (auto& [name, one] : watched_) {
    ++one->wakes;
    one->misses = 0;
    one->wanted = one->stock_wanted = true;
    one->bell.cancel();
    one->ring_probes();
  }
}

Peer Watch::way(const One& one) const {
  const Links* links = known_(one.name);
  return peer(one.settings, links ? links->order() : one.addresses);
}

// What each model can is asked once a digest. A node that does not tell leaves it unknown: then the node itself decides.
wire::Task<void> Watch::learn(std::shared_ptr<One> one, std::vector<Installed>& models) {
  bool tells = true;
  for (Installed& model : models) {
    if (model.name.cloud()) continue;  // the node would ask ollama.com
    auto known = one->can.find(model.digest);
    if (known == one->can.end() && tells) {
      auto said = co_await nodes_.capabilities(way(*one), model.name);
      if (one->stopped) co_return;
      tells = said.has_value();
      if (said) known = one->can.insert_or_assign(model.digest, std::move(*said)).first;
    }
    if (known != one->can.end()) model.capabilities = known->second;
    else if (model.capabilities.count("embedding") == 0) model.capabilities.clear();
  }
}

// Where all that is listed is resident, another list is another inventory.
bool Watch::changed(const One& one, const std::vector<Resident>& residents) {
  std::set<ModelName> now;
  for (const Resident& r : residents) now.insert(r.name);
  return now != one.listed;
}

wire::Task<void> Watch::run(std::shared_ptr<One> one, std::shared_ptr<void> /*keep*/) {
  const bool alone = one->addresses.size() == 1;
  while (!one->stopped) {
    one->wanted = false;
    const unsigned wakes = one->wakes;
    std::optional<Refusal> trouble;
    if (one->stock_wanted || std::chrono::steady_clock::now() - one->stock_at > between_stocks) {
      one->stock_wanted = false;  // wanted anew meanwhile: what is asked now may be older than that
      auto stock = co_await nodes_.stock(way(*one));
      if (one->stopped) co_return;
      if (stock) {
        co_await learn(one, stock->models);
        if (one->stopped) co_return;
        one->stock_at = std::chrono::steady_clock::now();
        one->listed.clear();
        for (const Installed& model : stock->models) one->listed.insert(model.name);
        tell_(Inventory{one->name, std::move(stock->version), std::move(stock->models)});
      } else {
        trouble = stock.error();
      }
    }
    if (!trouble) {  // after the inventory: what is resident must be the newest word
      auto heard = co_await nodes_.ps(way(*one));
      if (one->stopped) co_return;
      if (heard) {
        one->misses = 0;
        tell_(LinkHeard{one->name, heard->over, heard->rtt});
        if (!engine(one->settings.type).loads && changed(*one, heard->residents)) one->stock_wanted = one->wanted = true;
        tell_(Observed{one->name, std::move(heard->residents), heard->rtt});
      } else {
        trouble = heard.error();
      }
    }
    if (trouble && wakes == one->wakes) {
      one->stock_wanted = true;
      const Links* links = known_(one->name);
      const int enough = !alone && links && links->in_use() ? misses_over_a_good_link : misses_before_down;
      if (trouble->code == "node_refused" || ++one->misses >= enough) {
        if (alone) tell_(LinkFailed{one->name, one->addresses.front(), trouble->sentence, Links::Evidence::certain});
        tell_(Lost{one->name, trouble->sentence});
      }
    }
    if (one->stopped) co_return;
    if (one->wanted) continue;
    one->bell.expires_after(between_looks);
    co_await one->bell.async_wait(wire::tuple);
  }
}

// One address of several: asked whenever it is due, whether it is in use or not.
wire::Task<void> Watch::run_probe(std::shared_ptr<One> one, std::size_t index, std::shared_ptr<void> /*keep*/) {
  const Address address = one->addresses[index];
  wire::Timer& bell = one->probe_bells[index];
  const auto due = [&]() -> std::optional<Time> {
    const Links* links = known_(one->name);
    if (!links) return std::nullopt;
    const Time now = std::chrono::steady_clock::now();
    for (const Link& link : links->all())
      if (link.address == address) return link.state == NodeState::unknown && link.missed == 0 ? now : link.asked + links->every(link, now);
    return std::nullopt;
  };
  while (!one->stopped) {
    const auto at = due();
    if (!at) co_return;
    if (*at > std::chrono::steady_clock::now()) {
      bell.expires_at(*at);
      co_await bell.async_wait(wire::tuple);
      continue;
    }
    const unsigned wakes = one->wakes;
    Peer over = peer(one->settings, {address});
    auto heard = co_await nodes_.probe(std::move(over));
    if (one->stopped) co_return;
    if (heard) {
      tell_(LinkHeard{one->name, address, *heard});
      continue;
    }
    if (wakes == one->wakes) tell_(LinkFailed{one->name, address, heard.error().sentence, heard.error().code == "node_refused" ? Links::Evidence::certain : Links::Evidence::probe});
    one->ring_probes();  // the others: is it the link or the machine?
  }
}

}  // namespace rr::app
