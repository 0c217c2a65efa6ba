// A small pure model of one Ollama in virtual time: its scheduler, its memory, its leases. It has the real one's faults: one load at a
// time in the order asked for, victims chosen by the shortest lease, and a marked model that a new request brings back to life.
#pragma once

#include "domain/fleet.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <queue>

namespace rr::test {

// Virtual time: what is to happen, in order. Of two things at the same moment the one said first comes first.
class Clock {
 public:
  using Deed = std::function<void()>;
  Time now{};
  void after(Duration d, Deed deed) { deeds_.push({now + std::max(d, Duration::zero()), ++count_, std::move(deed)}); }
  void at(Time t, Deed deed) { after(t - now, std::move(deed)); }
  bool step() {
    if (deeds_.empty()) return false;
    Entry next = deeds_.top();
    deeds_.pop();
    now = next.at;
    next.deed();
    return true;
  }
  void run_until(Time end) {
    while (!deeds_.empty() && deeds_.top().at <= end) step();
    now = std::max(now, end);
  }

 private:
  struct Entry {
    Time at{};
    std::uint64_t number = 0;
    Deed deed{};
    bool operator<(const Entry& other) const { return at != other.at ? at > other.at : number > other.number; }
  };
  std::priority_queue<Entry> deeds_{};
  std::uint64_t count_ = 0;
};

class ModelNode {
 public:
  struct Weights {
    Bytes file = 0, resident = 0;
  };
  struct Job {  // one request inside the node
    std::uint64_t id = 0;
    ModelName model{};
    int num_ctx = 0;
    std::optional<KeepAlive> keep{};
    Duration prompt{}, answer{};
    std::function<void(std::optional<std::string> failed)> done{};
    std::function<void()> first{};  // the first token
  };
  struct Faults {
    bool down = false;       // refuses every connection
    int fail_loads = 0;      // the next so many loads end with an error
    int fail_unloads = 0;
    int keep_unloaded = 0;   // the next so many unloads are answered and forgotten
  };
  struct Seen {  // what must not happen behind the gate
    int queued_for_load = 0, overfull = 0, evicted_by_itself = 0, loads = 0, unloads = 0, parallel_loads = 0, unloaded_busy = 0;
    std::map<std::string, int> unloaded{};  // by order, of a model
  };

  ModelNode(Clock& clock, Bytes limit, double gbps, std::map<std::string, Weights> models)
      : clock_(clock), limit_(limit), gbps_(gbps), models_(std::move(models)) {}

  Faults faults{};
  Seen seen{};

  std::vector<Resident> ps() const {
    std::vector<Resident> out;
    for (const Engine& e : engines_)
      if (!e.loading)
        out.push_back({.name = e.model, .size = e.bytes, .size_vram = e.bytes, .num_ctx = e.num_ctx,
                       .expires = e.refs > 0 && !e.keep.forever() ? std::optional(clock_.now + e.keep.value) : e.expires});
    return out;
  }
  std::vector<Installed> tags() const {
    std::vector<Installed> out;
    for (const auto& [name, w] : models_) out.push_back({.name = ModelName(name), .size = w.file});
    return out;
  }
  Bytes used() const {
    Bytes sum = 0;
    for (const Engine& e : engines_) sum += e.bytes;
    return sum;
  }
  int jobs() const {
    int n = static_cast<int>(pending_.size());
    for (const Engine& e : engines_) n += e.refs;
    return n;
  }
  bool resident(const ModelName& m) const {
    return std::any_of(engines_.begin(), engines_.end(), [&](const Engine& e) { return e.model == m && !e.loading; });
  }

