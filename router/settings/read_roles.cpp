#include "settings/draft.hpp"
#include "settings/words.hpp"

#include <algorithm>

namespace rr::settings {

namespace {

bool known(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void read_node(const Cursor& cursor, RoleSettings& role, Draft& draft) {
  draft.nodes.emplace(role.name, cursor);
  role.node_at = cursor.at();
  for (const Cursor& one : cursor.one_or_list("the name of a node")) {
    const std::string name = *one.word("the name of a node");
    if (!known(draft.node_names, name)) one.mistake(in_quotes(name) + " is no node" + did_you_mean(name, draft.node_names, "nodes"));
    else if (known(role.nodes, name)) one.mistake(in_quotes(name) + " is said twice: remove one");
    role.nodes.push_back(name);
  }
}

// A model that is not under `models` is allowed; one that nearly is was probably meant.
void read_model(const Cursor& cursor, RoleSettings& role, Draft& draft) {
  role.model_at = cursor.at();
  draft.models.emplace(role.name, cursor);
  const auto name = cursor.word("the name of a model, such as qwen3:1.7b");
  if (!name) return;
  role.model = ModelName(*name);
  if (role.model.empty()) cursor.mistake(in_quotes(*name) + " is no name of a model: write one such as qwen3:1.7b");
  if (role.model.cloud())
    cursor.mistake(in_quotes(*name) + " runs at ollama.com, not on your machines: this version serves local models only");
  std::vector<std::string> listed;
  for (const ModelSettings& model : draft.settings.models) {
    if (model.name == role.model) return;
    listed.push_back(model.name.spelt());
  }
  if (const std::string near = nearest(*name, listed); !near.empty())
    cursor.hint(in_quotes(*name) + " is not under models (did you mean " + in_quotes(near) + "?): it gets num_ctx " +
                std::to_string(draft.settings.model_default.num_ctx) + " and its size is unknown");
}

void read_keep_alive(const Cursor& cursor, RoleSettings& role, Draft& draft) {
  draft.keep_alives.emplace(role.name, cursor);
  if (const auto value = cursor.duration(Duration(-1), "0 = leave at once, -1 = stay for ever")) role.keep_alive = KeepAlive{*value};
}

}  // namespace

void read_roles(const Cursor& roles, Draft& draft) {
  constexpr std::string_view example = "a role such as { node: macbook, model: qwen3:1.7b, keep_alive: 30m }";
  for (const auto& [name, name_at, value] : roles.entries("roles, each such as  coder: { node: macbook, model: qwen3:1.7b }")) {
    draft.role_names.push_back(name);
    draft.names.emplace(name, name_at);
    if (const std::string why = why_no_name(name); !why.empty()) name_at.mistake(why);
    const Fields fields(value, section("roles.*"), example);
    RoleSettings role{.name = name, .at = name_at.at()};
    const bool readable = value.is_map() || value.nothing();
    if (const Cursor* node = fields.find("node")) read_node(*node, role, draft);
    else if (readable) name_at.mistake("node is missing (nodes: " + joined(draft.node_names) + ")");
    if (const Cursor* model = fields.find("model")) read_model(*model, role, draft);
    else if (readable) name_at.mistake("model is missing: write one such as  model: qwen3:1.7b");
    if (const Cursor* keep_alive = fields.find("keep_alive")) read_keep_alive(*keep_alive, role, draft);
    if (const Cursor* required = fields.find("required")) {
      draft.required.emplace(name, *required);
      role.required = required->flag().value_or(true);
    }
    draft.settings.roles.push_back(std::move(role));
  }
  if (draft.role_names.empty()) roles.mistake("no role is given: write  coder: { node: macbook, model: qwen3:1.7b }");
}

void read_required(const Cursor& required, Draft& draft) {
  std::vector<std::string> listed;
  for (const Cursor& one : required.list("the name of a role")) {
    listed.push_back(*one.word("the name of a role"));
    if (!known(draft.role_names, listed.back()))
      one.mistake(in_quotes(listed.back()) + " is no role" + did_you_mean(listed.back(), draft.role_names, "roles"));
  }
  for (RoleSettings& role : draft.settings.roles) {
    const bool here = known(listed, role.name);
    const auto own = draft.required.find(role.name);
    if (own != draft.required.end() && role.required != here)
      own->second.mistake("required in line " + std::to_string(required.at().line) + (here ? " lists " : " does not list ") +
                          role.name + ": say it once");
    role.required = here;
  }
}

void read_default_role(const Cursor& cursor, Draft& draft) {
  const auto name = cursor.word("the name of a role");
  if (!name) return;
  if (known(draft.role_names, *name)) draft.settings.default_role = *name;
  else cursor.mistake(in_quotes(*name) + " is no role" + did_you_mean(*name, draft.role_names, "roles"));
}

}  // namespace rr::settings
