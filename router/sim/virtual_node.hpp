// One Ollama in virtual time: the scheduler of scheduler.hpp, and engines that share the GPU, compute prompts and keep them
// (swap report, sections 2, 3 and sim.py): the slot's own prompt and a host cache of 8 GiB a model, all lost at an unload.
#pragma once

#include "domain/fleet.hpp"
#include "sim/scheduler.hpp"
#include "sim/virtual_time.hpp"

#include <list>

namespace rr::sim {

struct VirtualModel {
  ModelName name{};
  Bytes file = 0, kv = 0, compute = 0, kv_per_token = 0;
  int num_ctx = 0, slots = 1;
  double prefill_tps = 0, decode_tps = 0;  // alone on this node
  std::string blob{};               // set by the node: a hash, as Ollama's blobs are named, because it settles which of two leaves
};

struct VirtualJob {
  ModelName model{};
  std::string session{};            // whose prompt: what goes on from the one before is not computed again
  std::int64_t prompt_tokens = 0, new_tokens = 0, output_tokens = 0;  // new: to be computed when everything before survived
  std::optional<KeepAlive> keep_alive{};
  std::function<void()> first{};    // the first token
  std::function<void(Duration prompt, Duration output)> done{};
  std::function<void(std::string)> failed{};
};

class VirtualNode {
 public:
  struct Tally { int loads = 0; Bytes loaded = 0; double reprefill_s = 0; Duration worst_wait{}; };

  VirtualNode(VirtualTime&, SchedulerRules, std::vector<VirtualModel>, Bytes host_cache);
  ~VirtualNode();
  VirtualNode(const VirtualNode&) = delete;

  // `since`: when its client asked, for the longest wait for the engine.
  void submit(VirtualJob, Time since);
  void load(const ModelName&, KeepAlive, std::function<void(std::optional<std::string> failed)> done);
  void unload(const ModelName&);                 // the reply comes at once
  std::vector<rr::Resident> ps() const;
  std::vector<Installed> tags() const;
  const Tally& tally() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rr::sim
