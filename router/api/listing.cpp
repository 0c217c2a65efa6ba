#include "api/listing.hpp"

#include "api/go_words.hpp"
#include "api/json.hpp"
#include "api/rfc3339.hpp"
#include "api/role_names.hpp"

#include <algorithm>

namespace rr::api {
namespace {

struct Listed {
  std::string name;
  const Installed* model;
  bool role = false;
};

const Installed* installed(const Fleet& fleet, const ModelName& name) {
  for (const auto& node : fleet.nodes)
    if (const auto* found = node.find(name)) return found;
  return nullptr;
}

// Every model once, in the nodes' order, but those that a role's name hides; then every role whose model some node has.
std::vector<Listed> listed(const Fleet& fleet, const Settings& settings) {
  std::vector<Listed> out;
  std::vector<ModelName> seen;
  for (const auto& role : settings.roles) seen.emplace_back(role.name);
  for (const auto& node : fleet.nodes) {
    for (const auto& model : node.installed) {
      if (std::find(seen.begin(), seen.end(), model.name) != seen.end()) continue;
      seen.push_back(model.name);
      out.push_back({model.name.spelt(), &model, false});
    }
  }
  for (const auto& role : settings.roles)
    if (const auto* model = installed(fleet, role.model)) out.push_back({role.name, model, true});
  return out;
}

std::int64_t created(const Installed& model) {
  const auto entry = Json::parse(model.raw, nullptr, false);
  const auto found = entry.is_object() ? entry.find("modified_at") : entry.end();
  if (found == entry.end() || !found->is_string()) return 0;
  return static_cast<std::int64_t>(seconds_since_1970(found->get<std::string>()).value_or(0));
}

Json model_object(const std::string& id, const Listed& entry) {
  return {{"id", id}, {"object", "model"}, {"created", created(*entry.model)}, {"owned_by", entry.role ? "role-router" : "library"}};
}

// 0.9.1 before 0.10.0; what is no number counts as 0.
std::vector<long> numbers(std::string_view version) {
  std::vector<long> out{0};
  for (const char c : version) {
    if (c == '.') out.push_back(0);
    else if (c >= '0' && c <= '9') out.back() = std::min(out.back(), 100000000L) * 10 + (c - '0');
    else if (c == '-') break;
  }
  return out;
}

}  // namespace

std::string tags(const Fleet& fleet, const Settings& settings) {
  Json models = Json::array();
  for (const auto& entry : listed(fleet, settings)) {
    auto model = Json::parse(entry.model->raw, nullptr, false);
    if (!model.is_object()) continue;
    if (entry.role) {
      model["name"] = entry.name;
      model["model"] = entry.name;
    }
    models.push_back(std::move(model));
  }
  return written({{"models", std::move(models)}});
}

std::string ps(const Fleet& fleet) {
  Json models = Json::array();
  for (const auto& node : fleet.nodes) {
    for (const auto& resident : node.residents) {
      auto model = Json::parse(resident.raw, nullptr, false);
      if (!model.is_object()) continue;
      model["node"] = node.name;
      models.push_back(std::move(model));
    }
  }
  return written({{"models", std::move(models)}});
}

std::string v1_models(const Fleet& fleet, const Settings& settings) {
  Json data = Json::array();
  for (const auto& entry : listed(fleet, settings)) data.push_back(model_object(entry.name, entry));
  return written({{"object", "list"}, {"data", std::move(data)}}) + "\n";
}

Result<std::string> v1_model(const std::string& id, const Fleet& fleet, const Settings& settings) {
  const RoleNames names(settings);
  const auto* role = names.find(id.ends_with(":latest") ? id.substr(0, id.size() - 7) : id);
  const auto* model = installed(fleet, role ? role->model : ModelName(id));
  if (!model)
    return Refusal{.code = "model_missing", .side = Side::client, .status = 404, .sentence = not_found(Kind::model, id),
                   .ollama_text = true};
  return {boost::system::in_place_value, written(model_object(id, {id, model, role != nullptr})) + "\n"};
}

std::string version(const Fleet& fleet) {
  std::string oldest;
  for (const auto& node : fleet.nodes)
    if (!node.version.empty() && (oldest.empty() || numbers(node.version) < numbers(oldest))) oldest = node.version;
  return written({{"version", oldest.empty() ? std::string(RR_VERSION) : oldest}});
}

}  // namespace rr::api
