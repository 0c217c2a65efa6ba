// A node that answers its probes and fails what it is asked: other nodes go first for a while, the last one never leaves. A node on which
// somebody else swaps: this router does not fight for it.
#include "domain/dispatch.hpp"

#include <algorithm>

namespace rr {

namespace {
constexpr int failures_before_shunned = 5;
constexpr Duration first_shun = std::chrono::seconds(30), longest_shun = std::chrono::minutes(5);
}  // namespace

void Dispatch::note_outcome(const NodeName& name, const Outcome& outcome, Time now) {
  NodeBelief* node = fleet_.node(name);
  const bool unasked = outcome.ending == Ending::ok && !outcome.sent;
  if (!node || unasked || outcome.ending == Ending::client_left || outcome.ending == Ending::refused) return;  // nothing of its health
  if (outcome.ending == Ending::ok) {
    if (node->failures >= failures_before_shunned) out_.push_back(Note{Note::Level::info, name + " answers whole again"});
    node->failures = node->shuns = 0;
    node->shunned = false;
    return;
  }
  if (node->state != NodeState::up || ++node->failures < failures_before_shunned || node->shunned) return;
  const Duration shun = std::min(first_shun * (1 << std::min(node->shuns++, 4)), longest_shun);
  node->shunned = true;
  node->shunned_until = now + shun;
  out_.push_back(Note{Note::Level::warn, name + " failed " + std::to_string(node->failures) + " answers in a row although it says that it is well: other machines go first for " +
                                             to_text(shun) + (outcome.error.empty() ? "" : "; the last one: " + outcome.error)});
  move_waiters(name, nullptr, std::nullopt, now);
}

// A load that needs nobody's room, and the end of a lease, are no fight.
bool Dispatch::left_to_others(const NodeName& node, const Proposal& proposal, Time now) {
  const auto other = foreign_.find(node);
  if (other == foreign_.end() || !other->second.keeps_off(now) || proposal.model.empty() || proposal.victims.empty()) return false;
  policy_wake_[node] = *other->second.off_until();
  return true;
}

// A tiny request of the router's own finds out, or else its next client's: one that fails shuns it again at once, for longer.
void Dispatch::end_shunning(Time now) {
  for (NodeBelief& node : fleet_.nodes)
    if (node.shunned && node.trying == 0 && node.shunned_until <= now && !try_out(node, now)) node.shunned = false;
}

bool Dispatch::try_out(NodeBelief& node, Time now) {
  const Gate* gate = gate_of(node.name);
  if (!gate || passthrough() || foreseeing_ || node.state != NodeState::up || node.drained) return false;
  for (const Held& h : gate->held()) {
    const Installed* installed = node.find(h.model);
    const bool chats = installed && (installed->capabilities.empty() || installed->capabilities.count("completion"));
    const bool asked_for = settings_->runs(node.name).loads ||  // else it may be any of the many that its server could load
                           std::any_of(settings_->roles.begin(), settings_->roles.end(), [&](const RoleSettings& r) { return r.model == h.model && std::find(r.nodes.begin(), r.nodes.end(), node.name) != r.nodes.end(); });
    if (!chats || !asked_for || h.in_flight > 0 || !gate->may_grant(h.model, facts(node.name), now)) continue;
    const ModelSettings& model = settings_->model(h.model);
    Ask ask;
    ask.id = node.trying = ~++trials_;  // the last id of all is the forecast's
    ask.purpose = Purpose::preload;  // nothing is to be learnt of it
    ask.model = h.model;
    ++ledger_.arrived;
    Try order{.id = ask.id, .node = node.name, .model = installed->name, .num_ctx = settings_->runs(node.name).options ? model.num_ctx : 0, .keep_alive = lease_of(ask, node.name), .use_mmap = model.use_mmap};
    begin(std::move(ask), node.name, order.keep_alive, now);
    out_.push_back(std::move(order));
    return true;
  }
  return false;
}

}  // namespace rr
