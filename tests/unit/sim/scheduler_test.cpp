#include "sim/sim_options.hpp"
#include "unit/sim/world.hpp"

#include <doctest/doctest.h>

namespace scheduler_test {

using namespace rr;
using namespace std::chrono_literals;

namespace {

test::Client chat(const std::string& who, const std::string& model, Duration busy = 10s, const std::string& more = "") {
  test::Client c;
  c.who = who;
  c.body = "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]" + more + "}";
  c.busy = busy;
  return c;
}

double resident_gib(const sim::NodeSpec& n, const std::string& name, int num_ctx) {
  for (auto& m : n.models) {
    if (m.name != name) continue;
    sim::OptionsAsked o;
    o.num_ctx = num_ctx;
    const sim::Want w = sim::want(n, m, o);
    return double(w.file + w.kv + w.compute) / double(gib);
  }
  return 0;
}

}  // namespace

TEST_CASE("the demo's models take the memory that was measured") {
  const sim::NodeSpec mini = sim::mac_mini();
  CHECK(resident_gib(mini, "qwen3-coder-next:q4_K_M", 32768) == doctest::Approx(50.5).epsilon(0.005));
  CHECK(resident_gib(mini, "qwen3-coder:30b", 32768) == doctest::Approx(21.6).epsilon(0.005));
  CHECK(resident_gib(mini, "qwen2.5-coder:14b", 16384) == doctest::Approx(12.2).epsilon(0.005));
  CHECK(resident_gib(sim::macbook(), "qwen3:1.7b", 8192) == doctest::Approx(2.6).epsilon(0.005));
}

TEST_CASE("a load must fit into four fifths of what is free, else somebody is evicted; memory is never exceeded") {
  test::World w(sim::mac_mini(), 700ms);
  const std::string ctx32 = ",\"keep_alive\":\"2h\",\"options\":{\"num_ctx\":32768}";
  w.send(w.now, chat("coder", "qwen3-coder:30b", 10s, ctx32));
  w.send(w.now + 60s, chat("tester", "qwen2.5-coder:14b", 10s, ",\"options\":{\"num_ctx\":16384}"));
  w.run_until(Time{100s});
  CHECK(w.resident().size() == 2);
  w.send(w.now, chat("architect", "qwen3-coder-next:q4_K_M", 10s, ctx32));
  for (int i = 0; i < 200; ++i) {
    w.run_until(w.now + 500ms);
    CHECK(w.scheduler.used() <= w.node.gpu_memory);
  }
  CHECK(w.status["architect"] == 200);
  CHECK(w.resident() == std::vector<std::string>{"qwen3-coder-next:q4_K_M"});  // both had to go
}

TEST_CASE("an abandoned prompt keeps the engine's only slot to its end; a slot that is lost comes back with an unload only") {
  test::World w(sim::macbook(), 700ms);
  const std::string m = "qwen2.5-coder:14b";
  w.preload(m);
  test::Client slow = chat("leaves", m, 60s);
  slow.prompt = 40s;
  const Time t = w.now;
  slow.leaves = t + 10s;
  w.send(t, slow);
  w.send(t + 11s, chat("next", m, 5s));
  w.run_until(t + 39s);
  CHECK(w.waits("next"));
  w.run_until(t + 46s);
  CHECK(w.status["next"] == 200);

  test::Client stalled = chat("stalled", m, 60s);
  stalled.slot_lost = true;
  stalled.leaves = w.now + 5s;
  w.send(w.now, stalled);
  w.send(w.now + 6s, chat("waits for ever", m, 5s, ",\"keep_alive\":-1"));
  w.run_until(w.now + 24h);
  CHECK(w.waits("waits for ever"));
}

TEST_CASE("a command line's wishes are refused with the value and what it may be") {
  sim::SimOptions o;
  o.machine = "cray";
  CHECK(sim::node_from(o).error() == "unknown machine \"cray\"; one of macbook, mac-mini, bare");
  o.machine = "bare";
  o.models = {"a:1b"};
  CHECK(sim::node_from(o).error() == "bare has no model \"a:1b\"; say NAME=GB to add one of that size");
  o.models = {"a:1b=4.5"};
  o.keep_alive = "-1";
  const auto made = sim::node_from(o);
  REQUIRE(made.has_value());
  CHECK(made->models.front().size == 4'500'000'000);
  CHECK(made->keep_alive < Duration::zero());
}

}  // namespace scheduler_test
