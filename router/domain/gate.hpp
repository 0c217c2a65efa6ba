// The only one who may load, unload and grant on one node. Correct whatever a policy proposes.
//
//   steady -> draining(victims) -> unloading -> loading(model) -> steady
//
// Promises: a request is granted only on a model that is ready, is no victim and has a free slot; no busy or
// pinned model is unloaded; one swap at a time; the memory bound holds; a victim counts as gone only when
// /api/ps no longer lists it; one load serves all who wait; nothing stays in a swap beyond swap_timeout.
// Pure and copyable: small states are searched exhaustively in tests/unit/domain/gate_search_test.cpp.
#pragma once

#include "domain/memory.hpp"

namespace rr {

struct Proposal {
  ModelName model{};                 // to load; empty = only unload the victims
  std::vector<ModelName> victims{};  // to unload first
  std::string because{};             // shown to people
};

enum class SwapPhase { steady, draining, unloading, loading };
std::string_view to_text(SwapPhase);

// What the gate wants done; the dispatch turns them into commands.
struct GateStep {
  enum class What { load, unload, look } what;  // look = ask /api/ps now
  ModelName model{};
  friend bool operator==(const GateStep&, const GateStep&) = default;
};

struct Held {  // a model on the node, as the gate counts it
  ModelName model{};
  Bytes bytes = 0;
  int num_ctx = 0;              // what we asked for when we loaded it (/api/ps shows it clamped), else what /api/ps says
  int in_flight = 0;            // granted, or cancelled in its prompt and still counted
  Time used{};                  // end of its last request
  std::optional<Time> expires{};  // the node's own lease while idle; absent = for ever
  bool wedged = false;          // a request got no first byte in its time: it must be unloaded and loaded before the next grant
  bool leaving = false;         // a request with keep_alive 0 ran, or it is a victim being unloaded
  bool unsure = false;          // there, but nobody knows for how long or with what: a load comes before the next grant
  int missed = 0;               // /api/ps answers running that did not list it: 1 = not granted, 2 and idle = gone
  bool ours = false;            // we loaded it: num_ctx and use_mmap are what we asked for
  std::optional<bool> use_mmap{};
  int shown_ctx = 0;            // as /api/ps last showed it; a change means that somebody else reloaded it
  KeepAlive sent = for_ever;    // the lease in force: of the last load or the last request that reached the node
  KeepAlive next = for_ever;    // of the last grant
  bool touched = false;         // a request reached the node since it was last idle
  bool in_doubt = false;        // ... or perhaps did: what lease is in force is not known
  bool settled = false;         // one /api/ps answer has come since it became idle: the next one is newer than that
  Time leaving_since{}, renewed{};
  std::optional<Time> stayed{}; // an unload of it was given up then
  std::string digest{};
};

struct GateFacts {  // what the gate may ask about the world, handed in at each call
  bool loads = true;                                      // false: the node's server keeps its own models; none is loaded or unloaded
  bool leases = true;                                     // a request brings a keep_alive that counts
  Bytes limit = 0;                                        // gpu_memory; 0 = unknown
  Bytes need(const ModelName& m) const;                   // resident bytes when loaded; 0 = unknown
  int parallel(const ModelName& m) const;
  int num_ctx(const ModelName& m) const;
  bool pinned(const ModelName& m) const;
  Duration swap_timeout{};
  struct Model {
    ModelName name{};
    Bytes need = 0;
    Bytes file = 0, kv_per_token = 0;  // what a load reads; what a token of its prompt cache takes
    int parallel = 1, num_ctx = 0;
    std::optional<bool> use_mmap{};
    bool pinned = false;
    KeepAlive lease = for_ever;  // what a load of it says
    std::string digest{};        // as /api/tags has it: /api/ps lists weights under the name that loaded them
  };
  const Model& model(const ModelName&) const;
  std::vector<Model> models{};                            // others: need 0, parallel 1, num_ctx 0, not pinned
};

enum class Reached { yes, no, unsure };  // whether a request's keep_alive is in force at the node

class Gate {
 public:
  // A request may go to `model` now. Ready, not a victim, not leaving, a slot free, loaded with the
  // configured num_ctx, and its lease does not end within a margin (2 s) unless it is busy.
  bool may_grant(const ModelName&, const GateFacts&, Time now) const;
  bool ready(const ModelName&, const GateFacts&, Time now) const;  // the same without the slot

