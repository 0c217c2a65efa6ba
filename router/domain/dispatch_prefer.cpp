// Where the smart policy has a say beside the next swap: which of a role's nodes, who of a line goes first, and what is learnt of
// every answer.
#include "domain/dispatch.hpp"

#include "domain/policy/smart.hpp"

#include <algorithm>

namespace rr {

namespace {
constexpr double crowd_weight = 0.2;
constexpr int long_line = 12, most_passed_over = 15;
constexpr Duration shortest_prompt = std::chrono::milliseconds(300);  // below it the prompt was cached: it tells no rate
const Chain no_chain;
const Chain& chain_of(const Ask& ask) { return ask.chain ? *ask.chain : no_chain; }
}  // namespace

// Of a role's nodes that can serve it: the first, unless the last would finish sooner or the first would need an eviction.
Dispatch::Preference Dispatch::prefer(const Ask& ask, const Placement& placement, Time now) const {
  if (settings_->policy != PolicyName::smart || ask.nodes.size() < 2) return {placement.node, {}};
  std::vector<NodeName> able;
  for (const NodeName& name : ask.nodes)
    for (const Candidate& c : placement.candidates)
      if (c.node == name && c.can && is_up(name) && gate(name) && (gate(name)->find(ask.model) || !gate(name)->hopeless(ask.model, facts(name)))) able.push_back(name);
  if (able.size() < 2) return {able.empty() ? placement.node : able.front(), {}};
  const NodeName &first = able.front(), &last = able.back();
  const auto at_first = waiting_on(first), at_last = waiting_on(last);
  const PolicyView here{*gate(first), facts(first), at_first, *settings_, first, seen_};
  const PolicyView there{*gate(last), facts(last), at_last, *settings_, last, seen_};
  const double others = smart::others(here, ask.model, now);
  const double crowd = seen_.crowd + crowd_weight * (others - seen_.crowd);
  const smart::Request request{.model = ask.model, .role = ask.role, .chain = &chain_of(ask), .tokens = ask.tokens};
  return {smart::finish(here, request, std::max(crowd, others), now) < smart::finish(there, request, 0, now) ? first : last, crowd};
}

Result<NodeName> Dispatch::where(const Ask& ask, Time now) const {
  const auto placed = place(ask, fleet_, *settings_);
  if (!placed) return placed.error();
  return {boost::system::in_place_value, prefer(ask, *placed, now).node};
}

// The head of the line, unless its prompt would push out of the cache what somebody behind it still has there. One that has waited for
// max_wait goes next. In a long line that is not enough: all of it has waited so long, and a swap that others wait for empties the cache
// before every conversation has come back to it. There those who have theirs go first, and each sixteenth place is the head's.
std::size_t Dispatch::pick(std::size_t head, Time now) const {
  const Waiter& h = line_[head];
  if (settings_->policy != PolicyName::smart) return head;
  const std::string key = pace_key(h.node, h.ask.model);
  const auto same = [&](const Waiter& w) { return w.node == h.node && w.ask.model == h.ask.model; };
  const bool crowded = std::count_if(line_.begin(), line_.end(), same) >= long_line;
  const auto passed = passed_over_.find(key);
  if (crowded && passed != passed_over_.end() && passed->second >= most_passed_over) return head;
  const auto gone = seen_.left.find(key);
  const Time since = gone == seen_.left.end() ? h.arrived : std::max(h.arrived, gone->second);
  if (!crowded && now - since > settings_->max_wait) return head;
  const PromptCache& cache = seen_.cache(h.node, h.ask.model);
  const double room = seen_.room_of(h.node, h.ask.model, facts(h.node).model(h.ask.model).kv_per_token);
  const bool perishes = crowded && std::any_of(line_.begin(), line_.end(), [&](const Waiter& w) { return w.node == h.node && !same(w) && !gate(h.node)->ready(w.ask.model, facts(h.node), now); });
  if (!perishes && !cache.full(chain_of(h.ask), room)) return head;
  for (std::size_t i = head; i < line_.size(); ++i)
    if (same(line_[i]) && cache.cached(chain_of(line_[i].ask), room) > 0) return i;
  return head;
}

// `shared`: models x time on its node, while it ran.
void Dispatch::learn(const Running& was, const Outcome& outcome, Duration shared, Time now) {
  if (was.ask.purpose != Purpose::answer || was.ask.needs.embedding || !outcome.sent) return;
  if (outcome.prompt_tokens > 200 && outcome.prompt_time >= shortest_prompt) {
    const double tps = static_cast<double>(outcome.prompt_tokens) / in_seconds(outcome.prompt_time);
    const auto [known, fresh] = ledger_.prompt_tps.try_emplace(pace_key(was.node, was.model), tps);
    if (!fresh) known->second += 0.2 * (tps - known->second);
  }
  // A prompt that fills the context was cut; an image's tokens are not of its bytes.
  if (outcome.ending == Ending::ok && !was.ask.needs.images && (was.ask.num_ctx == 0 || outcome.prompt_tokens < was.ask.num_ctx))
    guess_.learn(was.model, was.ask.size, outcome.prompt_tokens);
  const GateFacts::Model& figures = facts(was.node).model(was.model);
  if (outcome.ending == Ending::ok) {
    seen_.finished({.node = was.node, .model = was.model, .file = figures.file, .role = was.ask.role,
                    .prompt_tokens = outcome.prompt_tokens > 0 ? outcome.prompt_tokens : was.ask.tokens, .output_tokens = outcome.output_tokens,
                    .prompt_time = outcome.prompt_time, .output_time = outcome.output_time, .from_nothing = was.depth == PromptCache::never,
                    .share = now > was.granted ? std::chrono::duration<double>(shared) / std::chrono::duration<double>(now - was.granted) : 1},
                   chain_of(was.ask), was.depth, figures.kv_per_token);
  } else if (outcome.ending == Ending::client_left) {  // its prompt is in the slot all the same
    seen_.caches[pace_key(was.node, was.model)].finished(chain_of(was.ask), was.ask.tokens);
  }
}

}  // namespace rr
