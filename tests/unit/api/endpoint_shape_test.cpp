#include "api/endpoint_shape.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace endpoint_shape_test {

using namespace rr;
using namespace rr::api;
using test::head;

namespace {

std::string told(const std::string& target, const std::string& body, Settings settings = test::two_macs(), const Fleet& fleet = test::two_nodes(),
                 Fields fields = {}) {
  const auto ask = test::asked(head("POST", target, std::move(fields)), body, settings, fleet);
  if (!ask) return ask.error().code;
  return ask->role + " " + ask->model.spelt() + " " + std::string(to_text(ask->source)) + (ask->because.empty() ? "" : ": " + ask->because);
}

Fleet where_coder_embeds() {
  Fleet fleet = test::two_nodes();
  for (auto& model : fleet.nodes[1].installed)
    if (model.name == ModelName("qwen2.5-coder:14b")) model.capabilities.insert("embedding");
  return fleet;
}

}  // namespace

TEST_CASE("fill in the middle goes to the coder") {
  auto settings = test::two_macs();
  settings.default_role = "tester";
  CHECK(told("/api/generate", R"({"model":"auto","prompt":"def f(","suffix":"return x"})", settings) == "coder qwen3-coder:30b shape: member suffix");
  CHECK(told("/api/generate", R"({"model":"auto","prompt":"def f(","suffix":""})", settings) == "tester qwen2.5-coder:14b default");
  CHECK(told("/api/generate", R"({"model":"auto","prompt":"<|fim_prefix|>int a;<|fim_suffix|>}<|fim_middle|>","raw":true})", settings) ==
        "coder qwen3-coder:30b shape: \"<|fim_prefix|>\" in the prompt");
  CHECK(told("/api/generate", R"({"model":"auto","prompt":"hi"})", settings) == "tester qwen2.5-coder:14b default");
}

TEST_CASE("the coder is the role that is called so, by its name or another name of it; without one the shape says nothing") {
  auto settings = test::two_macs();
  const auto fim = R"({"model":"auto","prompt":"a","suffix":"b"})";
  settings.default_role = "tester";
  settings.roles[2].name = "worker";
  CHECK(told("/api/generate", fim, settings) == "worker qwen3-coder:30b shape: member suffix");
  settings.roles[2].also_called = {"코더"};
  CHECK(told("/api/generate", fim, settings) == "worker qwen3-coder:30b shape: member suffix");
  settings.roles[2].also_called = {};
  CHECK(told("/api/generate", fim, settings) == "tester qwen2.5-coder:14b default");
  settings.roles[0].name = "Coder";  // a name goes before another name
  settings.roles[2].also_called = {"developer"};
  CHECK(told("/api/generate", fim, settings) == "Coder qwen3:1.7b shape: member suffix");
}

TEST_CASE("an embedding goes to the role whose model embeds, else to any node's model that does") {
  for (const char* target : {"/api/embed", "/api/embeddings"}) {
    const std::string body = R"({"model":"auto","input":"x","prompt":"x"})";
    CHECK(told(target, body) == " nomic-embed-text:latest shape: an embedding is asked for");
    CHECK(told(target, body, test::two_macs(), where_coder_embeds()) == "tester qwen2.5-coder:14b shape: an embedding is asked for");
  }
  const auto ask = test::asked(head("POST", "/api/embed"), R"({"model":"auto","input":"x"})", test::two_macs(), test::two_nodes());
  REQUIRE(ask.has_value());
  CHECK(ask->nodes.empty());  // any node that has it
  CHECK(ask->asked_model == "auto");
}

TEST_CASE("while no node says what its models can do, a role that is called embedding is meant") {
  auto settings = test::two_macs();
  settings.roles.push_back({.name = "임베딩", .nodes = {"macbook"}, .model = ModelName("bge-m3")});
  Fleet silent = test::two_nodes();
  for (auto& node : silent.nodes) node.inventory_known = false, node.installed.clear();
  CHECK(told("/api/embed", R"({"model":"auto","input":"x"})", settings, silent) == "임베딩 bge-m3 shape: an embedding is asked for");
  CHECK(told("/api/embed", R"({"model":"auto","input":"x"})", test::two_macs(), silent) == "coder qwen3-coder:30b default");
}

TEST_CASE("whoever names a role or a model is not judged by the endpoint") {
  const auto fim = [](const std::string& model) { return R"({"model":")" + model + R"(","prompt":"a","suffix":"b"})"; };
  CHECK(told("/api/generate", fim("auto"), test::two_macs(), test::two_nodes(), {{"X-Agent-Role", "tester"}}) == "tester qwen2.5-coder:14b header");
  CHECK(told("/role/tester/api/generate", fim("auto")) == "tester qwen2.5-coder:14b path");
  CHECK(told("/api/generate", fim("tester")) == "tester qwen2.5-coder:14b model");
  CHECK(told("/api/generate", R"({"model":"auto","user":"role:tester","prompt":"a","suffix":"b"})") == "tester qwen2.5-coder:14b body");
  CHECK(told("/api/generate", fim("qwen3:1.7b")) == "router qwen3:1.7b model_of_role");
  CHECK(told("/api/generate", fim("llama3.2:3b")) == " llama3.2:3b none");
  CHECK(told("/api/embed", R"({"model":"llama3.2:3b","input":"x"})") == " llama3.2:3b none");
}

TEST_CASE("a body without its endpoint is read as the one it was written for") {
  const auto kind = [](const std::string& text) {
    const test::Body body(text);
    return kind_of(*read_members(body));
  };
  CHECK(kind(R"({"messages":[{"role":"user","content":"x"}],"prompt":"y"})") == Kind::chat);
  CHECK(kind(R"({"prompt":"y"})") == Kind::generate);
  CHECK(kind(R"({"suffix":"y"})") == Kind::generate);
  CHECK(kind(R"({"input":["x"]})") == Kind::embed);
  CHECK(kind(R"({"input":[{"role":"user","content":"x"}]})") == Kind::chat);
  CHECK(kind(R"({"model":"auto"})") == Kind::chat);
}

}  // namespace endpoint_shape_test
