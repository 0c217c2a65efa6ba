// The two machines of the demo. Sizes, rates and contexts: the shipped router.yaml and measured Apple silicon figures; KV per
// token is 2 x layers x kv heads x head dim x 2 bytes, compute is what makes the resident size come out.
#include "sim/spec.hpp"

namespace rr::sim {

namespace {

ModelSpec router_model() {
  ModelSpec m;
  m.name = "qwen3:1.7b";
  m.size = 1'400'000'000;  // 2.6 GiB resident at 8192
  m.trained_ctx = 40960;
  m.kv_per_token = 112 * 1024;
  m.compute = 430 * mib;
  m.capabilities = {"completion", "tools", "thinking"};
  m.rendering = Rendering::ollama;
  m.prefill_tps = 1500;
  m.decode_tps = 120;
  m.family = "qwen3";
  m.parameter_size = "2.0B";
  m.layers = 28, m.heads = 16, m.kv_heads = 8, m.embedding_length = 2048;
  return m;
}

ModelSpec architect_model() {
  ModelSpec m;
  m.name = "qwen3-coder-next:q4_K_M";
  m.size = 52'000'000'000;  // 50.5 GiB at 32768
  m.kv_per_token = 24 * 1024;
  m.compute = 1350 * mib;
  m.rendering = Rendering::ollama;
  m.prefill_tps = 500;
  m.decode_tps = 45;
  m.family = "qwen3next";
  m.parameter_size = "79.7B";
  m.layers = 12, m.heads = 16, m.kv_heads = 2, m.head_dim = 256, m.embedding_length = 2048;  // its attention layers only
  return m;
}

ModelSpec coder_model() {
  ModelSpec m;
  m.name = "qwen3-coder:30b";
  m.size = 19'000'000'000;  // 21.6 GiB at 32768
  m.kv_per_token = 96 * 1024;
  m.compute = 925 * mib;
  m.rendering = Rendering::ollama;
  m.family = "qwen3moe";
  m.parameter_size = "30.5B";
  m.layers = 48, m.heads = 32, m.kv_heads = 4, m.embedding_length = 2048;
  return m;
}

ModelSpec tester_model() {
  ModelSpec m;
  m.name = "qwen2.5-coder:14b";
  m.size = 9'000'000'000;  // 12.2 GiB at 16384
  m.trained_ctx = 32768;
  m.kv_per_token = 192 * 1024;
  m.compute = 837 * mib;
  m.capabilities = {"completion", "tools", "insert"};
  m.rendering = Rendering::ollama;
  m.prefill_tps = 250;
  m.decode_tps = 23;
  m.family = "qwen2";
  m.parameter_size = "14.8B";
  m.layers = 48, m.heads = 40, m.kv_heads = 8, m.embedding_length = 5120;
  return m;
}

ModelSpec embedding_model() {
  ModelSpec m;
  m.name = "nomic-embed-text:latest";
  m.size = 274'302'450;
  m.trained_ctx = 2048;
  m.kv_per_token = 0;
  m.compute = 24 * mib;
  m.capabilities = {"embedding"};
  m.rendering = Rendering::ollama;
  m.prefill_tps = 4000;
  m.family = "nomic-bert";
  m.parameter_size = "137M";
  m.quantization = "F16";
  m.layers = 12, m.heads = 12, m.kv_heads = 12, m.head_dim = 64, m.embedding_length = 768;
  return m;
}

ModelSpec seeing_model() {
  ModelSpec m;
  m.name = "qwen2.5vl:7b";
  m.size = 6'000'000'000;
  m.trained_ctx = 128000;
  m.kv_per_token = 56 * 1024;
  m.compute = 700 * mib;
  m.capabilities = {"completion", "vision"};
  m.rendering = Rendering::ollama;
  m.prefill_tps = 500;
  m.decode_tps = 45;
  m.family = "qwen25vl";
  m.parameter_size = "8.3B";
  m.layers = 28, m.heads = 28, m.kv_heads = 4, m.embedding_length = 3584;
  return m;
}

}  // namespace

NodeSpec macbook() {
  NodeSpec n;
  n.name = "macbook";
  n.gpu_memory = Bytes(17.7 * double(gib));
  n.load_gbps = 2.0;
  n.models = {router_model(), tester_model(), embedding_model(), seeing_model()};
  for (auto& m : n.models) {  // a smaller GPU
    m.prefill_tps *= 0.55;
    m.decode_tps *= 0.55;
  }
  return n;
}

NodeSpec mac_mini() {
  NodeSpec n;
  n.name = "mac-mini";
  n.gpu_memory = 56 * gib;
  n.load_gbps = 2.5;
  n.models = {architect_model(), coder_model(), tester_model(), router_model()};
  return n;
}

}  // namespace rr::sim
