// What a model needs in a simulated node: bytes and the context it runs with (ollama-api facts: context precedence is
// request > Modelfile > OLLAMA_CONTEXT_LENGTH > by memory, clamped to the trained context, at least 4).
#pragma once

#include "sim/spec.hpp"
#include "sim/scheduler.hpp"

namespace rr::sim {

// By total memory: >= 47 GiB 262144, >= 23 GiB 32768, else 4096.
int default_context(Bytes gpu_memory);

struct OptionsAsked {  // as the request's `options` named them; nothing = absent or null
  std::optional<int> num_ctx, num_batch, num_gpu, main_gpu, use_mmap, num_thread, draft_num_predict;
  std::optional<bool> shift;
};

int slots(const NodeSpec&, const ModelSpec&);  // NUM_PARALLEL, but 1 for embedding models and some families
Want want(const NodeSpec&, const ModelSpec&, const OptionsAsked&);
const std::string& blob_of(const ModelSpec&);
KeepAlive on_clock(KeepAlive, const NodeSpec&);  // leases run in real time, the scheduler on the scaled clock
SchedulerRules rules(const NodeSpec&);

}  // namespace rr::sim
