// What exo says of its instances and runners, and the order that places one.
#include "api/engines/exo_state.hpp"
#include "api/json.hpp"

#include <doctest/doctest.h>

namespace exo_state_test {

using namespace rr;
using namespace rr::api;

namespace {

std::string instance(const std::string& model, const std::string& runners) {
  return R"({"MlxRingInstance":{"instanceId":"i","shardAssignments":{"modelId":")" + model + R"(","nodeToRunner":)" + runners + R"(,"runnerToShard":{}}}})";
}

ExoInstance one(const std::string& runners) {
  const auto read = parse_exo("{\"i\":" + instance("org/A", R"({"n1":"r1","n2":"r2"})") + "}", runners);
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 1);
  return read->front();
}

}  // namespace

TEST_CASE("ready is what all runners are; one that loads tells how far, one that failed tells why") {
  using Stage = ExoInstance::Stage;
  CHECK(one(R"({"r1":{"RunnerReady":{}},"r2":{"RunnerRunning":{}}})").stage == Stage::ready);
  CHECK(one(R"({"r1":{"RunnerReady":{}}})").stage == Stage::coming);
  CHECK(one(R"({"r1":{"RunnerReady":{}},"r2":{"RunnerIdle":{}}})").stage == Stage::coming);
  const auto coming = one(R"({"r1":{"RunnerReady":{}},"r2":{"RunnerLoading":{"layersLoaded":12,"totalLayers":48}}})");
  CHECK(coming.stage == Stage::coming);
  CHECK(coming.why == "12 of 48 layers");
  const auto failed = one(R"({"r1":{"RunnerFailed":{"errorMessage":"out of memory"}},"r2":{"RunnerLoading":{"layersLoaded":1,"totalLayers":2}}})");
  CHECK(failed.stage == Stage::failed);
  CHECK(failed.why == "out of memory");
  CHECK(one("{}").id == "i");
}

TEST_CASE("residents are the ready models, each once") {
  const auto read = parse_exo("{\"i1\":" + instance("org/A", R"({"n":"r"})") + ",\"i2\":" + instance("org/A", R"({"n":"r"})") + ",\"i3\":" + instance("org/B", R"({"n":"s"})") + "}",
                              R"({"r":{"RunnerReady":{}},"s":{"RunnerLoading":{}}})");
  REQUIRE(read.has_value());
  const auto residents = exo_residents(*read);
  REQUIRE(residents.size() == 1);
  CHECK(residents[0].name.spelt() == "org/A");
  CHECK(residents[0].size == 0);
}

TEST_CASE("what is no exo is told") {
  CHECK(parse_exo("[]", "{}").has_error());
  CHECK(parse_exo("{}", "404").has_error());
  CHECK(parse_exo(R"({"i":{"X":{}}})", "{}").has_error());
  CHECK(parse_exo("{}", "{}")->empty());
}

TEST_CASE("the first plan without an error is ordered, else its error is told") {
  const auto order = exo_place_order("org/A", R"({"previews":[{"sharding":"Tensor","instance_meta":"MlxJaccl","error":"no RDMA"},
    {"sharding":"Pipeline","instance_meta":"MlxRing","error":null,"memory_delta_by_node":{"a":1,"b":2}}]})");
  REQUIRE(order.has_value());
  CHECK(Json::parse(*order) == Json::parse(R"({"model_id":"org/A","sharding":"Pipeline","instance_meta":"MlxRing","min_nodes":2})"));
  CHECK(exo_place_order("org/A", R"([{"error":"no room"}])").error().sentence == "no room");
  CHECK(exo_place_order("org/A", R"({"previews":[]})").has_error());
  CHECK(exo_place_order("org/A", "nothing").error().code == "node_garbage");
}

}  // namespace exo_state_test
