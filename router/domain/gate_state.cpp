// The whole state of a gate in one line.
#include "domain/gate.hpp"

#include <algorithm>

namespace rr {

std::string Gate::state(Time now) const {
  const auto ago = [&](Time t) {
    const Duration d = std::clamp<Duration>(now - t, -std::chrono::hours(1), std::chrono::hours(1));
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
  };
  std::string out(to_text(phase_));
  const auto add = [&](const std::string& word) { (out += ' ') += word; };
  if (phase_ != SwapPhase::steady) {
    add(swap_.model.key());
    for (const ModelName& v : swap_.victims) add("-" + v.key());
    add(ago(deadline_));
    add(std::to_string(failures_) + "/" + std::to_string(looks_) + (overdue_ ? "!" : ""));
  }
  if (load_out_) add("load:" + load_.name.key() + ":" + std::to_string(load_.num_ctx));
  for (const ModelName& m : unloads_out_) add("unload:" + m.key());
  if (failure_) add("failed:" + failure_->model.key());
  if (looks_wanted()) add("looked:" + ago(looked_) + ":" + std::to_string(gap_.count()));
  for (const Held& h : held_) {
    add("[" + h.model.key());
    add(std::to_string(h.bytes) + "/" + std::to_string(h.num_ctx) + "/" + std::to_string(h.shown_ctx) + "/" + std::to_string(h.in_flight) + "/" + std::to_string(h.missed));
    for (const bool flag : {h.leaving, h.unsure, h.ours, h.touched, h.in_doubt, h.settled, h.use_mmap.has_value(), h.use_mmap.value_or(false)}) out += flag ? '1' : '0';
    if (h.expires) add("until:" + ago(*h.expires));
    if (h.leaving) add("since:" + ago(h.leaving_since));
    if (h.stayed) add("stayed:" + ago(*h.stayed));
    if (h.renewed == now) add("new");
    add(to_text(h.sent) + "," + to_text(h.next));
    add(std::to_string(std::count_if(held_.begin(), held_.end(), [&](const Held& o) { return o.used < h.used; })) + "]");
  }
  return out;
}

}  // namespace rr
