// What a simulated node is made of: its models, memory and rules. Pure.
#pragma once

#include "domain/values.hpp"
#include "sim/script.hpp"

#include <list>
#include <optional>
#include <string>
#include <vector>

namespace rr::sim {

enum class Rendering { ollama, engine };  // who renders the prompt: the two engine paths differ on the wire (ollama-api.md, top)

struct ModelSpec {
  std::string name;                    // "qwen3-coder:30b"
  Bytes size = 0;                      // weights
  int trained_ctx = 262144;
  Bytes kv_per_token = 96 * 1024;
  Bytes compute = 900 * 1000 * 1000;
  std::vector<std::string> capabilities{"completion", "tools"};
  Rendering rendering = Rendering::engine;
  double prefill_tps = 600, decode_tps = 48;
  std::string family = "llama";        // general.architecture
  std::string blob;                    // weights: two names with one blob share an engine; empty = their own
  int num_ctx = 0;                     // PARAMETER num_ctx of the Modelfile; 0 = none
  std::optional<Duration> load_time;   // instead of size / load_gbps + 2.5 s
  // What /api/show and /api/tags tell of it; whatever is empty is derived from the figures above.
  std::string digest, modified_at, parameter_size, quantization = "Q4_K_M";
  std::string system, template_text = "{{ .Prompt }}", parameters;  // parameters: "temperature 0.2\ntop_p 0.7"
  int layers = 0, heads = 0, kv_heads = 0, head_dim = 128, embedding_length = 0;
  std::string model_info, tensors;     // JSON text
};

struct NodeSpec {
  std::string name = "sim";            // given in records; not on the wire
  Address listen{"127.0.0.1", 0};
  Bytes gpu_memory = 56 * gib;
  double load_gbps = 2.5;
  double clock = 1.0;                  // simulated seconds of work in one real second; leases run in real time
  Bytes host_cache = 8 * gib;          // of prompts that are not in a slot, each engine's
  int num_parallel = 1, max_loaded = 8, max_queue = 512;
  Duration keep_alive = std::chrono::minutes(5);  // OLLAMA_KEEP_ALIVE; negative = for ever
  int context_length = 0;              // OLLAMA_CONTEXT_LENGTH; 0 = by memory
  std::string version = "0.33.0";
  std::list<ModelSpec> models;         // a list: a running answer keeps its place when others come and go
  std::vector<ModelSpec> registry;     // what can be pulled
  double registry_gbps = 0.1;
  std::string registry_trouble;        // why it cannot be reached; empty = it can
  std::vector<Script> script;          // tests only: the first that applies speaks instead of the voice
  bool cloud_off = true;               // OLLAMA_NO_CLOUD
};

// The two machines of the demo, with the models, sizes and rates of config/router.yaml and swap/report section 3.
NodeSpec macbook();
NodeSpec mac_mini();

}  // namespace rr::sim
