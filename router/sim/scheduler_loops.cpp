// The two loops of the scheduler: pending requests, and what has finished or expired.
#include "sim/scheduler_state.hpp"

#include <algorithm>
#include <utility>

namespace rr::sim {

namespace {

KeepAlive lasting(KeepAlive k) {  // a century is for ever
  return k.value > std::chrono::hours(24 * 36500) ? for_ever : k;
}

}  // namespace

void Scheduler::pump(Time now) {
  for (bool more = true; more;) {
    more = false;
    if (!unloading_) more |= step_finished(now);  // that loop stands still during an unload
    if (!unloading_ && !load_end_) more |= step_pending(now);
  }
}

bool Scheduler::step_finished(Time now) {
  if (finished_.empty()) return false;
  Finished f = finished_.front();
  finished_.pop_front();
  Runner& r = *f.runner;
  if (r.gone) return true;  // a second expiry of one engine
  if (!f.expired) {
    if (--r.refs > 0) return true;
    if (r.keep.zero() || r.must_leave) {
      r.timer.reset();
      expire(f.runner);
    } else {
      r.expires_never = r.keep.forever();
      r.timer.reset();
      if (!r.expires_never) r.timer = now + r.keep.value;
      r.expires_at = r.expires_never ? now : now + r.keep.value;
    }
    return true;
  }
  if (r.refs > 0) {  // admitted meanwhile: it leaves as soon as it is idle, whatever keep_alive says now
    r.must_leave = true;
    return true;
  }
  r.gone = true;
  loaded_.erase(r.want.blob);
  unloading_ = f.runner;
  unload_end_ = now + rules_.unload;
  say(Effect::Kind::unloading, 0, r.want.blob);
  return true;
}

void Scheduler::unload_done() {
  say(Effect::Kind::unloaded, 0, unloading_->want.blob);
  unloading_.reset();
  ++unload_tokens_;
}

bool Scheduler::step_pending(Time now) {
  if (!head_) {
    if (pending_.empty()) {
      unload_tokens_ = 0;
      return false;
    }
    head_ = pending_.front();
    pending_.pop_front();
    waiting_ = false;
  } else if (waiting_) {
    if (!unload_tokens_) return false;  // whatever happened to the victim: only an unload goes on
    --unload_tokens_;
    waiting_ = false;
  }
  decide_head(now);
  return true;
}

void Scheduler::decide_head(Time now) {
  Call& call = *calls_.at(*head_);
  if (call.left) {
    calls_.erase(*head_);
    head_.reset();
    return;
  }
  call.at = Call::At::head;
  const Want& w = call.want;
  RunnerPtr out, mine = find(w.blob);
  if (mine && !mine->dead && !needs_reload(mine->want.options, w.options)) {
    head_.reset();
    admit(call, mine, now);
    return;
  }
  if (mine) {
    out = mine;
  } else if (rules_.max_loaded > 0 && loaded_.size() >= std::size_t(rules_.max_loaded)) {
    out = victim();
  } else {
    const Bytes free = rules_.gpu_memory - used();
    const bool beside = !loaded_.empty();
    // A host without an accelerator looks at the number of models only.
    if (!beside || rules_.gpu_memory <= 0 || double(w.file + w.kv) <= 0.8 * double(free)) {
      start_load(call, now);
      return;
    }
    out = victim();
  }
  call.waited = call.waited || out->refs > 0;
  out->timer.reset();
  out->keep = KeepAlive{Duration::zero()};
  if (out->refs <= 0) expire(out);
  waiting_ = true;
}

Scheduler::RunnerPtr Scheduler::victim() const {
  std::vector<RunnerPtr> by;
  for (auto& [blob, r] : loaded_) by.push_back(r);  // in order of the blob's path
  std::stable_sort(by.begin(), by.end(), [](const RunnerPtr& a, const RunnerPtr& b) { return longer(b->keep, a->keep); });
  for (auto& r : by) {
    if (r->refs <= 0) return r;
  }
  return by.front();
}

void Scheduler::expire(RunnerPtr r) { finished_.push_back({std::move(r), true}); }

void Scheduler::start_load(Call& call, Time now) {
  const Want& w = call.want;
  call.at = Call::At::loading;
  call.loaded = true;
  const double seconds = double(w.file) / (rules_.load_gbps * 1e9);
  const Duration reading{static_cast<Duration::rep>(seconds * 1e9)};
  load_end_ = now + (w.load_time ? *w.load_time : rules_.load_start + reading);
  // What does not fit stays in main memory: the engine's own fitting.
  loading_bytes_ = std::min(w.file + w.kv + w.compute, std::max<Bytes>(rules_.gpu_memory - used(), 0));
  say(Effect::Kind::load_started, call.id, w.blob);
}

void Scheduler::load_done(Time now) {
  Call& call = *calls_.at(*head_);
  head_.reset();
  load_end_.reset();
  const Bytes vram = std::exchange(loading_bytes_, 0);
  if (!call.want.load_error.empty()) {
    const CallId id = call.id;
    std::string text = call.want.load_error, blob = call.want.blob;
    calls_.erase(id);
    say(Effect::Kind::load_failed, id, blob, text);
    return;
  }
  auto r = std::make_shared<Runner>();
  r->want = call.want;
  r->want.keep_alive.reset();
  r->size = call.want.file + call.want.kv + call.want.compute;
  r->vram = vram;
  r->keep = lasting(rules_.keep_alive);
  r->places = call.want.slots;
  loaded_[r->want.blob] = r;
  say(Effect::Kind::loaded, call.id, r->want.blob);
  admit(call, r, now);
}

void Scheduler::admit(Call& call, RunnerPtr r, Time) {
  ++r->refs;
  r->timer.reset();
  if (call.want.keep_alive) r->keep = lasting(*call.want.keep_alive);  // at the start: the last starter wins
  call.runner = std::move(r);
  call.at = Call::At::admitted;
  say(Effect::Kind::admitted, call.id, call.want.blob);
}

void Scheduler::release_slot(Runner& r) {
  ++r.places;
  fill_slots(r);
}

void Scheduler::fill_slots(Runner& r) {
  while (r.places > 0 && !r.line.empty()) {
    const CallId id = r.line.front();
    r.line.pop_front();
    --r.places;
    calls_.at(id)->at = Call::At::running;
    say(Effect::Kind::run, id, r.want.blob);
  }
}

}  // namespace rr::sim
