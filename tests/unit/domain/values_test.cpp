#include "domain/http.hpp"
#include "domain/settings.hpp"
#include "domain/values.hpp"

#include <doctest/doctest.h>

#include <set>

namespace values_test {

using namespace rr;
using namespace std::chrono_literals;

TEST_CASE("spellings of one model are one model, and each keeps its own spelling") {
  const char* const same[][2] = {
      {"llama3.2", "llama3.2:latest"},
      {"llama3.2", "LLAMA3.2"},
      {"llama3.2", "library/llama3.2"},
      {"llama3.2", "registry.ollama.ai/library/llama3.2:latest"},
      {"llama3.2", "Registry.Ollama.AI/Library/Llama3.2:LATEST"},
      {"llama3.2", " llama3.2\t"},
      {"qwen3:1.7b", "qwen3:1.7B"},
      {"qwen3:1.7b", "qwen3:1.7b:local"},
      {"someone/model", "registry.ollama.ai/someone/model:latest"},
      {"host:5000/lib/model", "host:5000/lib/model:latest"},
  };
  for (const auto& pair : same) {
    CAPTURE(pair[0]);
    CAPTURE(pair[1]);
    CHECK(ModelName(pair[0]) == ModelName(pair[1]));
    CHECK_FALSE(ModelName(pair[0]) < ModelName(pair[1]));
  }
  CHECK(ModelName("LLAMA3.2").spelt() == "LLAMA3.2");
  CHECK(ModelName("LLAMA3.2").key() == "llama3.2:latest");
  CHECK(ModelName(" a:b ").spelt() == "a:b");
}

TEST_CASE("different models stay different") {
  std::set<ModelName> all;
  for (const char* spelt : {"qwen3", "qwen3:1.7b", "someone/qwen3", "library/someone/qwen3x", "localhost/library/qwen3", "qwen3-coder:30b"})
    all.insert(ModelName(spelt));
  CHECK(all.size() == 6);
}

TEST_CASE("an empty name is no model") {
  CHECK(ModelName().empty());
  CHECK(ModelName("").empty());
  CHECK(ModelName("  ").empty());
  CHECK_FALSE(ModelName("a").empty());
}

TEST_CASE("a cloud model is known by its suffix") {
  for (const char* spelt : {"gpt-oss:cloud", "gpt-oss:120b-cloud", "GPT-OSS:120B-CLOUD"}) CHECK(ModelName(spelt).cloud());
  for (const char* spelt : {"gpt-oss", "cloud", "my-cloud:7b", "cloud/x:1b"}) {
    CAPTURE(spelt);
    CHECK_FALSE(ModelName(spelt).cloud());
  }
}

TEST_CASE("addresses are read in every usual form and written in one") {
  const struct { const char* text; const char* host; int port; const char* out; } good[] = {
      {"127.0.0.1", "127.0.0.1", 11434, "127.0.0.1:11434"},
      {"mac-mini.local:8080", "mac-mini.local", 8080, "mac-mini.local:8080"},
      {"::1", "::1", 11434, "[::1]:11434"},
      {"[::1]", "::1", 11434, "[::1]:11434"},
      {"[fe80::1]:99", "fe80::1", 99, "[fe80::1]:99"},
      {" localhost:1 ", "localhost", 1, "localhost:1"},
      {"h:65535", "h", 65535, "h:65535"},
  };
  for (const auto& g : good) {
    CAPTURE(g.text);
    const auto address = parse_address(g.text, 11434);
    REQUIRE(address);
    CHECK(address->host == g.host);
    CHECK(address->port == g.port);
    CHECK(to_text(*address) == g.out);
  }
  for (const char* bad : {"", " ", ":80", "h:", "h:65536", "h:123456", "h:x", "h:-1", "[::1", "[::1]x", "[::1]:", "a b", "http://h", "u@h"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_address(bad, 11434));
  }
}

TEST_CASE("a lease is written in Go's words") {
  CHECK(to_text(for_ever) == "-1");
  CHECK(to_text(KeepAlive{-5h}) == "-1");
  CHECK(to_text(KeepAlive{0s}) == "0");
  CHECK(to_text(KeepAlive{2h}) == "2h");
  CHECK(to_text(KeepAlive{90min}) == "1h30m");
  CHECK(to_text(KeepAlive{30min}) == "30m");
  CHECK(to_text(KeepAlive{90s}) == "1m30s");
  CHECK(to_text(KeepAlive{1h + 1s}) == "1h1s");
  CHECK(to_text(KeepAlive{1500ms}) == "1.5s");
  CHECK(to_text(KeepAlive{300ms}) == "300ms");
}

TEST_CASE("the longer lease is the one that keeps the model longer") {
  CHECK(longer(for_ever, KeepAlive{999h}));
  CHECK_FALSE(longer(KeepAlive{999h}, for_ever));
  CHECK_FALSE(longer(for_ever, KeepAlive{-7s}));
  CHECK(longer(KeepAlive{1s}, KeepAlive{0s}));
  CHECK_FALSE(longer(KeepAlive{0s}, KeepAlive{0s}));
}

TEST_CASE("durations read as a person says them") {
  const struct { Duration d; const char* text; } table[] = {
      {0ms, "0ms"},         {7ms, "7ms"},          {999ms, "999ms"},       {1s, "1s"},     {1500ms, "1.5s"},
      {9900ms, "9.9s"},     {10s, "10s"},          {59s, "59s"},           {60s, "1m"},    {90s, "1m30s"},
      {3600s, "1h"},        {2h + 13min, "2h13m"}, {2h + 13min + 40s, "2h13m"}, {-90s, "-1m30s"},
  };
  for (const auto& row : table) CHECK(to_text(row.d) == row.text);
}

TEST_CASE("bytes read as GiB with one decimal") {
  CHECK(to_gib(0) == "0.0");
  CHECK(to_gib(56 * gib) == "56.0");
  CHECK(to_gib(gib / 2) == "0.5");
  CHECK(to_gib(13'099'650'252) == "12.2");
}

TEST_CASE("header names match in any letter case and set replaces") {
  Fields fields{{"Host", "a"}, {"X-Agent-Role", "coder"}};
  CHECK(find(fields, "x-agent-role") == "coder");
  CHECK(find(fields, "absent").empty());
  CHECK(has(fields, "HOST"));
  CHECK_FALSE(has(fields, "X-Agent"));
  set(fields, "host", "b");
  set(fields, "New", "c");
  REQUIRE(fields.size() == 3);
  CHECK(fields[0].name == "Host");
  CHECK(find(fields, "Host") == "b");
  CHECK(find(fields, "new") == "c");
}

TEST_CASE("a model's lease is the longest of its roles, and pinned only where such a role runs") {
  Settings s;
  s.roles = {{.name = "a", .nodes = {"one"}, .model = ModelName("m"), .keep_alive = {0s}},
             {.name = "b", .nodes = {"one", "two"}, .model = ModelName("m:latest"), .keep_alive = {5min}},
             {.name = "c", .nodes = {"two"}, .model = ModelName("p"), .keep_alive = for_ever}};
  CHECK(s.keep_alive(ModelName("m"), "a") == KeepAlive{5min});
  CHECK(s.keep_alive(ModelName("p"), "") == for_ever);
  CHECK(s.keep_alive(ModelName("unlisted"), "") == KeepAlive{5min});
  CHECK(s.pinned(ModelName("p"), "two"));
  CHECK_FALSE(s.pinned(ModelName("p"), "one"));
  CHECK_FALSE(s.pinned(ModelName("m"), "one"));
}

TEST_CASE("a model's settings are found by any spelling, else the default's") {
  Settings s;
  s.models = {{.name = ModelName("qwen3:1.7b"), .num_ctx = 8192}};
  s.model_default.num_ctx = 2048;
  CHECK(s.model(ModelName("QWEN3:1.7b")).num_ctx == 8192);
  CHECK(s.model(ModelName("qwen3")).num_ctx == 2048);
}

}  // namespace values_test
