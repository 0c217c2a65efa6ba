#include "api/engines/served_models.hpp"

#include "api/json.hpp"
#include "api/node_speech.hpp"

#include <algorithm>

namespace rr::api {
namespace {

int context_of(const Json& entry) {
  const auto number = [](const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
  };
  std::int64_t out = 0;
  for (const char* name : {"max_model_len", "context_length", "loaded_context_length"})
    if (out == 0) out = number(entry, name);
  if (const auto meta = entry.find("meta"); out == 0 && meta != entry.end() && meta->is_object()) out = number(*meta, "n_ctx");
  return out > 0 && out < 1'000'000'000 ? static_cast<int>(out) : 0;
}

// As Ollama lists a model of which it knows no more than the name.
Json listed(const std::string& id, Bytes size = 0) {
  return {{"name", id}, {"model", id}, {"size", size}, {"digest", ""},
          {"details", {{"parent_model", ""}, {"format", ""}, {"family", ""}, {"families", nullptr}, {"parameter_size", ""}, {"quantization_level", ""}}}};
}

// exo's figure; the others tell none.
Bytes size_of(const Json& entry) {
  const auto megabytes = entry.find("storage_size_megabytes");
  if (megabytes == entry.end() || !megabytes->is_number()) return 0;
  return static_cast<Bytes>(std::clamp(megabytes->get<double>(), 0.0, 1e9)) * mib;
}

}  // namespace

std::string resident_entry(const std::string& name, int num_ctx) {
  Json model = listed(name);
  model["expires_at"] = "2318-01-01T00:00:00Z";
  model["size_vram"] = 0;
  if (num_ctx > 0) model["context_length"] = num_ctx;
  return written(model);
}

Result<ServedModels> parse_served(int status, std::string_view json) {
  const auto garbage = [&](const std::string& what) {
    return Refusal{.code = "node_garbage", .side = Side::node, .status = 502, .sentence = what};
  };
  if (status != 200) return garbage("GET /v1/models is answered with " + std::to_string(status) + ": " + parse_error(json));
  const Json root = Json::parse(json, nullptr, false);
  const auto data = root.is_object() ? root.find("data") : root.end();
  if (!root.is_object() || data == root.end() || !data->is_array())
    return garbage("GET /v1/models is not answered as the OpenAI API does: is something else listening there?");
  ServedModels out;
  for (const Json& entry : *data) {
    const auto id = entry.is_object() ? entry.find("id") : entry.end();
    if (!entry.is_object() || id == entry.end() || !id->is_string() || id->get<std::string>().empty()) return garbage("GET /v1/models lists a model without an id");
    const std::string name = id->get<std::string>();
    Installed installed{.name = ModelName(name), .size = size_of(entry)};
    Json model = listed(name, installed.size);
    model["modified_at"] = "1970-01-01T00:00:00Z";
    installed.raw = written(model);
    Resident resident{.name = ModelName(name), .num_ctx = context_of(entry)};
    resident.raw = resident_entry(name, resident.num_ctx);
    out.models.push_back(std::move(installed));
    out.residents.push_back(std::move(resident));
  }
  return out;
}

std::string served_show(const std::string& name, int num_ctx) {
  Json out = listed(name);
  for (const char* gone : {"name", "model", "size", "digest"}) out.erase(gone);
  out["model_info"] = {{"general.architecture", "served"}, {"served.context_length", num_ctx}};
  out["capabilities"] = {"completion", "tools"};
  return written(out);
}

}  // namespace rr::api
