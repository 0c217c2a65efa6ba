// What the dispatch tells the stories: who waits for what, whose prompt was still cached, what the gate does for whom.
#include "domain/dispatch.hpp"

namespace rr {

// The reason is one for all who wait for one model on one node; they hear it when it has changed, and once when they come.
void Dispatch::tell_waiting(Time now) {
  if (foreseeing_) return;
  if (line_.empty()) return told_.clear();
  std::map<std::pair<NodeName, ModelName>, std::uint64_t> number;
  std::map<NodeName, int> ahead;
  for (Waiter& w : line_) {
    const auto key = std::pair(w.node, w.ask.model);
    auto [known, fresh] = number.try_emplace(key, 0);
    Told& told = told_[key];
    if (fresh) {
      std::string words = for_what(w, now);
      if (told.words != words) told = {std::move(words), ++reasons_told_};
      known->second = told.number;
    }
    const int before = ahead[w.node]++;
    if (w.told == known->second) continue;
    if (w.told == 0) bet(w, now);
    const Gate* g = gate(w.node);
    w.told = known->second;
    stories_.waits(w.ask.id, w.node, told.words, before, g && g->ready(w.ask.model, facts(w.node), now), now);
  }
}

void Dispatch::tell_granted(const Running& r, Time now) {
  if (foreseeing_) return;
  settle(r.ask.id, now);
  Story::Cache cache = Story::Cache::unknown;
  std::int64_t cached = 0;
  if (r.ask.chain && !r.ask.chain->empty() && r.gated) {
    const Chain& chain = *r.ask.chain;
    const double room = seen_.room_of(r.node, r.model, facts(r.node).model(r.model).kv_per_token);
    cached = seen_.cache(r.node, r.model).cached(chain, room);
    const auto lost = seen_.lost.find(pace_key(r.node, r.model));
    if (cached > 0) cache = Story::Cache::hit;
    else if (r.depth < PromptCache::never) cache = Story::Cache::pushed_out;
    else if (lost != seen_.lost.end() && lost->second.depth(chain) < PromptCache::never) cache = Story::Cache::lost;
    else cache = Story::Cache::fresh;
  }
  stories_.granted(r.ask.id, r.node, r.model, cache, cached, now);
}

void Dispatch::tell_deed(const NodeName& node, const GateStep& step, Time now) {
  if (step.what == GateStep::What::unload) {
    const Gate* g = gate(node);
    if (g && g->phase() != SwapPhase::steady) stories_.unload_ordered(node, step.model, g->swap().model, now);
  } else if (step.what == GateStep::What::load) {
    stories_.load_ordered(node, step.model, facts(node).model(step.model).file, now);
  }
}

}  // namespace rr
