#include "domain/settings.hpp"

#include <algorithm>

namespace rr {

std::string_view to_text(PolicyName policy) {
  switch (policy) {
    case PolicyName::passthrough: return "passthrough";
    case PolicyName::seed: return "seed";
    case PolicyName::smart: return "smart";
  }
  return "";
}

const RoleSettings* Settings::role(std::string_view name) const {
  for (const RoleSettings& r : roles)
    if (r.name == name) return &r;
  return nullptr;
}

const NodeSettings* Settings::node(std::string_view name) const {
  for (const NodeSettings& n : nodes)
    if (n.name == name) return &n;
  return nullptr;
}

const Engine& Settings::runs(std::string_view name) const {
  const NodeSettings* found = node(name);
  return engine(found ? found->type : EngineType::ollama);
}

const ModelSettings& Settings::model(const ModelName& name) const {
  for (const ModelSettings& m : models)
    if (m.name == name) return m;
  return model_default;
}

const ModelName& Settings::answering(const ModelName& name) const {
  for (const Substitute& s : substitutes)
    if (s.model == name) return s.by;
  return name;
}

void Settings::take_substitutes() {
  for (RoleSettings& role : roles) {
    const ModelName by = answering(role.model);
    if (by == role.model) continue;
    role.instead_of = role.model;
    role.model = by;
  }
}

KeepAlive Settings::keep_alive(const ModelName& model, std::string_view role_name) const {
  std::optional<KeepAlive> best;
  for (const RoleSettings& r : roles)
    if (r.model == model && (!best || longer(r.keep_alive, *best))) best = r.keep_alive;
  if (best) return *best;
  if (const RoleSettings* r = role(role_name)) return r->keep_alive;
  return KeepAlive{std::chrono::minutes(5)};
}

bool Settings::pinned(const ModelName& model, const NodeName& node) const {
  for (const RoleSettings& r : roles)
    if (r.model == model && r.keep_alive.forever() && std::find(r.nodes.begin(), r.nodes.end(), node) != r.nodes.end()) return true;
  return false;
}

}  // namespace rr
