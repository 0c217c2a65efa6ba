#include "sim/virtual_node.hpp"

#include "sim/gpu.hpp"

#include "sim/sha256.hpp"

#include <algorithm>
#include <set>

namespace rr::sim {

namespace {

constexpr double done_s = 1e-6;

// The prompts that a model's runner keeps, least recently used first.
struct Prompts {
  std::list<std::pair<std::string, std::int64_t>> kept{};
  std::int64_t find(const std::string& session) const {
    for (const auto& [name, tokens] : kept)
      if (name == session) return tokens;
    return -1;
  }
  void keep(const std::string& session, std::int64_t tokens, Bytes kv_per_token, Bytes room) {
    kept.remove_if([&](const auto& k) { return k.first == session; });
    kept.emplace_back(session, tokens);
    const auto others = [&] {
      std::int64_t sum = -tokens;  // the slot's own does not count
      for (const auto& k : kept) sum += k.second;
      return sum * kv_per_token;
    };
    while (kept.size() > 1 && others() > room) kept.pop_front();
  }
};

}  // namespace

struct VirtualNode::State : std::enable_shared_from_this<VirtualNode::State> {
  struct Call {
    VirtualJob job{};
    std::function<void(std::optional<std::string>)> loaded{};  // a load order: no job
    Time since{};
    bool running = false, decoding = false;
    double left_s = 0, rate = 1;  // of this phase, alone; its share of the GPU
    Time began{}, first{};
  };

  State(VirtualTime& t, SchedulerRules rules, std::vector<VirtualModel> all, Bytes room)
      : time(t), scheduler(rules), models(std::move(all)), host_cache(room) {
    for (VirtualModel& m : models) m.blob = hash_of(m.name.key());
  }

  static std::string hash_of(std::string_view name) {
    Sha256 hash;
    hash.add(name);
    return hash.hex();
  }

  const VirtualModel* model(const ModelName& name) const {
    for (const VirtualModel& m : models)
      if (m.name == name) return &m;
    return nullptr;
  }

  Want want(const VirtualModel& m, std::optional<KeepAlive> keep) const {
    Want w;
    w.blob = m.blob;
    w.name = m.name.spelt();
    w.file = m.file;
    w.kv = m.kv;
    w.compute = m.compute;
    w.slots = m.slots;
    w.options.num_ctx = m.num_ctx;
    w.options.auto_ctx = false;
    w.keep_alive = keep;
    return w;
  }

  void pump() {
    bool more = true;
    while (more) {
      const auto effects = scheduler.take();
      more = !effects.empty();
      for (const Effect& e : effects) take(e);
    }
    if (const auto at = scheduler.wake(); at && (!alarm || *at < *alarm || *alarm <= time.now())) {
      alarm = *at;
      time.at(*at, [self = weak_from_this(), when = *at] {
        if (const auto state = self.lock()) {
          if (state->alarm == when) state->alarm.reset();
          state->scheduler.tick(state->time.now());
          state->pump();
        }
      });
    }
  }

  void take(const Effect& e) {
    const auto found = calls.find(e.id);
    switch (e.kind) {
      case Effect::Kind::load_started:
        ++tally.loads;
        if (found != calls.end())
          if (const VirtualModel* m = model(found->second.job.model)) tally.loaded += m->file;
        break;
      case Effect::Kind::loaded: prompts.erase(e.blob); break;
      case Effect::Kind::unloading: prompts.erase(e.blob); break;
      case Effect::Kind::admitted:
        if (found == calls.end()) break;
        if (found->second.loaded) return over(e.id, std::nullopt);
        scheduler.compute(e.id, time.now());
        break;
      case Effect::Kind::run:
        if (found != calls.end()) begin(found->second);
        break;
      case Effect::Kind::load_failed:
      case Effect::Kind::refused: fail(e.id, e.text.empty() ? "server busy, please try again.  maximum pending requests exceeded" : e.text); break;
      default: break;
    }
  }

  void over(CallId id, std::optional<std::string> failed) {  // of a load order
    auto done = std::move(calls.at(id).loaded);
    calls.erase(id);
    scheduler.end(id, time.now());
    say(std::move(done), std::move(failed));
  }

  // What a client hears it hears a moment later, never inside the scheduler.
  void say(std::function<void(std::optional<std::string>)> done, std::optional<std::string> failed) {
    time.after(Duration::zero(), [done = std::move(done), failed = std::move(failed)] { done(failed); });
  }

  void fail(CallId id, const std::string& why) {
    Call call = std::move(calls.at(id));
    calls.erase(id);
    if (call.loaded) return say(std::move(call.loaded), why);
    time.after(Duration::zero(), [failed = std::move(call.job.failed), why] { failed(why); });
  }

