// Ollama's scheduler as a pure machine: events in, effects out, time handed in (server/sched.go; facts: requests for a
// loaded model pass at once; all others go through one FIFO whose head blocks everything behind it while it loads or
// waits for an eviction). It hangs where the real one hangs. No socket, no clock: usable in virtual time.
#pragma once

#include "domain/values.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rr::sim {

// Options that belong to a running engine: another value means a reload. -1 = not said by anybody.
struct RunnerOptions {
  int num_ctx = 4096;
  bool auto_ctx = true;    // neither request nor Modelfile nor environment named it
  int num_batch = -1;
  int num_gpu = -1;
  int main_gpu = -1;
  int use_mmap = -1;       // 0, 1
  int num_thread = -1;
  int draft_num_predict = -1;
  bool shift = true;
  friend bool operator==(const RunnerOptions&, const RunnerOptions&) = default;
};
bool needs_reload(const RunnerOptions& loaded, const RunnerOptions& wanted);

// The engine that a request needs.
struct Want {
  std::string blob;        // the weights: the key of everything
  std::string name;        // the name that will be listed if this request loads it
  Bytes file = 0;          // read at load
  Bytes kv = 0;            // num_ctx x slots
  Bytes compute = 0;
  int slots = 1;
  RunnerOptions options;
  std::optional<KeepAlive> keep_alive;  // as the request said it; nothing = unchanged
  std::optional<Duration> load_time;    // instead of file / rate + start
  std::string load_error;               // not empty: the load fails with this text
};

struct SchedulerRules {
  Bytes gpu_memory = 56 * gib;
  double load_gbps = 2.5;
  Duration load_start = std::chrono::milliseconds(2500);
  Duration unload = std::chrono::milliseconds(700);
  int max_loaded = 8, max_queue = 512;
  KeepAlive keep_alive{std::chrono::minutes(5)};
};

using CallId = std::uint64_t;

struct Effect {
  enum class Kind {
    load_started,  // for `id`
    load_aborted,  // its client left
    load_failed,   // `text`; the call is over
    loaded,        // admitted(id) follows
    unloading,     // blob: still listed
    unloaded,      // blob: gone, memory free
    admitted,      // the call has its engine (a preload is answered now)
    run,           // the call has a slot and computes
    refused,       // the queue is full; the call is over
    leaked         // left while queued: its handler never ends
  } kind;
  CallId id = 0;
  std::string blob, text;
};

struct Resident {
  std::string blob, name;
  Bytes size = 0, size_vram = 0;
  int num_ctx = 0, in_flight = 0;
  KeepAlive keep_alive;
  bool for_ever = false;   // expires_at is some 292 years away
  Time expires_at;         // while busy: the old value
};

class Scheduler {
 public:
  explicit Scheduler(SchedulerRules);

  void ask(CallId, Want, Time now);
  void compute(CallId, Time now);   // an admitted call wants a slot: effect `run`, maybe much later
  void computed(CallId, Time now);  // it gives the slot back
  void end(CallId, Time now);       // its handler returned (gives the slot back too)
  // Its client went away. `engine_busy_until`: the prompt is computed to its end all the same. `slot_lost`: it left with an
  // unread answer; the slot never comes back.
  void leave(CallId, Time now, std::optional<Time> engine_busy_until = {}, bool slot_lost = false);
  void unload(const std::string& blob, Time now);  // an unload request
  void wedge(const std::string& blob);             // its slots are lost: nothing is computed until it is unloaded
  void crash(const std::string& blob);             // the engine died: listed until the next request
  void crash_all(Time now);                        // out of memory while computing: everything leaves
  void tick(Time now);

  std::optional<Time> wake() const;  // when tick() has something to do
  std::vector<Effect> take();        // effects since the last take(), in order

  std::vector<Resident> resident(Time now) const;  // as /api/ps: longest expiry first; a loading one is not listed
  bool has(const std::string& blob) const;
  Bytes used() const;
  std::size_t queued() const { return pending_.size() + (head_ ? 1 : 0); }
  bool waiting_for_unload() const { return head_ && waiting_; }
  bool ever_waited(CallId) const;    // in the FIFO behind others, for an eviction or for a slot
  bool loaded_for(CallId) const;     // this call made the engine load

 private:
  struct Runner;
  struct Call;
  using RunnerPtr = std::shared_ptr<Runner>;

  void pump(Time);
  bool step_finished(Time);
  bool step_pending(Time);
  void decide_head(Time);
  void start_load(Call&, Time);
  void load_done(Time);
  void unload_done();
  void admit(Call&, RunnerPtr, Time);
  void release_slot(Runner&);
  void fill_slots(Runner&);
  void expire(RunnerPtr);
  RunnerPtr victim() const;
  RunnerPtr find(const std::string& blob) const;
  void say(Effect::Kind, CallId, std::string blob = {}, std::string text = {});

  SchedulerRules rules_;
  std::map<std::string, RunnerPtr> loaded_;
  std::map<CallId, std::shared_ptr<Call>> calls_;
  std::deque<CallId> pending_;
  std::optional<CallId> head_;        // the one pending request in hand
  bool waiting_ = false;              // ... waits for any unload
  std::size_t unload_tokens_ = 0;     // unloads nobody has waited for yet
  std::optional<Time> load_end_;      // ... is loading
  Bytes loading_bytes_ = 0;
  RunnerPtr unloading_;
  Time unload_end_;
  struct Finished { RunnerPtr runner; bool expired; };
  std::deque<Finished> finished_;     // handled one after another; waits while an unload runs
  std::vector<Effect> effects_;
};

}  // namespace rr::sim
