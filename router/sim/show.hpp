// What a node tells of its models: /api/show, /api/tags, /api/ps, /v1/models.
#pragma once

#include "sim/names.hpp"
#include "sim/requests.hpp"

namespace rr::sim {

const ModelSpec* find_model(const NodeSpec&, const Name&);
std::string digest_of(const ModelSpec&);     // 64 hex
std::string modified_at(const ModelSpec&);

// `copilot`: the User-Agent begins with GitHubCopilotChat/, general.basename then echoes the requested name.
std::string show_object(const ModelSpec&, const Asked&, bool copilot);
std::string tags_object(const NodeSpec&);
std::string ps_object(const NodeSpec&, const std::vector<Resident>&, std::chrono::system_clock::time_point wall, Time now);
std::string v1_models(const NodeSpec&);
std::string v1_model(const ModelSpec&, std::string_view id);

}  // namespace rr::sim
