// Nodes that run something else than Ollama.
#include "files.hpp"

namespace rr::settings::engines_test {

namespace {

Loaded fleet(const std::string& nodes, const std::string& role = "{ node: a, model: m }") { return load_text("roles: { r: " + role + " }\nnodes:\n" + nodes); }

}  // namespace

TEST_CASE("each engine has its port, or wants it said") {
  const Loaded loaded = fleet("  a: { address: here }\n  b: { type: exo, address: there }\n  c: { type: openai, address: \"127.0.0.1:1234\", api_key: k1 }\n");
  REQUIRE(loaded.settings);
  CHECK(loaded.problems.empty());
  CHECK(loaded.settings->nodes[0].addresses[0].port == 11434);
  CHECK(loaded.settings->nodes[1].type == EngineType::exo);
  CHECK(loaded.settings->nodes[1].addresses[0].port == 52415);
  CHECK(loaded.settings->nodes[2].type == EngineType::openai);
  CHECK(loaded.settings->nodes[2].api_key == "k1");
  CHECK_FALSE(loaded.settings->runs("c").loads);
  CHECK(loaded.settings->runs("nowhere").native);
}

TEST_CASE("what counts for nothing where a server keeps its own models is a hint") {
  const Loaded loaded = fleet("  a: { type: openai, address: \"127.0.0.1:1234\", gpu_memory: 8GiB }\n", "{ node: a, model: m, keep_alive: 2h }");
  REQUIRE(loaded.settings);
  REQUIRE(loaded.problems.size() == 2);
  CHECK(loaded.problems[0].sentence.find("keep_alive counts for nothing") != std::string::npos);
  CHECK(loaded.problems[1].sentence.find("counts for nothing: its server keeps its own models") != std::string::npos);
  CHECK(loaded.settings->nodes[0].gpu_memory == 0);
}

TEST_CASE("exo beside Ollama on one machine is a hint: neither sees the other's memory") {
  const Loaded loaded = fleet("  a: { address: 127.0.0.1 }\n  b: { type: exo, address: localhost }\n");
  REQUIRE(loaded.settings);
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].hint);
  CHECK(loaded.problems[0].line == 4);
  CHECK(fleet("  a: { address: 10.0.0.1 }\n  b: { type: exo, address: 10.0.0.2 }\n").problems.empty());
}

TEST_CASE("exo under passthrough is a hint: nobody places its models") {
  const Loaded loaded = fleet("  a: { type: exo, address: 10.0.0.1 }\nsmart_swap: { policy: passthrough }\n");
  REQUIRE(loaded.settings);
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].sentence.find("places no model on exo") != std::string::npos);
}

TEST_CASE("a changed engine and a changed key are told, the key itself is not") {
  const auto a = fleet("  a: { type: openai, address: \"h:1\" }\n").settings, b = fleet("  a: { type: exo, address: \"h:1\", api_key: s3cret }\n").settings;
  REQUIRE(a);
  REQUIRE(b);
  CHECK(difference(*a, *b) == "a type openai -> exo; a api_key set");
}

}  // namespace rr::settings::engines_test
