#include "domain/policy/experience.hpp"

#include <algorithm>

namespace rr {

namespace {
constexpr double host_cache = 8.0 * 1024 * 1024 * 1024;  // llama-server's --cache-ram
constexpr Bytes unknown_kv = 128 * 1024;
}  // namespace

const PromptCache& Experience::cache(const NodeName& node, const ModelName& model) const {
  static const PromptCache nothing;
  const auto found = caches.find(pace_key(node, model));
  return found == caches.end() ? nothing : found->second;
}

double Experience::room_of(const NodeName& node, const ModelName& model, Bytes kv_per_token) const {
  const auto learnt = room.find(pace_key(node, model));
  return learnt != room.end() ? learnt->second : host_cache / static_cast<double>(kv_per_token > 0 ? kv_per_token : unknown_kv);
}

void Experience::unloaded(const NodeName& node, const ModelName& model, Time now) {
  const std::string key = pace_key(node, model);
  left[key] = now;
  if (const auto found = caches.find(key); found != caches.end()) forget(found);
}

Experience::Caches::iterator Experience::forget(Caches::iterator cache) {
  lost[cache->first].absorb(std::move(cache->second));
  return caches.erase(cache);
}

void Experience::node_lost(const NodeName& node) {
  const auto of_node = [&](const std::string& key) { return key.starts_with(node + "/"); };
  forget_if([&](const auto& c) { return of_node(c.first); });
  std::erase_if(brought, of_node);
}

void Experience::finished(const Turn& turn, const Chain& chain, double depth, Bytes kv_per_token) {
  const std::string key = pace_key(turn.node, turn.model);
  if (depth > 0 && depth < PromptCache::never && turn.prompt_tokens > 0 && turn.prompt_time > Duration::zero() && pace.prefill_known(turn.node, turn.model)) {
    const double whole = static_cast<double>(turn.prompt_tokens) / pace.prefill_tps(turn.node, turn.model, turn.file);
    const bool survived = in_seconds(turn.prompt_time) / turn.share < whole / 2;
    const double known = room_of(turn.node, turn.model, kv_per_token);
    room[key] = survived ? std::max(known, depth) : std::min(known, depth - 1);
  }
  pace.answered(turn);
  caches[key].finished(chain, turn.prompt_tokens + turn.output_tokens);
}

}  // namespace rr
