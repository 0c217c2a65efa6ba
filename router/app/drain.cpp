#include "app/drain.hpp"

#include "api/json.hpp"
#include "app/admin_rule.hpp"
#include "domain/door.hpp"

namespace rr::app {

namespace {
constexpr Duration between_looks_at_it = std::chrono::milliseconds(50);
}

wire::Task<void> answer_drain(Call& call) {
  if (auto refusal = admin_only(call)) co_return refuse(call, *refusal);
  const NodeName node = call.route.node;
  if (!call.settings->node(node)) co_return refuse(call, node_unknown(node, *call.settings));
  const bool on = call.route.path == "/admin/drain";
  House& house = *call.house;
  house.desk.tell(DrainWanted{node, on});
  wire::Timer bell(house.io.get_executor());
  const auto drained = [&] {
    const NodeBelief* belief = house.desk.dispatch().fleet().node(node);
    return belief && belief->drained;
  };
  while (drained() && house.desk.dispatch().at_work(node) > 0 && !call.client.gone() && !house.draining) {
    bell.expires_after(between_looks_at_it);
    co_await bell.async_wait(wire::tuple);
  }
  if (call.client.gone()) co_return;
  if (on && house.draining) co_return refuse(call, draining());
  const auto waited = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - call.began).count();
  const api::Json said{{"node", node}, {"drained", drained()}, {"waited_s", waited}};
  reply(call, 200, json_utf8, said.dump() + "\n");
}

}  // namespace rr::app
