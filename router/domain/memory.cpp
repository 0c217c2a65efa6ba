#include "domain/memory.hpp"

#include <algorithm>
#include <iterator>

namespace rr {

namespace {

// KV bytes a token (f16) and compute buffers, until /api/ps has measured the model: what the usual model of that size takes.
// The size alone cannot tell a mixture from a dense model; from 19.5 GB on a dense one is assumed, from 45 GB on a mixture.
struct Shape {
  Bytes below, kv_per_token, compute;
};
constexpr Shape shapes[] = {
    {3 * gb, 112 * 1024, 450'000'000},            // qwen3:1.7b
    {7 * gb, 128 * 1024, 450'000'000},            // llama3.1:8b
    {12 * gb, 192 * 1024, 900'000'000},           // qwen2.5-coder:14b
    {19'500'000'000, 96 * 1024, 1'000'000'000},   // qwen3-coder:30b
    {45 * gb, 256 * 1024, 1'000'000'000},         // qwen2.5-coder:32b
    {Bytes{1} << 60, 24 * 1024, 1'400'000'000},   // qwen3-coder-next
};
const Shape& typical_shape(Bytes weights) {
  for (const Shape& shape : shapes)
    if (weights < shape.below) return shape;
  return *std::prev(std::end(shapes));
}

std::optional<Bytes> measured(const NodeBelief& node, const ModelName& model, int num_ctx) {
  for (const Resident& r : node.residents)
    if (r.name == model && r.num_ctx == num_ctx && r.size > 0) return r.size;
  for (const Measured& m : node.measured)
    if (m.name == model && m.num_ctx == num_ctx) return m.size;
  return std::nullopt;
}

std::optional<Bytes> weights(const Settings& settings, const Fleet& fleet, const NodeName& name, const ModelName& model) {
  if (settings.model(model).size) return settings.model(model).size;
  const NodeBelief* own = fleet.node(name);
  if (own)
    if (const Installed* i = own->find(model); i && i->size > 0) return i->size;
  for (const NodeBelief& node : fleet.nodes)
    if (const Installed* i = node.find(model); i && i->size > 0) return i->size;
  return std::nullopt;
}

// Loaded big to small, does every one pass the rule?
bool together(Bytes limit, std::vector<Bytes> needs) {
  std::sort(needs.rbegin(), needs.rend());
  Bytes used = 0;
  for (const Bytes need : needs) {
    if (!fits(limit, used, need)) return false;
    used += need;
  }
  return true;
}

}  // namespace

Footprint footprint(const Settings& settings, const Fleet& fleet, const NodeName& name, const ModelName& model) {
  Footprint out;
  const ModelSettings& m = settings.model(model);
  const NodeBelief* own = fleet.node(name);
  std::optional<Bytes> seen;
  if (own) seen = measured(*own, model, m.num_ctx);
  for (const NodeBelief& node : fleet.nodes)
    if (!seen) seen = measured(node, model, m.num_ctx);
  const auto size = weights(settings, fleet, name, model);
  if (size) {
    const Shape& shape = typical_shape(*size);
    out.weights = *size;
    out.kv = shape.kv_per_token * m.num_ctx * m.parallel;
    out.compute = shape.compute;
    out.known = true;
    out.total = out.weights + out.kv + out.compute;
  }
  if (seen) {
    out.measured = out.known = true;
    out.total = *seen;
  }
  return out;
}

bool fits(Bytes limit, Bytes resident, Bytes wanted) {
  if (limit <= 0) return true;
  if (resident <= 0) return wanted <= limit;
  const Bytes free = limit - resident;
  return free > 0 && wanted <= free / 5 * 4;
}

Plan plan(const Settings& settings, const Fleet& fleet, const NodeName& name) {
  Plan out{.node = name, .limit = 0, .models = {}, .together = {}, .never = {}};
  if (const NodeSettings* node = settings.node(name)) out.limit = node->gpu_memory;
  for (const RoleSettings& role : settings.roles) {
    if (std::find(role.nodes.begin(), role.nodes.end(), name) == role.nodes.end()) continue;
    const auto same = std::find_if(out.models.begin(), out.models.end(), [&](const auto& line) { return line.model == role.model; });
    if (same != out.models.end()) {
      same->roles.push_back(role.name);
      continue;
    }
    const Footprint need = footprint(settings, fleet, name, role.model);
    out.models.push_back({.model = role.model, .roles = {role.name}, .need = need, .alone_fits = fits(out.limit, 0, need.total)});
  }
  std::stable_sort(out.models.begin(), out.models.end(), [](const auto& a, const auto& b) { return a.need.total > b.need.total; });
  const std::size_t n = std::min<std::size_t>(out.models.size(), 12);  // 2^12 sets at most
  std::vector<unsigned> good;
  for (unsigned set = 1; set < (1u << n); ++set) {
    std::vector<Bytes> needs;
    for (std::size_t i = 0; i < n; ++i)
      if (set >> i & 1u) needs.push_back(out.models[i].need.total);
    if (together(out.limit, needs)) good.push_back(set);
  }
  for (const unsigned set : good) {
    const bool inside = std::any_of(good.begin(), good.end(), [&](unsigned other) { return other != set && (other & set) == set; });
    if (inside) continue;
    std::vector<ModelName> names;
    for (std::size_t i = 0; i < n; ++i)
      if (set >> i & 1u) names.push_back(out.models[i].model);
    out.together.push_back(std::move(names));
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j) {
      const Bytes a = out.models[i].need.total, b = out.models[j].need.total;
      if (!together(out.limit, {a, b})) out.never.push_back({.a = out.models[i].model, .b = out.models[j].model, .sum = a + b});
    }
  return out;
}

}  // namespace rr
