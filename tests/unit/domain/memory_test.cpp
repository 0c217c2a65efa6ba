#include "domain/memory.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace memory_test {

using namespace rr;

namespace {

const ModelName router("qwen3:1.7b"), architect("qwen3-coder-next:q4_K_M"), coder("qwen3-coder:30b"), tester("qwen2.5-coder:14b");

Settings two_macs() {
  Settings s;
  s.nodes = {{.name = "macbook", .gpu_memory = static_cast<Bytes>(17.7 * static_cast<double>(gib))},
             {.name = "mac-mini", .gpu_memory = 56 * gib}};
  s.roles = {{.name = "router", .nodes = {"macbook"}, .model = router, .keep_alive = for_ever},
             {.name = "architect", .nodes = {"mac-mini"}, .model = architect},
             {.name = "coder", .nodes = {"mac-mini"}, .model = coder},
             {.name = "tester", .nodes = {"mac-mini", "macbook"}, .model = tester}};
  s.models = {{.name = router, .num_ctx = 8192, .size = Bytes{1'400'000'000}},
              {.name = architect, .num_ctx = 32768, .size = 52 * gb},
              {.name = coder, .num_ctx = 32768, .size = 19 * gb},
              {.name = tester, .num_ctx = 16384, .size = 9 * gb}};
  return s;
}

Fleet unseen(const Settings& s) {
  Fleet fleet;
  for (const auto& node : s.nodes) fleet.nodes.push_back({.name = node.name});
  return fleet;
}

double in_gib(Bytes bytes) { return static_cast<double>(bytes) / static_cast<double>(gib); }

std::string names(const std::vector<ModelName>& models) {
  std::string out;
  for (const ModelName& m : models) out += (out.empty() ? "" : "+") + m.spelt();
  return out;
}

}  // namespace

TEST_CASE("what the four models need is near what Ollama shows of them") {
  const Settings s = two_macs();
  const Fleet fleet = unseen(s);
  const struct { const ModelName& model; double gib, within; } table[] = {
      {architect, 50.5, 2.0}, {coder, 21.6, 0.2}, {tester, 12.2, 0.2}, {router, 2.6, 0.2}};
  for (const auto& row : table) {
    CAPTURE(row.model.spelt());
    const Footprint need = footprint(s, fleet, "mac-mini", row.model);
    CHECK(need.known);
    CHECK_FALSE(need.measured);
    CHECK(need.total == need.weights + need.kv + need.compute);
    CHECK(std::abs(in_gib(need.total) - row.gib) < row.within);
  }
}

TEST_CASE("more slots and a longer context take more") {
  Settings s = two_macs();
  const Bytes one = footprint(s, unseen(s), "mac-mini", tester).kv;
  s.models[3].parallel = 2;
  CHECK(footprint(s, unseen(s), "mac-mini", tester).kv == 2 * one);
  s.models[3].num_ctx *= 2;
  CHECK(footprint(s, unseen(s), "mac-mini", tester).kv == 4 * one);
}

TEST_CASE("what /api/ps measured counts more than any estimate, at the same context only") {
  const Settings s = two_macs();
  Fleet fleet = unseen(s);
  fleet.node("macbook")->residents = {{.name = tester, .size = 11 * gib, .num_ctx = 16384}};
  const Footprint elsewhere = footprint(s, fleet, "mac-mini", tester);
  CHECK(elsewhere.measured);
  CHECK(elsewhere.total == 11 * gib);
  fleet.node("mac-mini")->residents = {{.name = tester, .size = 12 * gib, .num_ctx = 16384}};
  CHECK(footprint(s, fleet, "mac-mini", tester).total == 12 * gib);
  CHECK(footprint(s, fleet, "macbook", tester).total == 11 * gib);
  fleet.node("macbook")->residents.clear();
  fleet.node("mac-mini")->residents = {{.name = tester, .size = 9 * gib, .num_ctx = 4096}};
  CHECK_FALSE(footprint(s, fleet, "mac-mini", tester).measured);
}

TEST_CASE("a size comes from the YAML, else from the node's list, else from another node's, else it is unknown") {
  Settings s = two_macs();
  s.models[2].size.reset();
  Fleet fleet = unseen(s);
  CHECK_FALSE(footprint(s, fleet, "mac-mini", coder).known);
  CHECK(footprint(s, fleet, "mac-mini", coder).total == 0);
  fleet.node("macbook")->installed = {{.name = coder, .size = 18 * gb}};
  CHECK(footprint(s, fleet, "mac-mini", coder).weights == 18 * gb);
  fleet.node("mac-mini")->installed = {{.name = coder, .size = 19 * gb}};
  CHECK(footprint(s, fleet, "mac-mini", coder).weights == 19 * gb);
  CHECK(footprint(two_macs(), fleet, "mac-mini", tester).weights == 9 * gb);
}

TEST_CASE("alone a model may take all, beside others 80 % of what is free") {
  CHECK(fits(100, 0, 100));
  CHECK_FALSE(fits(100, 0, 101));
  CHECK(fits(100, 50, 40));
  CHECK_FALSE(fits(100, 50, 41));
  CHECK_FALSE(fits(100, 100, 1));
  CHECK_FALSE(fits(100, 150, 1));
  CHECK_FALSE(fits(100, 150, 0));
  CHECK(fits(0, 150, 1000));  // an unknown limit bounds nothing
}

TEST_CASE("on the MacBook tester then router fit, router then tester do not: big to small") {
  const Settings s = two_macs();
  const Fleet fleet = unseen(s);
  const Bytes limit = s.nodes[0].gpu_memory;
  const Bytes big = footprint(s, fleet, "macbook", tester).total, small = footprint(s, fleet, "macbook", router).total;
  CHECK(fits(limit, 0, big));
  CHECK(fits(limit, big, small));
  CHECK(fits(limit, 0, small));
  CHECK_FALSE(fits(limit, small, big));
}

TEST_CASE("the plan says what fits together, what alone, and what never") {
  const Settings s = two_macs();
  const Plan mini = plan(s, unseen(s), "mac-mini");
  CHECK(mini.limit == 56 * gib);
  REQUIRE(mini.models.size() == 3);
  CHECK(mini.models[0].model == architect);  // largest first
  CHECK(mini.models[2].roles == std::vector<RoleName>{"tester"});
  for (const auto& line : mini.models) CHECK(line.alone_fits);
  REQUIRE(mini.together.size() == 2);
  CHECK(names(mini.together[0]) == architect.spelt());
  CHECK(names(mini.together[1]) == coder.spelt() + "+" + tester.spelt());
  REQUIRE(mini.never.size() == 2);
  CHECK(names({mini.never[0].a, mini.never[0].b}) == architect.spelt() + "+" + coder.spelt());
  CHECK(mini.never[0].sum == mini.models[0].need.total + mini.models[1].need.total);

  const Plan book = plan(s, unseen(s), "macbook");
  REQUIRE(book.together.size() == 1);
  CHECK(names(book.together[0]) == tester.spelt() + "+" + router.spelt());
  CHECK(book.never.empty());
}

TEST_CASE("two roles with one model are one line of the plan, and what is too large alone is said") {
  Settings s = two_macs();
  s.roles.push_back({.name = "reviewer", .nodes = {"mac-mini"}, .model = tester});
  s.nodes[1].gpu_memory = 48 * gib;
  const Plan mini = plan(s, unseen(s), "mac-mini");
  REQUIRE(mini.models.size() == 3);
  CHECK(mini.models[2].roles == std::vector<RoleName>{"tester", "reviewer"});
  CHECK_FALSE(mini.models[0].alone_fits);
  CHECK(mini.never.size() == 2);
  CHECK(mini.together.size() == 1);
}

TEST_CASE("a node without roles, or not configured, has an empty plan") {
  const Settings s = two_macs();
  CHECK(plan(s, unseen(s), "nowhere").models.empty());
  CHECK(plan(s, unseen(s), "nowhere").together.empty());
}

}  // namespace memory_test
