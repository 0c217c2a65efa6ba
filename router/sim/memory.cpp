#include "sim/memory.hpp"

#include <algorithm>

namespace rr::sim {

namespace {

bool has(const ModelSpec& m, std::string_view capability) {
  return std::find(m.capabilities.begin(), m.capabilities.end(), capability) != m.capabilities.end();
}

}  // namespace

int default_context(Bytes gpu_memory) {
  if (gpu_memory >= 47 * gib) return 262144;
  if (gpu_memory >= 23 * gib) return 32768;
  return 4096;
}

int slots(const NodeSpec& node, const ModelSpec& m) {
  if (!has(m, "completion")) return 1;
  for (std::string_view family : {"mllama", "qwen3vl", "qwen35", "qwen3next", "lfm2", "nemotron_h"}) {
    if (m.family.compare(0, family.size(), family) == 0) return 1;
  }
  return std::max(node.num_parallel, 1);
}

const std::string& blob_of(const ModelSpec& m) { return m.blob.empty() ? m.name : m.blob; }

Want want(const NodeSpec& node, const ModelSpec& m, const OptionsAsked& o) {
  Want w;
  w.blob = blob_of(m);
  w.name = m.name;
  w.slots = slots(node, m);
  RunnerOptions& r = w.options;
  r.auto_ctx = !o.num_ctx && !m.num_ctx && !node.context_length;
  r.num_ctx = o.num_ctx ? *o.num_ctx
              : m.num_ctx ? m.num_ctx
              : node.context_length ? node.context_length
                                    : default_context(node.gpu_memory);
  r.num_ctx = std::clamp(r.num_ctx, has(m, "vision") ? 2048 : 4, std::max(m.trained_ctx, 4));
  r.num_batch = o.num_batch.value_or(-1);
  r.num_gpu = o.num_gpu.value_or(-1);
  r.main_gpu = o.main_gpu.value_or(-1);
  r.use_mmap = o.use_mmap.value_or(-1);
  r.num_thread = o.num_thread.value_or(-1);
  r.draft_num_predict = o.draft_num_predict.value_or(-1);
  r.shift = o.shift.value_or(true);
  w.file = m.size;
  w.kv = m.kv_per_token * r.num_ctx * w.slots;
  w.compute = m.compute;
  w.load_time = m.load_time;
  return w;
}

KeepAlive on_clock(KeepAlive keep, const NodeSpec& node) {
  if (keep.value <= Duration::zero()) return keep;
  const double scaled = double(keep.value.count()) * node.clock;
  return scaled > 9e18 ? for_ever : KeepAlive{Duration{static_cast<Duration::rep>(scaled)}};
}

SchedulerRules rules(const NodeSpec& node) {
  SchedulerRules r;
  r.gpu_memory = node.gpu_memory;
  r.load_gbps = node.load_gbps;
  r.max_loaded = node.max_loaded;
  r.max_queue = node.max_queue;
  r.keep_alive = on_clock(KeepAlive{node.keep_alive}, node);
  return r;
}

}  // namespace rr::sim
