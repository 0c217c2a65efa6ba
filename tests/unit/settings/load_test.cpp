// What a good file may say, and what it then means.
#include "files.hpp"

#include <algorithm>

namespace rr::settings::load_test {

using namespace std::chrono_literals;

namespace {

KeepAlive keep_alive(const std::string& word) {
  return good("roles: { coder: { node: macbook, model: m, keep_alive: " + word + " } }\nnodes: { macbook: { address: 127.0.0.1 } }\n")->roles[0].keep_alive;
}

std::vector<Address> listen(const std::string& words) { return good(one_role + "listen: " + words + "\n")->listen; }

std::vector<Address> addresses(const std::string& words) {
  return good("roles: { coder: { node: macbook, model: m } }\nnodes: { macbook: { address: " + words + " } }\n")->nodes[0].addresses;
}

}  // namespace

TEST_CASE("keep_alive is read as Ollama reads it, and -1 in quotes too") {
  CHECK(keep_alive("2h") == KeepAlive{2h});
  CHECK(keep_alive("1h30m") == KeepAlive{90min});
  CHECK(keep_alive("30") == KeepAlive{30s});
  CHECK(keep_alive("0") == KeepAlive{});
  CHECK(keep_alive("0s") == KeepAlive{});
  CHECK(keep_alive("-1").forever());
  CHECK(keep_alive("\"-1\"").forever());
  CHECK(keep_alive("-1s").forever());
  CHECK(keep_alive("300ms") == KeepAlive{300ms});
}

TEST_CASE("listen: localhost is both loopback addresses, several come in a list") {
  CHECK(listen("localhost:9000") == std::vector<Address>{{"127.0.0.1", 9000}, {"::1", 9000}});
  CHECK(listen("127.0.0.1:9000") == std::vector<Address>{{"127.0.0.1", 9000}});
  CHECK(listen("\"[::1]:1\"") == std::vector<Address>{{"::1", 1}});
  CHECK(listen("[127.0.0.1:9000, \"[::1]:65535\"]") == std::vector<Address>{{"127.0.0.1", 9000}, {"::1", 65535}});
}

TEST_CASE("listening beyond this machine is allowed, with a hint") {
  const Loaded loaded = load_text(one_role + "listen: [0.0.0.0:8000, 127.0.0.2:8000]\n");
  REQUIRE(loaded.settings);
  CHECK(loaded.mistakes() == 0);
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].hint);
  CHECK(loaded.problems[0].path == "listen[0]");
}

TEST_CASE("an address has port 11434 unless it says another") {
  CHECK(addresses("mac-mini.local") == std::vector<Address>{{"mac-mini.local", 11434}});
  CHECK(addresses("[mac-mini.local:1234, 10.0.0.2]") == std::vector<Address>{{"mac-mini.local", 1234}, {"10.0.0.2", 11434}});
  CHECK(addresses("\"[fe80::1]:80\"") == std::vector<Address>{{"fe80::1", 80}});
}

