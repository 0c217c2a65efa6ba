// What a reload changes, in one line.
#include "files.hpp"

namespace rr::settings::difference_test {

namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, "not there: " << from);
  return text.replace(at, from.size(), to);
}

struct Change {
  std::string from, to, expected;
};

}  // namespace

TEST_CASE("one word changed in config/router.yaml is told as one change") {
  const std::string text = read_file("config/router.yaml");
  const Snapshot before = good(text);
  const std::vector<Change> changes{
      {"node: macbook,  ", "node: mac-mini,", "router moved from macbook to mac-mini"},
      {"[mac-mini, macbook]", "macbook", "tester moved from mac-mini+macbook to macbook"},
      {"qwen3-coder:30b,         keep_alive: 2h", "qwen3:1.7b, keep_alive: 2h", "coder model qwen3-coder:30b -> qwen3:1.7b"},
      {"keep_alive: 2h", "keep_alive: 90m", "coder keep_alive 2h -> 1h30m"},
      {"keep_alive: -1", "keep_alive: 0", "router keep_alive -1 -> 0"},
      {"keep_alive: 0 }", "keep_alive: 0, required: false }", "architect required true -> false"},
      {"default_role: coder", "default_role: tester", "default_role coder -> tester"},
      {"[planner, 설계자]", "planner", "architect also_called planner+설계자 -> planner"},
      {"also_called:", "phrases: { coder: pair programmer }\nalso_called:", "coder phrases none -> pair programmer"},
      {"also_called:", "management: true\ncloud: macbook\nalso_called:", "management false -> true; cloud false -> macbook"},
      {"also_called:", "access_log: access.jsonl\nalso_called:", "access_log none -> access.jsonl"},
      {"listen: localhost:8000", "listen: 127.0.0.1:8001", "listen 127.0.0.1:8000+[::1]:8000 -> 127.0.0.1:8001"},
      {"    address: 127.0.0.1 ", "    address: 127.0.0.2 ", "macbook address 127.0.0.1:11434 -> 127.0.0.2:11434"},
      {"gpu_memory: 56GiB", "gpu_memory: 54.5GiB", "mac-mini gpu_memory 56GiB -> 55808MiB"},
      {"{ num_ctx: 8192,  size: 1.4GB }", "{ num_ctx: 4096,  size: 1.4GB }", "qwen3:1.7b num_ctx 8192 -> 4096"},
      {"{ num_ctx: 8192,  size: 1.4GB }", "{ num_ctx: 8192, use_mmap: false }", "qwen3:1.7b size 1400MB -> unknown; qwen3:1.7b use_mmap unset -> false"},
      {"{ num_ctx: 16384, size: 9.0GB }", "{ num_ctx: 16384, size: 9GB, on_overflow: refuse, parallel: 2 }",
       "qwen2.5-coder:14b parallel 1 -> 2; qwen2.5-coder:14b on_overflow warn -> refuse"},
      {"policy: smart", "policy: passthrough", "policy smart -> passthrough"},
      {"max_wait: 15m", "max_wait: 20m", "max_wait 15m -> 20m"},
      {"max_wait: 15m", "max_wait: 15m\n  swap_timeout: 1m\n  on_exit: release", "swap_timeout 3m -> 1m; on_exit keep -> release"},
      {"# Which", "drain_timeout: 1\nfirst_byte: 0\nlimits: { waiting: 9, body: 1MiB, per_role: 2, per_node: 3, wait: 0 }\n# Which",
       "drain_timeout 2m -> 1s; first_byte 10m -> 0; limits.body 128MiB -> 1MiB; limits.waiting 256 -> 9; limits.per_role 0 -> 2; limits.per_node 0 -> 3; limits.wait 1h -> 0"},
      {"# Which", "allowed_hosts: [a, b]\n# Which", "allowed_hosts none -> a+b"},
      {"# Which", "# Whose", ""},
  };
  for (const Change& change : changes) {
    CAPTURE(change.to);
    CHECK(difference(*before, *good(replaced(text, change.from, change.to))) == change.expected);
  }
}

TEST_CASE("roles, nodes and models that come and go are named, and several changes stand in one line") {
  const Snapshot before = good(one_role + "models: { a: {}, default: { num_ctx: 2048 } }\n");
  const Snapshot after = good(R"(
roles: { tester: { node: mini, model: m } }
nodes: { mini: { address: 127.0.0.2 } }
models: { b: { num_ctx: 2048 } }
)");
  CHECK(difference(*before, *after) ==
        "role coder removed; role tester added; node macbook removed; node mini added; model a removed; model b added; "
        "models.default num_ctx 2048 -> 4096");
  CHECK(difference(*after, *after) == "");
}

}  // namespace rr::settings::difference_test
