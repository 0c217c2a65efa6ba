#include "domain/fleet.hpp"

namespace rr {

const Installed* NodeBelief::find(const ModelName& model) const {
  for (const Installed& i : installed)
    if (i.name == model) return &i;
  return nullptr;
}

void NodeBelief::measure(const Resident& r) {
  if (r.size <= 0 || r.num_ctx <= 0) return;
  for (Measured& m : measured)
    if (m.name == r.name && m.num_ctx == r.num_ctx) {
      m.size = r.size;
      return;
    }
  measured.push_back({.name = r.name, .num_ctx = r.num_ctx, .size = r.size});
}

NodeBelief* Fleet::node(std::string_view name) {
  for (NodeBelief& n : nodes)
    if (n.name == name) return &n;
  return nullptr;
}

const NodeBelief* Fleet::node(std::string_view name) const {
  for (const NodeBelief& n : nodes)
    if (n.name == name) return &n;
  return nullptr;
}

bool Fleet::anyone_has(const ModelName& model) const {
  for (const NodeBelief& n : nodes)
    if (n.inventory_known && n.find(model)) return true;
  return false;
}

}  // namespace rr
