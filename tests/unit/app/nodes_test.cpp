// What the router itself asks a node, over several addresses.
#include "app/nodes.hpp"
#include "support/black_hole.hpp"
#include "support/scripted_node.hpp"

#include <doctest/doctest.h>

namespace nodes_test {

using namespace rr;
using namespace rr::test;

TEST_CASE("of a node's version and models only the first waits for an address that swallows everything") {
  wire::asio::io_context io{1};
  ScriptedNode node(io, {{"m", 1}}, [](wire::Client&, const wire::Request&) -> wire::Task<void> { co_return; });
  const BlackHole hole;
  wire::Upstream upstream(io.get_executor(), {});
  int overtaken = 0;
  upstream.on_failure([&](const Address& address, const wire::NodeError&) { overtaken += address.port == hole.port(); });
  app::Nodes nodes(upstream);
  std::optional<std::size_t> models;
  const auto ask = [&]() -> wire::Task<void> {
    app::Peer to{.way = {{"127.0.0.1", hole.port()}, {"127.0.0.1", node.port()}}};
    auto stock = co_await nodes.stock(std::move(to));
    if (stock) models = stock->models.size();
    io.stop();
  };
  wire::asio::co_spawn(io, ask(), wire::asio::detached);
  io.run();
  CHECK(models == 1);
  CHECK(overtaken == 1);
}

}  // namespace nodes_test