  // A request, or with no prompt and no answer a preload.
  void submit(Job job) {
    if (Engine* e = find(job.model); e && !e->loading && !e->leaving && e->num_ctx == job.num_ctx) return admit(*e, std::move(job));
    if (job.prompt + job.answer > Duration::zero()) ++seen.queued_for_load;
    pending_.push_back(std::move(job));
    consider();
  }
  void unload(const ModelName& model) {
    if (faults.keep_unloaded > 0) {
      --faults.keep_unloaded;
      return;
    }
    Engine* e = find(model);
    if (!e || e->loading) return;
    ++seen.unloads;
    ++seen.unloaded[model.key()];
    if (e->refs > 0) ++seen.unloaded_busy;
    e->keep = KeepAlive{};
    if (e->refs == 0) begin_unload(*e);
  }
  // The client went away: while tokens flow the slot is free at once, in the prompt only at the prompt's end; a load is aborted.
  void cancel(std::uint64_t id) {
    std::erase_if(pending_, [&](const Job& j) { return j.id == id; });
    if (loading_ && loading_for_ == id) {
      std::erase_if(engines_, [](const Engine& e) { return e.loading; });
      loading_ = false;
      ++life_;
      return consider();
    }
    for (Engine& e : engines_) {
      e.refs -= static_cast<int>(std::erase_if(e.waiting, [&](const Job& j) { return j.id == id; }));
      if (!e.running || e.running->id != id) continue;
      e.running->answer = Duration::zero();
      e.running->done = nullptr;
      e.running->first = nullptr;
      if (e.in_answer) return finish(ModelName(e.model), e.serial, std::nullopt);
    }
  }
  void crash() {  // everything is gone at once; who was answered hears of it
    std::vector<Job> hit(std::make_move_iterator(pending_.begin()), std::make_move_iterator(pending_.end()));
    pending_.clear();
    for (Engine& e : engines_) {
      if (e.running) hit.push_back(std::move(*e.running));
      for (Job& j : e.waiting) hit.push_back(std::move(j));
    }
    engines_.clear();
    victim_.clear();
    loading_ = false;
    ++life_;
    for (Job& j : hit)
      if (j.done) j.done("connection lost");
  }

 private:
  struct Engine {
    ModelName model{};
    Bytes bytes = 0;
    int num_ctx = 0;
    KeepAlive keep{std::chrono::minutes(5)};
    std::optional<Time> expires{};
    int refs = 0;
    bool loading = false, in_answer = false, leaving = false;
    std::uint64_t serial = 0;  // of this engine's life and of each step in it: an old timer finds another number
    std::optional<Job> running{};
    std::deque<Job> waiting{};
  };

  Engine* find(const ModelName& m) {
    for (Engine& e : engines_)
      if (e.model == m) return &e;
    return nullptr;
  }
  Engine* find(const ModelName& m, std::uint64_t serial) {
    Engine* e = find(m);
    return e && e->serial == serial ? e : nullptr;
  }

  void admit(Engine& e, Job job) {
    if (job.keep) e.keep = *job.keep;  // also of one that is marked: it comes back to life
    e.expires.reset();
    if (job.prompt + job.answer <= Duration::zero()) {  // a preload of what is there
      if (e.refs == 0) idle(e);
      if (job.done) job.done(std::nullopt);
      return;
    }
    ++e.refs;
    e.serial = ++serials_;
    if (e.running) e.waiting.push_back(std::move(job));
    else start(e, std::move(job));
    if (e.running) arm(e);
  }
  void start(Engine& e, Job job) {
    e.running = std::move(job);
    e.in_answer = false;
    e.serial = ++serials_;
    step_ends_[e.model.key()] = clock_.now + e.running->prompt;
  }
  void arm(Engine& e) {  // the timer of the present step, under the present number
    const ModelName model = e.model;
    const std::uint64_t serial = e.serial;
    clock_.at(step_ends_[model.key()], [this, model, serial] {
      Engine* x = find(model, serial);
      if (!x || !x->running) return;
      if (!x->in_answer && x->running->answer > Duration::zero()) {
        x->in_answer = true;
        x->serial = ++serials_;
        step_ends_[model.key()] = clock_.now + x->running->answer;
        arm(*x);
        if (x->running->first) x->running->first();
        return;
      }
      finish(model, serial, std::nullopt);
    });
  }
  void finish(const ModelName& model, std::uint64_t serial, std::optional<std::string> failed) {
    Engine* e = find(model, serial);
    if (!e) return;
    Job job = std::move(*e->running);
    e->running.reset();
    e->in_answer = false;
    --e->refs;
    e->serial = ++serials_;
    if (!e->waiting.empty()) {
      Job next = std::move(e->waiting.front());
      e->waiting.pop_front();
      start(*e, std::move(next));
      arm(*e);
    } else if (e->refs == 0) {
      idle(*e);
    }
    if (job.done) job.done(std::move(failed));
    consider();
  }
  void idle(Engine& e) {
    if (e.keep.zero()) return begin_unload(e);
    if (e.keep.forever()) return;
    e.expires = clock_.now + e.keep.value;
    e.serial = ++serials_;
    const ModelName model = e.model;
    clock_.at(*e.expires, [this, model, serial = e.serial] {
      if (Engine* x = find(model, serial); x && x->refs == 0) begin_unload(*x);
    });
  }
  void begin_unload(Engine& e) {  // 80 ms a GB; then the memory is back
    if (e.leaving) return;
    e.leaving = true;
    e.serial = ++serials_;
    const ModelName model = e.model;
    clock_.after(std::chrono::milliseconds(10 + 80 * (e.bytes / gb)), [this, model, serial = e.serial] {
      Engine* x = find(model, serial);
      if (!x) return;
      std::erase_if(engines_, [&](const Engine& o) { return o.model == model; });
      victim_.clear();  // any unload frees the loop
      consider();
    });
  }

