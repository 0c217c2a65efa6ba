#include "app/watch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace rr::app {

namespace {
constexpr Duration between_looks = std::chrono::seconds(2);
constexpr Duration between_stocks = std::chrono::seconds(30);
constexpr int misses_before_down = 2;  // a refused connection counts at once
}  // namespace

Watch::Watch(wire::Executor executor, Nodes& nodes, std::function<void(Event)> tell)
    : executor_(executor), nodes_(nodes), tell_(std::move(tell)) {}

Watch::~Watch() { stop(); }

void Watch::stop() {
  for (auto& [name, one] : watched_) {
    one->stopped = true;
    one->bell.cancel();
  }
  watched_.clear();
}

void Watch::settings(const Settings& settings, std::shared_ptr<void> keep) {
  for (auto it = watched_.begin(); it != watched_.end();) {
    const NodeSettings* node = settings.node(it->first);
    if (node && node->addresses.front() == it->second->address) {
      ++it;
      continue;
    }
    it->second->stopped = true;
    it->second->bell.cancel();
    it = watched_.erase(it);
  }
  for (const NodeSettings& node : settings.nodes) {
    if (watched_.count(node.name)) continue;
    auto one = std::make_shared<One>(executor_, node.name, node.addresses.front());
    watched_[node.name] = one;
    wire::asio::co_spawn(executor_, run(one, nodes_, tell_, keep), wire::asio::detached);
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

// What each model can is asked once a digest. A node that does not tell leaves it unknown: then the node itself decides.
wire::Task<void> Watch::learn(std::shared_ptr<One> one, Nodes& nodes, std::vector<Installed>& models) {
  bool tells = true;
  for (Installed& model : models) {
    if (model.name.cloud()) continue;  // the node would ask ollama.com
    auto known = one->can.find(model.digest);
    if (known == one->can.end() && tells) {
      auto said = co_await nodes.capabilities(one->address, model.name);
      if (one->stopped) co_return;
      tells = said.has_value();
      if (said) known = one->can.insert_or_assign(model.digest, std::move(*said)).first;
    }
    if (known != one->can.end()) model.capabilities = known->second;
    else if (model.capabilities.count("embedding") == 0) model.capabilities.clear();
  }
}

wire::Task<void> Watch::run(std::shared_ptr<One> one, Nodes& nodes, std::function<void(Event)> tell,
                            std::shared_ptr<void> /*keep*/) {
  while (!one->stopped) {
    one->wanted = false;
    std::optional<Refusal> trouble;
    if (one->stock_wanted || std::chrono::steady_clock::now() - one->stock_at > between_stocks) {
      one->stock_wanted = false;  // wanted anew meanwhile: what is asked now may be older than that
      auto stock = co_await nodes.stock(one->address);
      if (one->stopped) co_return;
      if (stock) {
        co_await learn(one, nodes, stock->models);
        if (one->stopped) co_return;
        one->stock_at = std::chrono::steady_clock::now();
        tell(Inventory{one->name, std::move(stock->version), std::move(stock->models)});
      } else {
        trouble = stock.error();
      }
    }
    if (!trouble) {  // after the inventory: what is resident must be the newest word
      auto heard = co_await nodes.ps(one->address);
      if (one->stopped) co_return;
      if (heard) {
        one->misses = 0;
        tell(Observed{one->name, std::move(heard->residents), heard->rtt});
      } else {
        trouble = heard.error();
      }
    }
    if (trouble) {
      one->stock_wanted = true;
      if (trouble->code == "node_refused" || ++one->misses >= misses_before_down) tell(Lost{one->name, trouble->sentence});
    }
    if (one->stopped) co_return;
    if (one->wanted) continue;
    one->bell.expires_after(between_looks);
    co_await one->bell.async_wait(wire::tuple);
  }
}

}  // namespace rr::app
