// What is heard and not heard over the addresses of a node; what the operator says of it.
#include "domain/dispatch.hpp"

namespace rr {

void Dispatch::on_event(const LinkHeard& e, Time now) {
  NodeBelief* node = fleet_.node(e.node);
  if (node) note_change(e.node, node->links.heard(e.address, e.rtt, now), now);
}

void Dispatch::on_event(const LinkFailed& e, Time now) {
  NodeBelief* node = fleet_.node(e.node);
  if (node) note_change(e.node, node->links.failed(e.address, e.why, e.evidence, now), now);
}

void Dispatch::on_event(const Woke& e, Time now) {
  out_.push_back(Note{Note::Level::info, "this machine slept for " + to_text(e.slept) + ": every machine is asked anew"});
  for (NodeBelief& node : fleet_.nodes) {
    node.links.forget(now);
    foreign_[node.name].forget();
    node.state = NodeState::unknown;
    node.since = now;
    node.why.clear();
    out_.push_back(Look{node.name});
  }
  note_roles(now);
}

// Who waits there goes to another node that can serve it, or waits on: the operator will give the node back.
void Dispatch::on_event(const DrainWanted& e, Time now) {
  NodeBelief* node = fleet_.node(e.node);
  if (!node || node->drained == e.on) return;
  node->drained = e.on;
  const int running = at_work(e.node);
  if (!e.on) out_.push_back(Note{Note::Level::info, e.node + " takes requests again"});
  else out_.push_back(Note{Note::Level::info, e.node + " is drained: nothing new goes there" + (running > 0 ? ", " + std::to_string(running) + " still " + (running == 1 ? "runs" : "run") : "")});
  if (Gate* gate = gate_of(e.node); e.on && gate && gate->phase() == SwapPhase::draining) gate->drop(now);  // a swap that waits for what runs
  if (e.on) move_waiters(e.node, nullptr, std::nullopt, now);
  advance_all(now);
  note_roles(now);
}

// One line each way. Nothing is said of the first address that answers, nor of a node with one address: it is up or down itself.
void Dispatch::note_change(const NodeName& name, const std::optional<LinkChange>& change, Time) {
  if (change && change->from) {
    const std::string over = name + " is reached over " + described(change->to);
    if (change->why.empty())
      out_.push_back(Note{Note::Level::info, over + " again" + (change->away > Duration::zero() ? ", after " + to_text(change->away) : "")});
    else
      out_.push_back(Note{Note::Level::warn, over + " now: " + change->why});
  }
  for (const Address& address : fleet_.node(name)->links.to_give_up()) out_.push_back(GiveUp{address});
}

}  // namespace rr