  void begin(Call& call) {
    const VirtualModel& m = *model(call.job.model);
    const std::int64_t have = prompts[m.blob].find(call.job.session);
    const std::int64_t fresh = have >= 0 && have <= call.job.prompt_tokens ? call.job.prompt_tokens - have : call.job.prompt_tokens;
    tally.reprefill_s += static_cast<double>(std::max<std::int64_t>(0, fresh - call.job.new_tokens)) / m.prefill_tps;
    tally.worst_wait = std::max(tally.worst_wait, time.now() - call.since);
    progress();
    call.running = true;
    call.decoding = false;
    call.began = time.now();
    call.left_s = static_cast<double>(std::max<std::int64_t>(fresh, 1)) / m.prefill_tps;
    share();
  }

  void progress() {  // since the last time
    const double passed = in_seconds(time.now() - counted);
    counted = time.now();
    for (auto& [id, call] : calls)
      if (call.running) call.left_s -= passed * call.rate;
  }

  void share() {  // the GPU; and when the next phase ends
    Gpu gpu;
    for (const auto& [id, call] : calls)
      if (call.running) gpu.begin(call.job.model.key());
    double soonest = -1;
    for (auto& [id, call] : calls) {
      if (!call.running) continue;
      call.rate = gpu.rate(call.job.model.key());
      const double end = std::max(0.0, call.left_s / call.rate);
      if (soonest < 0 || end < soonest) soonest = end;
    }
    const std::uint64_t turn = ++turns;
    if (soonest >= 0)
      time.after(from_seconds(soonest) + std::chrono::nanoseconds(1), [self = weak_from_this(), turn] {
        if (const auto state = self.lock(); state && state->turns == turn) state->phase_over();
      });
  }

  void phase_over() {
    progress();
    std::vector<CallId> finished;
    std::vector<std::function<void()>> firsts;
    for (auto& [id, call] : calls) {
      if (!call.running || call.left_s > done_s) continue;
      if (call.decoding) {
        finished.push_back(id);
        continue;
      }
      call.decoding = true;
      call.first = time.now();
      call.left_s = static_cast<double>(call.job.output_tokens) / model(call.job.model)->decode_tps;
      if (call.job.first) firsts.push_back(call.job.first);
    }
    for (const auto& first : firsts) first();
    for (const CallId id : finished) finish(id);
    share();
    pump();
  }

  void finish(CallId id) {
    Call call = std::move(calls.at(id));
    calls.erase(id);
    const VirtualModel& m = *model(call.job.model);
    prompts[m.blob].keep(call.job.session, call.job.prompt_tokens + call.job.output_tokens, m.kv_per_token, host_cache);
    scheduler.computed(id, time.now());
    scheduler.end(id, time.now());
    pump();
    const Duration prompt = call.first - call.began, output = time.now() - call.first;
    time.after(Duration::zero(), [done = std::move(call.job.done), prompt, output] { done(prompt, output); });
  }

  VirtualTime& time;
  Scheduler scheduler;
  std::vector<VirtualModel> models;
  Bytes host_cache;
  std::map<CallId, Call> calls{};
  std::map<std::string, Prompts> prompts{};
  std::optional<Time> alarm{};
  Time counted{};
  std::uint64_t turns = 0;
  CallId last = 0;
  Tally tally{};
};

VirtualNode::VirtualNode(VirtualTime& time, SchedulerRules rules, std::vector<VirtualModel> models, Bytes host_cache)
    : state_(std::make_shared<State>(time, rules, std::move(models), host_cache)) {}
VirtualNode::~VirtualNode() = default;

void VirtualNode::submit(VirtualJob job, Time since) {
  const VirtualModel* m = state_->model(job.model);
  if (!m) return job.failed("model '" + job.model.spelt() + "' not found");
  const CallId id = ++state_->last;
  const Want want = state_->want(*m, job.keep_alive);
  state_->calls[id] = {.job = std::move(job), .since = since};
  state_->scheduler.ask(id, want, state_->time.now());
  state_->pump();
}

void VirtualNode::load(const ModelName& name, KeepAlive keep, std::function<void(std::optional<std::string>)> done) {
  const VirtualModel* m = state_->model(name);
  if (!m) return done("model '" + name.spelt() + "' not found");
  const CallId id = ++state_->last;
  State::Call& call = state_->calls[id];
  call.job.model = name;
  call.loaded = std::move(done);
  state_->scheduler.ask(id, state_->want(*m, keep), state_->time.now());
  state_->pump();
}

void VirtualNode::unload(const ModelName& name) {
  if (const VirtualModel* m = state_->model(name)) state_->scheduler.unload(m->blob, state_->time.now());
  state_->pump();
}

std::vector<rr::Resident> VirtualNode::ps() const {
  std::vector<rr::Resident> out;
  for (const Resident& r : state_->scheduler.resident(state_->time.now()))
    out.push_back({.name = ModelName(r.name), .size = r.size, .size_vram = r.size_vram, .num_ctx = r.num_ctx, .digest = r.blob,
                   .expires = r.for_ever ? std::nullopt : std::optional(r.expires_at)});
  return out;
}

std::vector<Installed> VirtualNode::tags() const {
  std::vector<Installed> out;
  for (const VirtualModel& m : state_->models) out.push_back({.name = m.name, .size = m.file, .digest = m.blob});
  return out;
}

const VirtualNode::Tally& VirtualNode::tally() const { return state_->tally; }

}  // namespace rr::sim