TEST_CASE("one word or a list wherever more than one may stand") {
  const Snapshot s = good(R"(
roles:
  coder:  { node: macbook, model: m }
  tester: { node: [mini, macbook], model: m }
nodes: { macbook: { address: [127.0.0.1] }, mini: { address: 127.0.0.2 } }
also_called: { coder: developer, tester: [reviewer] }
required: tester
allowed_hosts: router.example.org
allowed_origins: [https://a.example.org, https://b.example.org:8443]
)");
  CHECK(s->role("coder")->nodes == std::vector<NodeName>{"macbook"});
  CHECK(s->role("tester")->nodes == std::vector<NodeName>{"mini", "macbook"});
  CHECK(s->role("coder")->also_called == std::vector<std::string>{"developer"});
  CHECK(s->role("tester")->also_called == std::vector<std::string>{"reviewer"});
  CHECK_FALSE(s->role("coder")->required);
  CHECK(s->role("tester")->required);
  CHECK(s->allowed_hosts == std::vector<std::string>{"router.example.org"});
  CHECK(s->allowed_origins == std::vector<std::string>{"https://a.example.org", "https://b.example.org:8443"});
}

TEST_CASE("words that YAML 1.1 takes for booleans are names like any other") {
  const Snapshot s = good(R"(
roles:
  no:  { node: off, model: yes }
  on:  { node: off, model: y }
  yes: { node: off, model: n, required: no }
nodes: { off: { address: 127.0.0.1 } }
default_role: no
also_called: { on: [off, true] }
)");
  REQUIRE(s->roles.size() == 3);
  CHECK(s->roles[0].name == "no");
  CHECK(s->roles[0].model == ModelName("yes"));
  CHECK(s->roles[1].name == "on");
  CHECK(s->roles[1].also_called == std::vector<std::string>{"off", "true"});
  CHECK(s->roles[2].name == "yes");
  CHECK_FALSE(s->roles[2].required);
  CHECK(s->default_role == "no");
}

TEST_CASE("models.default is for models not listed and for what a listed one does not say") {
  const Snapshot s = good(one_role + R"(
models:
  qwen3:8b: { num_ctx: 16384 }
  qwen3:4b:
  default: { num_ctx: 8192, parallel: 2, on_overflow: refuse, use_mmap: false }
)");
  CHECK(s->model(ModelName("qwen3:8b")).num_ctx == 16384);
  CHECK(s->model(ModelName("qwen3:8b")).parallel == 2);
  CHECK(s->model(ModelName("qwen3:8b")).use_mmap == false);
  CHECK(s->model(ModelName("qwen3:4b")).num_ctx == 8192);
  CHECK(s->model(ModelName("QWEN3:4B")).on_overflow == OnOverflow::refuse);
  CHECK(s->model(ModelName("llama3")).num_ctx == 8192);
  CHECK(s->models.size() == 2);
}

TEST_CASE("sizes and limits: decimal and binary units") {
  const Snapshot s = good(one_role + R"(
stream_buffer: 1MiB
limits: { connections: 10, body: 64MB, bodies: 1GiB, stream_buffers: 2097152, waiting: 5, per_role: 3, per_node: 4, wait: 90s }
)");
  CHECK(s->limits.connections == 10);
  CHECK(s->limits.body == 64'000'000);
  CHECK(s->limits.bodies == gib);
  CHECK(s->limits.stream_buffer == 1 << 20);
  CHECK(s->limits.stream_buffers == 2 << 20);
  CHECK(s->limits.waiting == 5);
  CHECK(s->limits.per_role == 3);
  CHECK(s->limits.per_node == 4);
  CHECK(s->limits.wait == 90s);
}

TEST_CASE("times and the swap: zero turns a clock off") {
  const Snapshot s = good(one_role + R"(
smart_swap: { policy: passthrough, max_wait: 90, swap_timeout: 1m, on_exit: release }
drain_timeout: 0
first_byte: 0
between_chunks: 0s
prefill_grace: 10s
)");
  CHECK(s->policy == PolicyName::passthrough);
  CHECK(s->max_wait == 90s);
  CHECK(s->swap_timeout == 1min);
  CHECK(s->release_on_exit);
  CHECK(s->drain_timeout == 0s);
  CHECK(s->first_byte == 0s);
  CHECK(s->between_chunks == 0s);
  CHECK(s->prefill_grace == 10s);
}

TEST_CASE("a section with nothing in it, all of it commented out, is a section with defaults") {
  const Snapshot s = good(one_role + "limits:\n#  body: 1MiB\nmodels:\nsmart_swap: {}\nalso_called:\nallowed_hosts: []\nrequired: []\n");
  CHECK(s->limits.body == Limits{}.body);
  CHECK(s->models.empty());
  CHECK_FALSE(s->roles[0].required);
}

TEST_CASE("anchors, a byte order mark and Windows line ends are read") {
  const std::string text = "\xEF\xBB\xBFroles:\r\n  coder: &r { node: macbook, model: m }\r\n  tester: *r\r\nnodes:\r\n  macbook: { address: 127.0.0.1 }\r\n";
  const Snapshot s = good(text);
  REQUIRE(s->roles.size() == 2);
  CHECK(s->roles[1].model == ModelName("m"));
  CHECK(s->roles[1].nodes == std::vector<NodeName>{"macbook"});
  const Loaded wrong = load_text(text + "colour: blue\r\n");
  REQUIRE(wrong.problems.size() == 1);
  CHECK(wrong.problems[0].line == 6);
  CHECK(wrong.problems[0].column == 1);
}

TEST_CASE("a file that nests without end is refused like any other mistake") {
  for (const std::string& text : {std::string(200'000, '['), "a: " + std::string(200'000, '{'), std::string(10'000, '-') + "\n"}) {
    const Loaded loaded = load_text(text);
    CHECK(loaded.settings == nullptr);
    CHECK(loaded.mistakes() > 0);
  }
  CHECK(print(load_text(std::string(1000, '[')).problems, "test.yaml") == "test.yaml:1:1: nested deeper than 500 levels\n");
}

TEST_CASE("columns count characters, not bytes") {
  const Loaded loaded = load_text("roles: { 설계자: { node: macbok, model: m } }\nnodes: { macbook: { address: 127.0.0.1 } }\n");
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].column == 23);
}

TEST_CASE("a role whose model can load on some of its nodes only is a hint, and the file is good") {
  const Loaded loaded = load_text(R"(
roles: { coder: { node: [mini, macbook], model: big } }
nodes: { macbook: { address: 127.0.0.1, gpu_memory: 10GiB }, mini: { address: 127.0.0.2, gpu_memory: 56GiB } }
models: { big: { size: 19GB } }
)");
  REQUIRE(loaded.settings);
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].hint);
  CHECK(loaded.problems[0].path == "roles.coder.node");
}