  // The scheduler's loop: one waiting load at a time, in order; blocked while it loads or waits for its victim.
  void consider() {
    while (!pending_.empty() && !loading_ && victim_.empty()) {
      Job& head = pending_.front();
      Engine* own = find(head.model);
      if (own && own->num_ctx == head.num_ctx && !own->leaving) {
        Job job = std::move(head);
        pending_.pop_front();
        admit(*own, std::move(job));
        continue;
      }
      if (own) return expire(*own);
      const auto weights = models_.find(head.model.key());
      const Bytes bytes = weights == models_.end() ? gb : weights->second.resident;
      if (!engines_.empty() && bytes > (limit_ - used()) / 5 * 4) {
        ++seen.evicted_by_itself;
        Engine* chosen = nullptr;
        for (Engine& e : engines_)
          if (!chosen || (e.refs == 0) > (chosen->refs == 0) || ((e.refs == 0) == (chosen->refs == 0) && longer(chosen->keep, e.keep))) chosen = &e;
        return expire(*chosen);
      }
      if (used() + bytes > limit_) ++seen.overfull;
      begin_load(bytes, weights == models_.end() ? gb : weights->second.file);
    }
  }
  void expire(Engine& e) {
    e.keep = KeepAlive{};
    victim_ = e.model.key();
    if (e.refs == 0) begin_unload(e);
  }
  void begin_load(Bytes bytes, Bytes file) {
    Job job = std::move(pending_.front());
    pending_.pop_front();
    ++seen.loads;
    seen.parallel_loads += loading_;
    loading_ = true;
    loading_for_ = job.id;
    const ModelName model = job.model;
    engines_.push_back({.model = model, .bytes = bytes, .num_ctx = job.num_ctx, .loading = true, .serial = ++serials_});
    if (job.keep) engines_.back().keep = *job.keep;
    const auto took = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(static_cast<double>(file) / (gbps_ * 1e9) + 2.5));
    clock_.after(took, [this, model, life = life_, job = std::move(job)]() mutable {
      if (life != life_) {
        if (job.done) job.done("connection lost");
        return;
      }
      loading_ = false;
      if (faults.fail_loads > 0) {
        --faults.fail_loads;
        std::erase_if(engines_, [&](const Engine& e) { return e.model == model; });
        if (job.done) job.done("llama-server process has terminated: out of memory");
        return consider();
      }
      Engine* e = find(model);
      e->loading = false;
      admit(*e, std::move(job));
      consider();
    });
  }

  Clock& clock_;
  Bytes limit_;
  double gbps_;
  std::map<std::string, Weights> models_;
  std::vector<Engine> engines_{};
  std::deque<Job> pending_{};
  std::map<std::string, Time> step_ends_{};
  std::string victim_{};
  bool loading_ = false;
  std::uint64_t loading_for_ = 0;
  int life_ = 0;
  std::uint64_t serials_ = 0;
};

}  // namespace rr::test
