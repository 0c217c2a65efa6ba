#include "app/release.hpp"

#include "app/record.hpp"

#include <algorithm>

namespace rr::app {

namespace {

bool of_a_role(const ModelName& model, const NodeName& node, const Settings& settings) {
  return std::any_of(settings.roles.begin(), settings.roles.end(), [&](const RoleSettings& role) {
    return role.model == model && std::find(role.nodes.begin(), role.nodes.end(), node) != role.nodes.end();
  });
}

}  // namespace

wire::Task<void> release(std::shared_ptr<House> house) {
  const Snapshot settings = house->settings;
  for (const NodeSettings& node : settings->nodes) {
    if (!engine(node.type).loads) continue;
    auto heard = co_await house->nodes.ps(house->peer(node.name));  // the last look may be older than the last load
    if (!heard) continue;
    for (const Resident& resident : heard->residents) {
      if (!of_a_role(resident.name, node.name, *settings)) continue;
      const auto trouble = co_await house->nodes.unload(house->peer(node.name), resident.name);
      if (trouble) record(*house, Note{Note::Level::warn, "unloading " + resident.name.spelt() + " on " + node.name + " failed: " + trouble->why});
    }
  }
}

}  // namespace rr::app
