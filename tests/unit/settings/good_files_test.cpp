// The shipped configurations, value by value.
#include "files.hpp"
#include "settings/keys.hpp"

#include <algorithm>
#include <sstream>

namespace rr::settings::good_files_test {

using namespace std::chrono_literals;

namespace {

Snapshot shipped(const std::string& path) {
  const Loaded loaded = load(read_file(path), path, api::fold_name);
  CHECK_MESSAGE(loaded.problems.empty(), print(loaded.problems, path));
  REQUIRE(loaded.settings);
  return loaded.settings;
}

}  // namespace

TEST_CASE("config/router.yaml is the two Macs: four roles, each where its line says") {
  const Snapshot s = shipped("config/router.yaml");
  CHECK(s->file == "config/router.yaml");
  CHECK(s->text == read_file("config/router.yaml"));
  CHECK(s->listen == std::vector<Address>{{"127.0.0.1", 8000}, {"::1", 8000}});
  REQUIRE(s->roles.size() == 4);

  const RoleSettings& router = s->roles[0];
  CHECK(router.name == "router");
  CHECK(router.nodes == std::vector<NodeName>{"macbook"});
  CHECK(router.model == ModelName("qwen3:1.7b"));
  CHECK(router.keep_alive.forever());
  CHECK(router.required);
  const RoleSettings& architect = s->roles[1];
  CHECK(architect.name == "architect");
  CHECK(architect.nodes == std::vector<NodeName>{"mac-mini"});
  CHECK(architect.model == ModelName("qwen3-coder-next:q4_K_M"));
  CHECK(architect.keep_alive.zero());
  CHECK(architect.also_called == std::vector<std::string>{"planner", "설계자"});
  CHECK(architect.at.line == 10);
  CHECK(architect.model_at.line == 10);
  CHECK(architect.model_at.column == 50);
  CHECK(architect.node_at.column == 22);
  const RoleSettings& coder = s->roles[2];
  CHECK(coder.name == "coder");
  CHECK(coder.keep_alive == KeepAlive{2h});
  CHECK(coder.also_called == std::vector<std::string>{"developer", "코더"});
  const RoleSettings& tester = s->roles[3];
  CHECK(tester.name == "tester");
  CHECK(tester.nodes == std::vector<NodeName>{"mac-mini", "macbook"});
  CHECK(tester.keep_alive == KeepAlive{30min});
  CHECK(tester.also_called == std::vector<std::string>{"reviewer", "테스터", "리뷰어"});
  CHECK(s->default_role == "coder");

  REQUIRE(s->nodes.size() == 2);
  CHECK(s->nodes[0].name == "macbook");
  CHECK(s->nodes[0].addresses == std::vector<Address>{{"127.0.0.1", 11434}});
  CHECK(s->nodes[0].gpu_memory == 19005230285);  // 17.7 x 2^30
  CHECK(s->nodes[1].name == "mac-mini");
  CHECK(s->nodes[1].addresses == std::vector<Address>{{"169.254.19.104", 11434}, {"mac-mini.local", 11434}, {"100.101.102.103", 11434}});
  CHECK(s->nodes[1].gpu_memory == 56 * gib);
  CHECK(s->nodes[1].memory_at.line == 30);

  REQUIRE(s->models.size() == 4);
  CHECK(s->model(ModelName("qwen3:1.7b")).num_ctx == 8192);
  CHECK(s->model(ModelName("qwen3:1.7b")).size == Bytes{1'400'000'000});
  CHECK(s->model(ModelName("qwen3-coder-next:q4_K_M")).num_ctx == 32768);
  CHECK(s->model(ModelName("qwen3-coder-next:q4_K_M")).size == 52 * gb);
  CHECK(s->model(ModelName("qwen3-coder:30b")).num_ctx == 32768);
  CHECK(s->model(ModelName("qwen3-coder:30b")).size == 19 * gb);
  CHECK(s->model(ModelName("qwen2.5-coder:14b")).num_ctx == 16384);
  CHECK(s->model(ModelName("qwen2.5-coder:14b")).size == 9 * gb);
  CHECK(s->policy == PolicyName::smart);
  CHECK(s->max_wait == 15min);
}

TEST_CASE("config/no-swap.yaml lets the architect's model answer the coder, and names what it stands in for") {
  const Snapshot s = shipped("config/no-swap.yaml");
  const RoleSettings &architect = *s->role("architect"), &coder = *s->role("coder");
  CHECK(coder.model == architect.model);
  CHECK(coder.instead_of == ModelName("qwen3-coder:30b"));
  CHECK(architect.instead_of.empty());
  REQUIRE(s->substitutes.size() == 1);
  CHECK(s->answering(ModelName("qwen3-coder:30b")) == ModelName("qwen3-coder-next:q4_K_M"));
  CHECK(s->answering(ModelName("qwen3:1.7b")) == ModelName("qwen3:1.7b"));
  const Snapshot usual = shipped("config/router.yaml");
  for (const ModelSettings& model : usual->models) CHECK(s->model(model.name).num_ctx == model.num_ctx);  // the rest is router.yaml
  CHECK(s->nodes.size() == usual->nodes.size());
}

TEST_CASE("config/minimal.yaml needs ten lines and takes every default") {
  const std::string text = read_file("config/minimal.yaml");
  CHECK(std::count(text.begin(), text.end(), '\n') <= 10);
  const Snapshot s = shipped("config/minimal.yaml");
  REQUIRE(s->roles.size() == 1);
  CHECK(s->roles[0].keep_alive == KeepAlive{5min});
  CHECK(s->roles[0].required);
  REQUIRE(s->nodes.size() == 1);
  CHECK(s->nodes[0].addresses == std::vector<Address>{{"127.0.0.1", 11434}});
  CHECK(s->nodes[0].gpu_memory == 0);
  CHECK(s->model(s->roles[0].model).num_ctx == 4096);
}

TEST_CASE("config/examples/full.yaml says every default as it is") {
  const Snapshot full = shipped("config/examples/full.yaml");
  const Settings built_in;
  CHECK(full->listen == built_in.listen);
  CHECK(full->roles[0].keep_alive == RoleSettings{}.keep_alive);
  CHECK(full->roles[0].required == RoleSettings{}.required);
  CHECK(full->nodes[0].type == NodeSettings{}.type);
  CHECK(full->model_default.num_ctx == built_in.model_default.num_ctx);
  CHECK(full->model_default.parallel == built_in.model_default.parallel);
  CHECK(full->model_default.on_overflow == built_in.model_default.on_overflow);
  CHECK_FALSE(full->model_default.use_mmap.has_value());
  CHECK(full->policy == built_in.policy);
  CHECK(full->max_wait == built_in.max_wait);
  CHECK(full->swap_timeout == built_in.swap_timeout);
  CHECK(full->release_on_exit == built_in.release_on_exit);
  CHECK(full->drain_timeout == built_in.drain_timeout);
  CHECK(full->first_byte == built_in.first_byte);
  CHECK(full->between_chunks == built_in.between_chunks);
  CHECK(full->prefill_grace == built_in.prefill_grace);
  CHECK(full->allowed_hosts == built_in.allowed_hosts);
  CHECK(full->allowed_origins == built_in.allowed_origins);
  CHECK(full->limits.connections == built_in.limits.connections);
  CHECK(full->limits.body == built_in.limits.body);
  CHECK(full->limits.bodies == built_in.limits.bodies);
  CHECK(full->limits.stream_buffer == built_in.limits.stream_buffer);
  CHECK(full->limits.stream_buffers == built_in.limits.stream_buffers);
  CHECK(full->limits.waiting == built_in.limits.waiting);
  CHECK(full->limits.per_role == built_in.limits.per_role);
  CHECK(full->limits.per_node == built_in.limits.per_node);
  CHECK(full->limits.wait == built_in.limits.wait);
}

TEST_CASE("config/examples/full.yaml says every key, and comments every value") {
  const std::string text = "\n" + read_file("config/examples/full.yaml");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && line.back() != ':') CHECK_MESSAGE(line.find('#') != std::string::npos, line);
  for (const Section& section : sections())
    for (const std::string& key : section.keys) {
      CAPTURE(section.name);
      CAPTURE(key);
      const auto at = std::min(text.find("\n" + key + ":"), std::min(text.find("\n  " + key + ":"), text.find("\n    " + key + ":")));
      REQUIRE(at != std::string::npos);
    }
}

}  // namespace rr::settings::good_files_test
