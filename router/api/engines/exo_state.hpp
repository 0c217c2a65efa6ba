// What exo says of itself (0.3.70): which models it has placed on its machines, and whether all of their runners are ready. Its own
// /instance/await and /ollama/api/ps call a model ready that only stands in the plan, so the runners are what counts.
#pragma once

#include "domain/fleet.hpp"
#include "domain/refusal.hpp"
namespace rr::api {

struct ExoInstance {
  enum class Stage { coming, ready, failed };
  std::string id{};
  ModelName model{};
  Stage stage = Stage::coming;
  std::string why{};  // of failed: the runner's message; of coming: "12 of 48 layers"
};
// /state/instances and /state/runners. Ready: every runner of nodeToRunner is RunnerReady or RunnerRunning.
Result<std::vector<ExoInstance>> parse_exo(std::string_view instances, std::string_view runners);

std::vector<Resident> exo_residents(const std::vector<ExoInstance>&);  // the ready ones, each model once; exo tells no size

// The order that /place_instance takes, by the first plan of /instance/previews that exo itself finds possible; else why none is.
Result<std::string> exo_place_order(const std::string& model_id, std::string_view previews);

}  // namespace rr::api
