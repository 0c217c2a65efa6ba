// A node whose server keeps its own models: it is placed, waited for and granted like any other, and never told to load or unload.
#include "talk.hpp"

#include <doctest/doctest.h>

namespace kept_models_test {

using namespace rr;
using namespace rr::test;

namespace {

Settings with_studio(PolicyName policy, KeepAlive keep) {
  Settings s = macs();
  s.policy = policy;
  s.nodes.push_back({.name = "studio", .addresses = {{"127.0.0.1", 8080}}, .gpu_memory = 0, .type = EngineType::openai});
  for (RoleSettings& role : s.roles)
    if (role.name == "coder") role.nodes = {"studio"}, role.keep_alive = keep;
  return s;
}

Resident served(const ModelName& m, int num_ctx = 0) { return {.name = m, .num_ctx = num_ctx}; }

}  // namespace

TEST_CASE("its models are granted as they are: no load, no lease, no context, whatever policy and keep_alive say") {
  for (const PolicyName policy : {PolicyName::smart, PolicyName::seed, PolicyName::passthrough})
    for (const KeepAlive keep : {KeepAlive{0s}, KeepAlive{1min}, for_ever}) {
      CAPTURE(to_text(policy));
      CAPTURE(to_text(keep));
      Talk t(with_studio(policy, keep));
      CHECK(t.seen("studio", {served(coder, 131072), served(ModelName("other"))}) == "");
      CHECK(t.ask(1, "coder") == "grant 1 studio coder-m 4096");
      CHECK_FALSE(t.granted->keep_alive.has_value());
      CHECK(t.ask(2, "coder") == (policy == PolicyName::passthrough ? "grant 2 studio coder-m 4096" : ""));
      CHECK(t.ended(1) == (policy == PolicyName::passthrough ? "" : "grant 2 studio coder-m 4096"));
      CHECK(t.ended(2) == "");
      for (int i = 0; i < 20; ++i) CHECK(t.tick(10min) == "");  // no lease runs out
      CHECK(t.tell(UnloadWanted{coder}) == "");
      CHECK(t.ask(3, "coder") == "grant 3 studio coder-m 4096");
      CHECK(t.balances());
    }
}

TEST_CASE("a failed or silent request leaves no doubt that only a load could end") {
  Talk t(with_studio(PolicyName::smart, KeepAlive{2h}));
  t.seen("studio", {served(coder)});
  TicketId id = 0;
  for (const Outcome& outcome : {Outcome{.ending = Ending::node_failed}, Outcome{.ending = Ending::node_failed, .silent = true}, Outcome{.ending = Ending::refused}}) {
    t.ask(++id, "coder");
    CHECK(t.tell(Ended{id, outcome}) == "");
    CHECK(t.ask(++id, "coder").starts_with("grant"));
    CHECK(t.ended(id) == "");
  }
}

TEST_CASE("it is not taken for somebody else's swap when its list changes, and a model that left it is missing") {
  Talk t(with_studio(PolicyName::smart, KeepAlive{2h}));
  t.seen("studio", {served(coder)});
  for (const char* name : {"x", "y", "x", "y"}) t.seen("studio", {served(coder), served(ModelName(name))});
  for (const NodePicture& node : t.dispatch.picture(t.now).nodes) CHECK(node.foreign_swaps == 0);
  t.ask(1, "coder");
  t.ask(2, "coder");
  t.seen("studio", {served(ModelName("x"))});
  t.tell(Inventory{"studio", "", {{.name = ModelName("x")}}});
  CHECK(t.refusal->code == "model_missing");
  CHECK(t.refusal->sentence.find("http://127.0.0.1:8080/v1/models") != std::string::npos);
  CHECK(t.refusal->sentence.find("ollama pull") == std::string::npos);
  CHECK(t.noted("http://127.0.0.1:8080/v1/models"));
}

TEST_CASE("of many models only those that matter here are shown") {
  Talk t(with_studio(PolicyName::smart, KeepAlive{1min}));
  t.seen("studio", {served(coder), served(ModelName("x")), served(ModelName("y"))});
  for (const NodePicture& node : t.dispatch.picture(t.now).nodes)
    if (node.belief.name == "studio") {
      REQUIRE(node.models.size() == 1);
      CHECK(node.models[0].model == coder);
      CHECK_FALSE(node.models[0].lease.has_value());
    }
}

TEST_CASE("a node that changes its engine is another machine") {
  Talk t(with_studio(PolicyName::smart, KeepAlive{2h}));
  t.seen("studio", {served(coder)});
  t.set.nodes.back().type = EngineType::ollama;
  t.adopt();
  CHECK(t.ask(1, "coder") == "");  // nothing is known of it yet
  CHECK(t.seen("studio", {}) == "load studio coder-m 4096 keep -1");
  t.loaded("studio", coder);
  t.tell(Ended{1, {.ending = Ending::node_failed}});  // in doubt: only a load would end it
  t.set.nodes.back().type = EngineType::openai;
  t.adopt();
  t.seen("studio", {served(coder)});
  CHECK(t.ask(2, "coder") == "grant 2 studio coder-m 4096");
}

TEST_CASE("where a node takes no lease the router ends it, but not of what somebody else placed there") {
  for (const PolicyName policy : {PolicyName::smart, PolicyName::seed}) {
    CAPTURE(to_text(policy));
    Settings s = with_studio(policy, KeepAlive{10min});
    s.nodes.back().type = EngineType::exo;
    Talk t(s);
    CHECK(t.seen("studio", {served(coder), served(ModelName("theirs"))}) == "");
    CHECK(t.ask(1, "coder") == "grant 1 studio coder-m 4096");
    CHECK(t.ended(1) == "");
    CHECK(t.tick(9min) == "");
    CHECK(t.tick(1min) == "unload studio coder-m");
    t.unloaded("studio", coder);
    t.seen("studio", {served(ModelName("theirs"))});
    t.seen("studio", {served(ModelName("theirs"))});
    for (int i = 0; i < 10; ++i) CHECK(t.tick(10min) == "");
  }
}

}  // namespace kept_models_test
