#include "app/inventory.hpp"

#include "app/nodes.hpp"

#include <boost/asio/co_spawn.hpp>

namespace rr::app {

namespace {

wire::Task<void> take_stock(Nodes& nodes, NodeSettings node, NodeBelief& belief) {
  auto stock = co_await nodes.stock(peer(node, node.addresses));
  if (!stock) {
    belief.state = NodeState::down;
    belief.why = stock.error().sentence;
    co_return;
  }
  belief.state = NodeState::up;
  belief.version = stock->version;
  belief.installed = std::move(stock->models);
  belief.inventory_known = true;
}

wire::Task<void> ask_link(Nodes& nodes, NodeSettings node, Address address, NodeBelief& belief) {
  Peer over = peer(node, {address});
  auto heard = co_await nodes.probe(std::move(over));
  const Time now = std::chrono::steady_clock::now();
  if (heard) belief.links.heard(address, *heard, now);
  else belief.links.failed(address, heard.error().sentence, Links::Evidence::certain, now);
}

}  // namespace

Fleet inventory(const Settings& settings, bool links) {
  Fleet fleet;
  for (const NodeSettings& node : settings.nodes)
    fleet.nodes.push_back({.name = node.name, .links = Links(node.addresses, std::chrono::steady_clock::now()), .why = "no answer in 6 s"});
  wire::asio::io_context io{1};
  wire::Upstream upstream(io.get_executor(), {});
  Nodes nodes(upstream);
  std::size_t open = 0;
  const auto start = [&](wire::Task<void> task) {
    ++open;
    wire::asio::co_spawn(io, std::move(task), [&](std::exception_ptr) {
      if (--open == 0) io.stop();  // connections that are kept for reuse would hold it
    });
  };
  for (std::size_t i = 0; i < settings.nodes.size(); ++i) {
    start(take_stock(nodes, settings.nodes[i], fleet.nodes[i]));
    if (!links) continue;
    for (const Address& address : settings.nodes[i].addresses) start(ask_link(nodes, settings.nodes[i], address, fleet.nodes[i]));
  }
  io.run_for(std::chrono::seconds(6));
  return fleet;
}

}  // namespace rr::app
