// A request's way through the dispatch: arrived, placed, in the line, granted or refused, ended.
#include "domain/dispatch.hpp"

#include "domain/alias.hpp"

#include <algorithm>

namespace rr {

namespace {

constexpr double unmeasured_prompt_tps = 200;
constexpr double on_the_way = 0.25;  // seconds a request may have needed to the node

}  // namespace

Dispatch::Dispatch(Snapshot settings, Time now) : settings_(std::move(settings)) {
  for (const NodeSettings& node : settings_->nodes) {
    fleet_.nodes.push_back({.name = node.name, .links = Links(node.addresses, now), .since = now});
    gates_[node.name];
  }
  note_roles(now);
}

std::vector<Command> Dispatch::on(const Event& event, Time now) {
  out_.clear();
  std::visit([&](const auto& e) { on_event(e, now); }, event);
  tell_waiting(now);
  ledger_.waiting = waiting();
  ledger_.granted = in_flight();
  wake(now);
  return std::move(out_);
}

void Dispatch::on_event(const Arrived& e, Time now) {
  ++ledger_.arrived;
  stories_.arrived(e.ask, now);
  Waiter waiter{.ask = e.ask, .arrived = now};
  auto placed = place_within_limits(waiter.ask, now);
  if (!placed) return refuse(waiter.ask, placed.error(), now);
  const Preference preferred = prefer(waiter.ask, *placed, now);
  waiter.node = preferred.node;
  if (preferred.crowd) seen_.crowd = *preferred.crowd;
  const NodeName node = waiter.node;
  const NodeBelief* belief = fleet_.node(node);
  if (belief && !passthrough()) waiter.ask.model = counted_as(waiter.ask.model, *belief, *settings_);
  if (belief && belief->state == NodeState::unknown && !passthrough()) out_.push_back(Look{node});
  line_.push_back(std::move(waiter));
  advance(node, now);
  if (waiting() > settings_->limits.waiting) shed(e.ask.id, now);
}

std::optional<KeepAlive> Dispatch::lease_of(const Ask& ask, const NodeName& node) const {
  if (passthrough() || !settings_->runs(node).options) return std::nullopt;
  if (settings_->policy == PolicyName::smart) return for_ever;  // the router ends the lease
  const KeepAlive keep = settings_->keep_alive(ask.model, ask.role);
  return keep.zero() && ask.purpose == Purpose::preload ? load_lease(ask.model) : keep;  // with 0 it would be an unload
}

void Dispatch::grant(Waiter waiter, Time now) {
  const Ask& ask = waiter.ask;
  const ModelSettings& model = settings_->model(ask.model);
  Grant grant{.id = ask.id, .node = waiter.node, .model = ask.model, .num_ctx = model.num_ctx, .keep_alive = lease_of(ask, waiter.node), .use_mmap = model.use_mmap,
              .queued = now - waiter.arrived, .swapped = waiter.swapped};
  if (const NodeBelief* node = fleet_.node(waiter.node))
    if (const Installed* installed = node->find(ask.model)) grant.model = installed->name;  // the node's own spelling
  tell_granted(begin(ask, waiter.node, grant.keep_alive, now), now);
  out_.push_back(std::move(grant));
}

Dispatch::Running& Dispatch::begin(Ask ask, const NodeName& node, std::optional<KeepAlive> keep, Time now) {
  Gate* gate = gate_of(node);
  if (gate) gate->grant(ask.model, keep.value_or(for_ever), now);
  foreign_[node].ours(ask.model);  // where it went meanwhile, the node brings it back for this request
  Share& share = shares_[node];
  share.enter(ask.model, now);
  Running& running = running_[ask.id];
  const double depth = ask.chain ? seen_.cache(node, ask.model).depth(*ask.chain) : PromptCache::never;
  running = {.ask = std::move(ask), .node = node, .granted = now, .gated = gate != nullptr, .depth = depth, .shared = share.sum(now)};
  running.model = running.ask.model;
  return running;
}

void Dispatch::refuse(const Ask& ask, Refusal refusal, Time now) {
  ++ledger_.refused[refusal.code];
  stories_.refused(ask.id, refusal, now);
  out_.push_back(Refuse{ask.id, std::move(refusal)});
}

void Dispatch::on_event(const Left& e, Time now) {
  const auto found = std::find_if(line_.begin(), line_.end(), [&](const Waiter& w) { return w.ask.id == e.id; });
  if (found == line_.end()) return;
  ++ledger_.left;
  stories_.left(e.id, now);
  const NodeName node = found->node;
  line_.erase(found);
  advance(node, now);
}

void Dispatch::on_event(const Ended& e, Time now) {
  const auto found = running_.find(e.id);
  if (found == running_.end()) return;
  const Running was = std::move(found->second);
  running_.erase(found);
  Share& share = shares_[was.node];
  share.leave(was.model, now);
  const Outcome& outcome = e.outcome;
  stories_.ended(e.id, outcome, now);
  switch (outcome.ending) {
    case Ending::ok:
    case Ending::refused: ++ledger_.answered; break;
    case Ending::client_left: ++ledger_.left; break;
    case Ending::node_failed: ++ledger_.failed; break;
  }
  learn(was, outcome, share.sum(now) - was.shared, now);
  const bool in_prompt = outcome.ending == Ending::client_left && outcome.sent && !outcome.content_began && was.ask.purpose == Purpose::answer;
  const Duration rest = in_prompt ? prompt_rest(was, now) : Duration::zero();
  Gate* gate = gate_of(was.node);
  if (gate && was.gated && outcome.silent) note_silence(was, *gate);
  if (!gate || !was.gated) {
  } else if (rest > Duration::zero()) {
    ghosts_.push_back({.node = was.node, .model = was.model, .until = now + rest});
  } else {
    const bool sure = outcome.ending == Ending::ok || outcome.ending == Ending::client_left;
    const Reached reached = !outcome.sent ? Reached::no : sure ? Reached::yes : Reached::unsure;
    run(was.node, gate->ended(was.model, facts(was.node), now, reached), now);
  }
  if (outcome.ending == Ending::node_failed) out_.push_back(Look{was.node});
  if (NodeBelief* node = fleet_.node(was.node); node && node->trying == e.id) node->trying = 0, node->shunned = false;
  note_outcome(was.node, outcome, now);
  forget_gate(was.node);
  advance(was.node, now);
}

// No first byte in its time, and the node answers otherwise: a leaked slot, or a runner that is wedged. Only an unload frees it.
void Dispatch::note_silence(const Running& was, Gate& gate) {
  if (passthrough() || !is_up(was.node) || !settings_->runs(was.node).loads) return;
  gate.wedged(was.model);
  out_.push_back(Note{Note::Level::warn, was.node + ": " + was.model.spelt() + " gave no first byte in " + to_text(KeepAlive{settings_->first_byte}) +
                                             " (first_byte) although the node answers: it is unloaded and loaded before its next request"});
}

// A request that is cancelled in its prompt goes on to the prompt's end inside the node.
Duration Dispatch::prompt_rest(const Running& was, Time now) const {
  const auto known = ledger_.prompt_tps.find(pace_key(was.node, was.model));
  const double tps = known == ledger_.prompt_tps.end() ? unmeasured_prompt_tps : known->second;
  const double most = in_seconds(settings_->prefill_grace);  // also keeps the sum in range
  const double elapsed = in_seconds(now - was.granted);
  const double rest = std::clamp(static_cast<double>(was.ask.tokens) / tps - elapsed + on_the_way, 0.0, most);
  return from_seconds(rest);
}

// Their node cannot serve them (any more): each is placed again, in its old turn, or told why not.
void Dispatch::move_waiters(const NodeName& node, const ModelName* model, const std::optional<Refusal>& instead, Time now) {
  std::deque<Waiter> line = std::move(line_);
  line_.clear();
  std::vector<NodeName> touched;
  for (Waiter& waiter : line) {
    if (waiter.node == node && (!model || waiter.ask.model == *model)) {
      if (instead) waiter.ask.avoid.push_back(node);
      auto placed = place(waiter.ask, fleet_, *settings_);
      if (!placed) {
        refuse(waiter.ask, instead ? *instead : placed.error(), now);
        continue;
      }
      waiter.node = placed->node;
      if (waiter.node != node) touched.push_back(waiter.node);
    }
    line_.push_back(std::move(waiter));
  }
  for (const NodeName& other : touched) advance(other, now);
}

Gate* Dispatch::gate_of(const NodeName& node) {
  const auto found = gates_.find(node);
  return found == gates_.end() ? nullptr : &found->second;
}

const Gate* Dispatch::gate(std::string_view node) const {
  const auto found = gates_.find(NodeName(node));
  return found == gates_.end() ? nullptr : &found->second;
}

int Dispatch::at_work(const NodeName& node) const {
  const auto running = std::count_if(running_.begin(), running_.end(), [&](const auto& r) { return r.second.node == node; });
  return static_cast<int>(running + std::count_if(ghosts_.begin(), ghosts_.end(), [&](const Ghost& g) { return g.node == node; }));
}

int Dispatch::in_flight() const { return static_cast<int>(running_.size()); }
int Dispatch::waiting() const { return static_cast<int>(line_.size()); }

}  // namespace rr
