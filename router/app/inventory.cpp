#include "app/inventory.hpp"

#include "app/nodes.hpp"

#include <boost/asio/co_spawn.hpp>

namespace rr::app {

namespace {

wire::Task<void> take_stock(Nodes& nodes, NodeSettings node, NodeBelief& belief) {
  auto stock = co_await nodes.stock(node.addresses.front());
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

}  // namespace

Fleet inventory(const Settings& settings) {
  Fleet fleet;
  for (const NodeSettings& node : settings.nodes) fleet.nodes.push_back({.name = node.name, .why = "no answer in 6 s"});
  wire::asio::io_context io{1};
  wire::Upstream upstream(io.get_executor(), {});
  Nodes nodes(upstream);
  std::size_t open = settings.nodes.size();
  for (std::size_t i = 0; i < settings.nodes.size(); ++i)
    wire::asio::co_spawn(io, take_stock(nodes, settings.nodes[i], fleet.nodes[i]), [&](std::exception_ptr) {
      if (--open == 0) io.stop();  // connections that are kept for reuse would hold it
    });
  io.run_for(std::chrono::seconds(6));
  return fleet;
}

}  // namespace rr::app
