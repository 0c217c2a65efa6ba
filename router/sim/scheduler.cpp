#include "sim/scheduler_state.hpp"

#include <algorithm>
#include <utility>

namespace rr::sim {

bool needs_reload(const RunnerOptions& loaded, const RunnerOptions& wanted) {
  RunnerOptions a = loaded, b = wanted;
  if (a.auto_ctx && b.auto_ctx) a.num_ctx = b.num_ctx;
  a.auto_ctx = b.auto_ctx = true;
  if (b.num_gpu < 0) a.num_gpu = b.num_gpu;
  // On the hosts in question mmap is off when nobody names it: saying "false" changes nothing.
  if (a.use_mmap <= 0 && b.use_mmap <= 0) a.use_mmap = b.use_mmap;
  return !(a == b);
}

Scheduler::Scheduler(SchedulerRules rules) : rules_(rules) {}

void Scheduler::say(Effect::Kind kind, CallId id, std::string blob, std::string text) {
  effects_.push_back({kind, id, std::move(blob), std::move(text)});
}

std::vector<Effect> Scheduler::take() { return std::exchange(effects_, {}); }

Scheduler::RunnerPtr Scheduler::find(const std::string& blob) const {
  auto i = loaded_.find(blob);
  return i == loaded_.end() ? nullptr : i->second;
}

bool Scheduler::has(const std::string& blob) const {
  return loaded_.count(blob) || (unloading_ && unloading_->want.blob == blob);
}

Bytes Scheduler::used() const {
  Bytes sum = loading_bytes_ + (unloading_ ? unloading_->vram : 0);
  for (auto& [blob, r] : loaded_) sum += r->vram;
  return sum;
}

bool Scheduler::ever_waited(CallId id) const {
  auto i = calls_.find(id);
  return i != calls_.end() && i->second->waited;
}

bool Scheduler::loaded_for(CallId id) const {
  auto i = calls_.find(id);
  return i != calls_.end() && i->second->loaded;
}

void Scheduler::ask(CallId id, Want want, Time now) {
  auto made = std::make_shared<Call>();
  Call& call = *made;
  calls_[id] = made;
  call.id = id;
  call.want = std::move(want);
  RunnerPtr r = find(call.want.blob);
  if (r && !r->dead && !needs_reload(r->want.options, call.want.options)) {
    admit(call, r, now);
    return;
  }
  // One more is in the loop's hand: the queue holds what comes after it.
  if (pending_.size() >= std::size_t(std::max(rules_.max_queue, 0)) + (head_ ? 0 : 1)) {
    calls_.erase(id);
    say(Effect::Kind::refused, id);
    return;
  }
  call.waited = head_ || !pending_.empty();
  pending_.push_back(id);
  pump(now);
}

void Scheduler::compute(CallId id, Time) {
  auto i = calls_.find(id);
  if (i == calls_.end() || i->second->at != Call::At::admitted) return;
  Runner& r = *i->second->runner;
  i->second->at = Call::At::in_line;
  r.line.push_back(id);
  fill_slots(r);
  if (i->second->at == Call::At::in_line) i->second->waited = true;
}

void Scheduler::computed(CallId id, Time) {
  auto i = calls_.find(id);
  if (i == calls_.end() || i->second->at != Call::At::running) return;
  i->second->at = Call::At::admitted;
  release_slot(*i->second->runner);
}

void Scheduler::end(CallId id, Time now) {
  auto i = calls_.find(id);
  if (i == calls_.end() || !i->second->runner) return;
  computed(id, now);
  RunnerPtr r = i->second->runner;
  calls_.erase(i);
  finished_.push_back({r, false});
  pump(now);
}

void Scheduler::leave(CallId id, Time now, std::optional<Time> engine_busy_until, bool slot_lost) {
  auto i = calls_.find(id);
  if (i == calls_.end() || i->second->left) return;
  Call& call = *i->second;
  switch (call.at) {
    case Call::At::queued:
    case Call::At::head:
      call.left = true;  // skipped at its turn; nobody tells its handler
      say(Effect::Kind::leaked, id);
      return;
    case Call::At::loading:
      load_end_.reset();
      loading_bytes_ = 0;
      head_.reset();
      calls_.erase(i);
      say(Effect::Kind::load_aborted, id);
      pump(now);
      return;
    case Call::At::in_line: {
      auto& line = call.runner->line;
      line.erase(std::find(line.begin(), line.end(), id));
      call.at = Call::At::admitted;
      break;
    }
    case Call::At::running:
      if (slot_lost || engine_busy_until) {
        if (!slot_lost) call.runner->busy_until.push_back(*engine_busy_until);
        call.at = Call::At::admitted;  // the place stays taken
      }
      break;
    case Call::At::admitted:
      break;
  }
  end(id, now);
}

void Scheduler::unload(const std::string& blob, Time now) {
  RunnerPtr r = find(blob);
  if (!r) return;
  r->expires_at = now;
  r->expires_never = false;
  r->timer.reset();
  r->keep = KeepAlive{Duration::zero()};
  if (r->refs <= 0) expire(r);
  pump(now);
}

void Scheduler::wedge(const std::string& blob) {
  if (RunnerPtr r = find(blob)) r->places -= 1 << 20;
}

void Scheduler::crash(const std::string& blob) {
  if (RunnerPtr r = find(blob)) r->dead = true;
}

void Scheduler::crash_all(Time now) {
  for (auto& [blob, r] : loaded_) {
    r->timer.reset();
    r->keep = KeepAlive{Duration::zero()};
    if (r->refs <= 0) expire(r);
  }
  pump(now);
}

void Scheduler::tick(Time now) {
  // In order of time, so that one late tick does what many timely ones would have done.
  while (auto due = wake()) {
    if (*due > now) break;
    const Time at = *due;
    if (unloading_ && unload_end_ <= at) unload_done();
    if (load_end_ && *load_end_ <= at) load_done(at);
    for (auto& [blob, r] : loaded_) {
      if (r->timer && *r->timer <= at) {
        r->timer.reset();
        expire(r);
      }
      auto late = std::find_if(r->busy_until.begin(), r->busy_until.end(), [&](Time t) { return t <= at; });
      if (late != r->busy_until.end()) {
        r->busy_until.erase(late);
        release_slot(*r);
      }
    }
    pump(at);
  }
}

std::optional<Time> Scheduler::wake() const {
  std::optional<Time> first;
  auto consider = [&](Time t) { first = first ? std::min(*first, t) : t; };
  if (unloading_) consider(unload_end_);
  if (load_end_) consider(*load_end_);
  for (auto& [blob, r] : loaded_) {
    if (r->timer) consider(*r->timer);
    for (Time t : r->busy_until) consider(t);
  }
  return first;
}

std::vector<Resident> Scheduler::resident(Time now) const {
  std::vector<Resident> all;
  auto list = [&](const Runner& r) {
    Resident one{r.want.blob, r.want.name, r.size, r.vram, r.want.options.num_ctx, r.refs, r.keep, false, now};
    if (r.expires_at) {
      one.for_ever = r.expires_never;
      one.expires_at = *r.expires_at;
    } else {
      one.for_ever = r.keep.forever();
      one.expires_at = one.for_ever ? now : now + r.keep.value;
    }
    all.push_back(std::move(one));
  };
  for (auto& [blob, r] : loaded_) list(*r);
  if (unloading_) list(*unloading_);
  std::stable_sort(all.begin(), all.end(), [](const Resident& a, const Resident& b) {
    if (a.for_ever != b.for_ever) return a.for_ever;
    return a.expires_at > b.expires_at;
  });
  return all;
}

}  // namespace rr::sim
