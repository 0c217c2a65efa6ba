#include "domain/alias.hpp"

#include <algorithm>

namespace rr {

ModelName counted_as(const ModelName& model, const NodeBelief& node, const Settings& settings) {
  const Installed* own = node.find(model);
  if (!own || own->digest.empty()) return model;
  const auto& roles = settings.roles;
  if (std::any_of(roles.begin(), roles.end(), [&](const RoleSettings& r) { return r.model == model; })) return model;
  const int num_ctx = settings.model(model).num_ctx;
  for (const RoleSettings& role : roles)
    if (const Installed* twin = node.find(role.model); twin && twin->digest == own->digest && settings.model(role.model).num_ctx == num_ctx)
      return role.model;
  for (const Resident& r : node.residents)
    if (r.digest == own->digest && settings.model(r.name).num_ctx == num_ctx) return r.name;
  return model;
}

}  // namespace rr
