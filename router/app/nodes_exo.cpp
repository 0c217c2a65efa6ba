// exo as a node: a model is placed over its machines and watched until all of its runners are ready, or taken away.
#include "app/nodes.hpp"

#include "api/node_speech.hpp"
#include "api/percent.hpp"

#include <algorithm>

namespace rr::app {

namespace {

using namespace std::chrono_literals;

constexpr Duration patience_for_one = 5s, looks_at_runners = 250ms;
constexpr int no_plan = 507;          // as a status: Insufficient Storage
constexpr int looks_for_room = 12;    // what was taken away holds its memory for a while
constexpr int looks_for_a_plan = 40;  // an order is carried out by an elected master: it takes its time, also when it is dropped
constexpr int looks_in_vain = 3;      // in a row

}  // namespace

wire::Task<Result<Nodes::Placed>> Nodes::placed(Peer to) {
  const Time asked = std::chrono::steady_clock::now();
  auto instances = co_await ask(to, "GET", "/state/instances", "", patience_for_one);
  if (!instances) co_return down(instances.error());
  const Duration took = std::chrono::steady_clock::now() - asked;
  Peer there = to;
  there.way = {instances->over};
  auto runners = co_await ask(std::move(there), "GET", "/state/runners", "", patience_for_one);
  if (!runners) co_return down(runners.error());
  for (const Answer* one : {&*instances, &*runners})
    if (one->status != 200) co_return Refusal{.code = "node_garbage", .side = Side::node, .status = 502, .sentence = "exo tells nothing of its state: " + api::parse_error(one->body)};
  auto state = api::parse_exo(instances->body, runners->body);
  if (!state) co_return state.error();
  co_return Placed{std::move(*state), took, instances->over};
}

// Asked as long as it takes: for a plan while room is being made, then until the runners are ready.
wire::Task<std::optional<Nodes::Trouble>> Nodes::place(Peer to, ModelName model, Duration patience) {
  using Stage = api::ExoInstance::Stage;
  const Time until = std::chrono::steady_clock::now() + patience;
  wire::Timer timer(co_await wire::asio::this_coro::executor);
  bool ordered = false;
  int looks = 0, vain = 0;
  while (std::chrono::steady_clock::now() < until) {
    auto state = co_await placed(to);
    if (!state && ++vain >= looks_in_vain) co_return Trouble{state.error().sentence};
    if (state) {
      vain = 0;
      const auto of = [&](Stage stage) {
        return std::find_if(state->instances.begin(), state->instances.end(), [&](const api::ExoInstance& one) { return one.model == model && one.stage == stage; });
      };
      if (of(Stage::ready) != state->instances.end()) co_return std::nullopt;
      const auto failed = of(Stage::failed);
      const bool coming = of(Stage::coming) != state->instances.end();
      if (failed != state->instances.end()) {  // it holds its memory until it is taken away
        std::string why = failed->why, id = failed->id;
        auto gone = co_await remove(to, std::move(id));
        if (ordered) co_return Trouble{std::move(why), 500};
        if (gone) co_return gone;
      } else if (!coming && !ordered) {
        auto no = co_await order(to, model);
        ordered = !no;
        if (no && (no->status != no_plan || ++looks > looks_for_room)) co_return no;
        if (ordered) looks = 0;
      } else if (!coming && ++looks > looks_for_a_plan) {
        co_return Trouble{"exo took the order and placed nothing: its log says why", no_plan};
      }
    }
    timer.expires_after(looks_at_runners);
    co_await timer.async_wait(wire::tuple);
  }
  if (ordered) co_await take_away(to, model);
  co_return Trouble{"its runners were not ready in time"};
}

// The first plan that exo finds possible.
wire::Task<std::optional<Nodes::Trouble>> Nodes::order(Peer to, ModelName model) {
  auto plans = co_await ask(to, "GET", "/instance/previews?model_id=" + api::encoded(model.spelt()), "", patience_for_one);
  if (!plans) co_return Trouble{plans.error().sentence, 0, plans.error().link};
  if (plans->status != 200) co_return Trouble{api::parse_error(plans->body), plans->status};
  auto body = api::exo_place_order(model.spelt(), plans->body);
  if (!body) co_return Trouble{body.error().sentence, no_plan};
  auto answer = co_await ask(to, "POST", "/place_instance", std::move(*body), patience_for_one);
  if (!answer) co_return Trouble{answer.error().sentence, 0, answer.error().link};
  if (answer->status >= 400) co_return Trouble{api::parse_error(answer->body), answer->status};
  co_return std::nullopt;
}

wire::Task<std::optional<Nodes::Trouble>> Nodes::remove(Peer to, std::string instance) {
  auto answer = co_await ask(to, "DELETE", "/instance/" + api::encoded(instance), "", patience_for_one);
  if (!answer) co_return Trouble{answer.error().sentence, 0, answer.error().link};
  if (answer->status >= 400 && answer->status != 404) co_return Trouble{api::parse_error(answer->body), answer->status};
  co_return std::nullopt;
}

wire::Task<std::optional<Nodes::Trouble>> Nodes::take_away(Peer to, ModelName model) {
  auto state = co_await placed(to);
  if (!state) co_return Trouble{state.error().sentence};
  for (const api::ExoInstance& one : state->instances) {
    if (one.model != model) continue;
    if (auto failed = co_await remove(to, one.id)) co_return failed;
  }
  co_return std::nullopt;
}

}  // namespace rr::app
