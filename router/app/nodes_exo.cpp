// exo as a node: a model is placed over its machines and watched until all of its runners are ready, or taken away.
#include "app/nodes.hpp"

#include "api/node_speech.hpp"
#include "api/percent.hpp"

#include <algorithm>

namespace rr::app {

namespace {

using namespace std::chrono_literals;

constexpr Duration patience_for_one = 5s, looks_at_runners = 250ms;
constexpr int looks_for_a_plan = 40;  // an order is carried out by an elected master: it takes its time, also when it is dropped

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
  auto state = api::parse_exo(instances->body, runners->body);
  if (!state) co_return state.error();
  co_return Placed{std::move(*state), took, instances->over};
}

wire::Task<std::optional<Nodes::Trouble>> Nodes::place(Peer to, ModelName model, Duration patience) {
  const Time until = std::chrono::steady_clock::now() + patience;
  wire::Timer timer(co_await wire::asio::this_coro::executor);
  bool ordered = false;
  int looks = 0;
  while (std::chrono::steady_clock::now() < until) {
    auto state = co_await placed(to);
    if (!state) co_return Trouble{state.error().sentence};
    const auto own = std::find_if(state->instances.begin(), state->instances.end(), [&](const api::ExoInstance& one) { return one.model == model; });
    if (own != state->instances.end() && own->stage == api::ExoInstance::Stage::ready) co_return std::nullopt;
    if (own != state->instances.end() && own->stage == api::ExoInstance::Stage::failed) {
      std::string why = own->why;
      co_await take_away(to, model);  // it holds its memory until it is
      co_return Trouble{std::move(why), 500};
    }
    if (own == state->instances.end() && !ordered) {
      auto plans = co_await ask(to, "GET", "/instance/previews?model_id=" + api::encoded(model.spelt()), "", patience_for_one);
      if (!plans) co_return Trouble{plans.error().sentence, 0, plans.error().link};
      if (plans->status != 200) co_return Trouble{api::parse_error(plans->body), plans->status};
      auto order = api::exo_place_order(model.spelt(), plans->body);
      if (!order) co_return Trouble{order.error().sentence, 507};
      auto answer = co_await ask(to, "POST", "/place_instance", std::move(*order), patience_for_one);
      if (!answer) co_return Trouble{answer.error().sentence, 0, answer.error().link};
      if (answer->status >= 400) co_return Trouble{api::parse_error(answer->body), answer->status};
      ordered = true;
      looks = 0;
    } else if (own == state->instances.end() && ++looks > looks_for_a_plan) {
      co_return Trouble{"exo took the order and placed nothing: its log says why", 507};
    }
    timer.expires_after(looks_at_runners);
    co_await timer.async_wait(wire::tuple);
  }
  co_return Trouble{"its runners were not ready in time"};
}

wire::Task<std::optional<Nodes::Trouble>> Nodes::take_away(Peer to, ModelName model) {
  auto state = co_await placed(to);
  if (!state) co_return Trouble{state.error().sentence};
  for (const api::ExoInstance& one : state->instances) {
    if (one.model != model) continue;
    auto answer = co_await ask(to, "DELETE", "/instance/" + api::encoded(one.id), "", patience_for_one);
    if (!answer) co_return Trouble{answer.error().sentence, 0, answer.error().link};
    if (answer->status >= 400 && answer->status != 404) co_return Trouble{api::parse_error(answer->body), answer->status};
  }
  co_return std::nullopt;
}

}  // namespace rr::app
