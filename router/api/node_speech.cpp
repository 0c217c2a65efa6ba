#include "api/node_speech.hpp"

#include "api/json.hpp"
#include "api/rfc3339.hpp"

namespace rr::api {
namespace {

Refusal garbage(std::string what) {
  return {.code = "node_garbage", .side = Side::node, .status = 502,
          .sentence = "the node's " + what + " is not what Ollama answers: is something else listening there?"};
}

Json parsed(std::string_view text) { return Json::parse(text, nullptr, false); }
std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Bytes number(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<Bytes>() : 0;
}

// The entries of {"models":[...]}, or nullptr.
const Json* models(const Json& json) {
  if (!json.is_object()) return nullptr;
  const auto found = json.find("models");
  return found != json.end() && found->is_array() ? &*found : nullptr;
}

ModelName name_of(const Json& entry) {
  const auto name = text(entry, "name");
  return ModelName(name.empty() ? text(entry, "model") : name);
}

Json lease(KeepAlive keep_alive) {
  if (keep_alive.forever()) return -1;
  return keep_alive.zero() ? Json(0) : Json(to_text(keep_alive));
}

Json runner_options(int num_ctx, std::optional<bool> use_mmap) {
  Json options = Json::object();
  if (num_ctx > 0) options["num_ctx"] = num_ctx;
  if (use_mmap) options["use_mmap"] = *use_mmap;
  return options;
}

constexpr double year_2200 = 7258118400.0;

}  // namespace

Result<std::vector<Resident>> parse_ps(std::string_view json, Time now, double now_wall_s) {
  const auto root = parsed(json);
  const auto* list = models(root);
  if (!list) return garbage("/api/ps");
  std::vector<Resident> out;
  for (const auto& entry : *list) {
    if (!entry.is_object() || name_of(entry).empty()) return garbage("/api/ps");
    Resident resident{.name = name_of(entry), .size = number(entry, "size"), .size_vram = number(entry, "size_vram"),
                      .num_ctx = static_cast<int>(number(entry, "context_length")), .digest = text(entry, "digest")};
    const auto expires = seconds_since_1970(text(entry, "expires_at"));
    if (expires && *expires < year_2200)
      resident.expires = now + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*expires - now_wall_s));
    resident.raw = written(entry);
    out.push_back(std::move(resident));
  }
  return out;
}

Result<std::vector<Installed>> parse_tags(std::string_view json) {
  const auto root = parsed(json);
  const auto* list = models(root);
  if (!list) return garbage("/api/tags");
  std::vector<Installed> out;
  for (const auto& entry : *list) {
    if (!entry.is_object() || name_of(entry).empty()) return garbage("/api/tags");
    Installed installed{.name = name_of(entry), .size = number(entry, "size"), .digest = text(entry, "digest")};
    if (const auto found = entry.find("capabilities"); found != entry.end() && found->is_array())
      for (const auto& word : *found)
        if (word.is_string()) installed.capabilities.insert(word.get<std::string>());
    installed.raw = written(entry);
    out.push_back(std::move(installed));
  }
  return out;
}

Result<std::string> parse_version(std::string_view json) {
  const auto root = parsed(json);
  auto version = root.is_object() ? text(root, "version") : "";
  if (version.empty()) return garbage("/api/version");
  return {boost::system::in_place_value, std::move(version)};
}

std::optional<std::set<std::string>> parse_capabilities(std::string_view json) {
  const Json said = Json::parse(json, nullptr, false);
  if (!said.is_object()) return std::nullopt;
  const auto list = said.find("capabilities");
  if (list == said.end() || !list->is_array()) return std::nullopt;
  std::set<std::string> out;
  for (const auto& word : *list)
    if (word.is_string()) out.insert(word.get<std::string>());
  return out;
}

std::string parse_error(std::string_view json) {
  const auto root = parsed(json);
  if (root.is_object()) {
    if (const auto error = text(root, "error"); !error.empty()) return error;
    const auto found = root.find("error");
    if (found != root.end() && found->is_object() && !text(*found, "message").empty()) return text(*found, "message");
    for (const char* name : {"message", "detail"})  // of older and of FastAPI's servers
      if (const auto said = text(root, name); !said.empty()) return said;
  }
  return std::string(json.substr(0, 200));
}

std::optional<std::string> parse_done_reason(std::string_view json) {
  const auto root = parsed(json);
  if (!root.is_object() || text(root, "done_reason").empty()) return std::nullopt;
  return text(root, "done_reason");
}

Order load_order(const ModelName& model, int num_ctx, KeepAlive keep_alive, std::optional<bool> use_mmap, bool embedding) {
  Json body{{"model", model.spelt()}};
  if (embedding) body["input"] = Json::array();
  else body["prompt"] = "";
  body["keep_alive"] = lease(keep_alive);
  if (Json options = runner_options(num_ctx, use_mmap); !options.empty()) body["options"] = std::move(options);
  body["stream"] = false;
  return {embedding ? "/api/embed" : "/api/generate", written(body)};
}

std::string tiny_order(const ModelName& model, int num_ctx, std::optional<KeepAlive> keep_alive, std::optional<bool> use_mmap) {
  Json body{{"model", model.spelt()}, {"messages", Json::array({{{"role", "user"}, {"content", "hi"}}})}};
  if (keep_alive) body["keep_alive"] = lease(*keep_alive);
  body["options"] = runner_options(num_ctx, use_mmap);
  body["options"]["num_predict"] = 1;
  body["stream"] = false;
  return written(body);
}

std::string show_order(const ModelName& model) {
  Json body;
  body["model"] = model.spelt();
  return body.dump();
}

Order unload_order(const ModelName& model) {
  return {"/api/generate", written({{"model", model.spelt()}, {"prompt", ""}, {"keep_alive", 0}, {"stream", false}})};
}

}  // namespace rr::api