TEST_CASE("a model that loads only before one that stays for ever is a hint, unless it has another node") {
  const std::string models = "models: { qwen3:1.7b: { num_ctx: 8192, size: 1.4GB }, qwen2.5-coder:14b: { num_ctx: 16384, size: 9.0GB } }\n";
  const std::string router = "roles:\n  router: { node: macbook, model: qwen3:1.7b, keep_alive: -1 }\n";
  const std::string nodes = "nodes:\n  macbook: { address: 127.0.0.1, gpu_memory: 17.7GiB }\n  mini: { address: 127.0.0.2, gpu_memory: 56GiB }\n";
  const Loaded tight = load_text(router + "  coder: { node: macbook, model: qwen2.5-coder:14b }\n" + nodes + models);
  REQUIRE(tight.settings);
  CHECK(print(tight.problems, "test.yaml") ==
        "test.yaml:3:34: roles.coder.model: hint: qwen2.5-coder:14b needs 12.2 GiB beside router (2.6 for ever), macbook has 17.7: "
        "it loads only when it comes first (20 % of what is left stays free)\n");
  CHECK(load_text(router + "  coder: { node: [macbook, mini], model: qwen2.5-coder:14b }\n" + nodes + models).problems.empty());
}

TEST_CASE("two roles with different keep_alive for one model is a hint at the shorter one") {
  const Loaded loaded = load_text(R"(
roles:
  coder:  { node: macbook, model: llama3, keep_alive: 30m }
  tester: { node: macbook, model: llama3:latest, keep_alive: 2h }
  router: { node: macbook, model: llama3, keep_alive: 2h }
nodes: { macbook: { address: 127.0.0.1 } }
)");
  REQUIRE(loaded.settings);
  REQUIRE(loaded.problems.size() == 1);
  CHECK(print(loaded.problems, "test.yaml") ==
        "test.yaml:3:55: roles.coder.keep_alive: hint: llama3 is tester's model too, with keep_alive 2h: the longer one counts, not 30m\n");
}

}  // namespace rr::settings::load_test
