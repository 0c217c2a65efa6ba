#include "api/engines/exo_state.hpp"

#include "api/engines/served_models.hpp"
#include "api/json.hpp"

#include <algorithm>

namespace rr::api {
namespace {

Refusal no_exo(const char* what) {
  return {.code = "node_garbage", .side = Side::node, .status = 502, .sentence = std::string(what) + " is not answered as exo does: is something else listening there?"};
}

// {"MlxRingInstance": {...}} -> its tag and what is inside.
std::pair<std::string, const Json*> tagged(const Json& value) {
  if (!value.is_object() || value.size() != 1) return {"", nullptr};
  return {value.begin().key(), &value.begin().value()};
}

const Json* member(const Json* object, const char* name) {
  if (!object || !object->is_object()) return nullptr;
  const auto found = object->find(name);
  return found == object->end() ? nullptr : &*found;
}

std::string text(const Json* value) { return value && value->is_string() ? value->get<std::string>() : ""; }

void judge(const Json& runner, ExoInstance& instance, std::size_t& ready) {
  const auto [tag, inside] = tagged(runner);
  if (tag == "RunnerReady" || tag == "RunnerRunning") ++ready;
  if (tag == "RunnerFailed") {
    instance.stage = ExoInstance::Stage::failed;
    instance.why = text(member(inside, "errorMessage"));
    if (instance.why.empty()) instance.why = "a runner failed";
  }
  const Json *loaded = member(inside, "layersLoaded"), *all = member(inside, "totalLayers");
  if (tag == "RunnerLoading" && loaded && all && loaded->is_number_integer() && all->is_number_integer() && instance.stage != ExoInstance::Stage::failed)
    instance.why = std::to_string(loaded->get<std::int64_t>()) + " of " + std::to_string(all->get<std::int64_t>()) + " layers";
}

}  // namespace

Result<std::vector<ExoInstance>> parse_exo(std::string_view instances, std::string_view runners) {
  const Json placed = Json::parse(instances, nullptr, false), known = Json::parse(runners, nullptr, false);
  if (!placed.is_object()) return no_exo("GET /state/instances");
  if (!known.is_object()) return no_exo("GET /state/runners");
  std::vector<ExoInstance> out;
  for (const auto& [id, value] : placed.items()) {
    const Json* shards = member(tagged(value).second, "shardAssignments");
    ExoInstance one{.id = id, .model = ModelName(text(member(shards, "modelId")))};
    const Json* to_runner = member(shards, "nodeToRunner");
    if (one.model.empty() || !to_runner || !to_runner->is_object()) return no_exo("GET /state/instances");
    std::size_t ready = 0;
    for (const auto& [node, runner] : to_runner->items())
      if (const Json* state = member(&known, text(&runner).c_str())) judge(*state, one, ready);
    if (one.stage != ExoInstance::Stage::failed && ready > 0 && ready == to_runner->size()) one.stage = ExoInstance::Stage::ready, one.why.clear();
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<Resident> exo_residents(const std::vector<ExoInstance>& instances) {
  std::vector<Resident> out;
  for (const ExoInstance& one : instances) {
    if (one.stage != ExoInstance::Stage::ready || std::any_of(out.begin(), out.end(), [&](const Resident& r) { return r.name == one.model; })) continue;
    out.push_back({.name = one.model, .raw = resident_entry(one.model.spelt(), 0)});
  }
  return out;
}

Result<std::string> exo_place_order(const std::string& model_id, std::string_view previews) {
  const Json said = Json::parse(previews, nullptr, false);
  const Json* list = said.is_array() ? &said : member(&said, "previews");
  if (!list || !list->is_array()) return no_exo("GET /instance/previews");
  std::string why = "exo plans no placement of it: is it downloaded?";
  for (const Json& plan : *list) {
    if (!plan.is_object()) continue;
    if (const std::string error = text(member(&plan, "error")); !error.empty()) {
      why = error;
      continue;
    }
    const Json* memory = member(&plan, "memory_delta_by_node");
    Json order{{"model_id", model_id}};
    for (const char* name : {"sharding", "instance_meta"})
      if (const std::string value = text(member(&plan, name)); !value.empty()) order[name] = value;
    order["min_nodes"] = memory && memory->is_object() ? std::max<std::size_t>(1, memory->size()) : 1;
    return {boost::system::in_place_value, written(order)};
  }
  return Refusal{.code = "load_failed", .side = Side::node, .status = 503, .sentence = why};
}

}  // namespace rr::api