  // It is unloaded and loaded before the next grant: wedged, or loaded with another num_ctx or use_mmap than its requests bring
  // (then the node would do it).
  bool to_reload(const Held&, const GateFacts&) const;
  void wedged(const ModelName&);  // a request got no first byte in its time, and the node is well otherwise

  void grant(const ModelName&, KeepAlive sent, Time now);
  // The request ended (or its counted prompt did). With keep_alive 0 and nothing in flight the model is leaving.
  std::vector<GateStep> ended(const ModelName&, const GateFacts&, Time now, Reached = Reached::yes);

  // Begins a swap, or says why not: a swap under way, a victim pinned or absent, the model ready already,
  // it would not fit even then, it could never fit.
  std::optional<std::string> refuses(const Proposal&, const GateFacts&, Time now) const;
  std::vector<GateStep> begin(const Proposal&, const GateFacts&, Time now);
  // True when no swap whatever could make room: too large for the node, or for what pinned models leave.
  bool hopeless(const ModelName&, const GateFacts&) const;
  // Nobody waits for the swap's model any more: dropped if nothing has been unloaded yet.
  bool drop(Time now);

  std::vector<GateStep> observed(const std::vector<Resident>&, const GateFacts&, Time now);  // /api/ps
  // Every load and every unload that was ordered is answered once, by these; until then the node takes no other load, and
  // the model of an unload no grant. A failed one is tried once more after a look, then given up (take_failure).
  std::vector<GateStep> loaded(const ModelName&, const GateFacts&, Time now);
  // `status`: of the node's answer; 0 = none came.
  std::vector<GateStep> load_failed(const ModelName&, std::string why, Time now, int status = 0);
  std::vector<GateStep> unloaded(const ModelName&, Time now);  // the reply; gone when /api/ps says so
  std::vector<GateStep> unload_failed(const ModelName&, std::string why, Time now, int status = 0);
  void lost(Time now);                    // the node is down: held is only what is in flight or on its way out; no swap
  std::vector<GateStep> tick(const GateFacts&, Time now);  // timeouts
  std::optional<Time> wake() const;       // when tick is wanted
  bool orders_out() const { return load_out_ || !unloads_out_.empty(); }

  struct Failure {
    ModelName model{};
    std::string why{};
    int status = 0;        // of the node's no; 0 = none came
    bool overdue = false;  // no end in time, and none in as much again
  };
  std::optional<Failure> take_failure();  // a swap was given up: refuse who waits for it

  SwapPhase phase() const { return phase_; }
  const Proposal& swap() const { return swap_; }      // meaningful unless steady
  Time phase_since() const { return since_; }
  Time swap_since() const { return swap_since_; }
  Time drained() const { return drained_; }           // when the victims had nothing in flight any more
  const std::vector<Held>& held() const { return held_; }
  const Held* find(const ModelName&) const;
  Bytes used() const;
  // All that decides what the gate will do, times as distances from now: two gates of one state act alike.
  std::string state(Time now) const;

 private:
  void idle(Held&, Time now, std::vector<GateStep>&);
  void advance(const GateFacts&, Time now, std::vector<GateStep>&);
  void enter(SwapPhase, Time now);
  void hold_loaded(Time now);
  void give_up(std::string why, int status, Time now, std::vector<GateStep>&);
  void order_load(const GateFacts&, Time now, std::vector<GateStep>&);
  void look(Time now, std::vector<GateStep>&);
  bool looks_wanted() const;
  bool victim(const ModelName&) const;
  bool unload_out(const ModelName&) const;
  void order_unload(const ModelName&, std::vector<GateStep>&);
  void see(const Resident&, const GateFacts&, Time now);
  Held* find(const ModelName&);

  std::vector<Held> held_{};
  SwapPhase phase_ = SwapPhase::steady;
  Proposal swap_{};
  Time since_{}, swap_since_{}, drained_{};
  Time deadline_{};             // of unloading and of loading
  Duration timeout_{};          // as it was when the swap began
  bool overdue_ = false;        // the deadline passed once
  GateFacts::Model load_{};     // what the load under way asks for
  bool load_out_ = false;       // ... and it has not been answered yet
  Time load_at_{};
  std::vector<ModelName> unloads_out_{};
  int failures_ = 0;            // of orders in this phase
  int answers_wanted_ = 0;      // of /api/ps, before the next load: one has failed
  Time looked_{};
  Duration gap_ = std::chrono::milliseconds(250);  // to the next look; never 0
  std::optional<Failure> failure_{};
};

}  // namespace rr
