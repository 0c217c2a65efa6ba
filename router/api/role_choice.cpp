#include "api/role_choice.hpp"

#include "api/endpoint_shape.hpp"
#include "api/go_words.hpp"
#include "api/percent.hpp"
#include "api/prompt_rules.hpp"
#include "domain/door.hpp"

#include <algorithm>

namespace rr::api {
namespace {

constexpr std::string_view role_mark = "role:";

std::string_view without_latest(std::string_view name) {
  constexpr std::string_view tag = ":latest";
  return name.size() > tag.size() && same_name(name.substr(name.size() - tag.size()), tag) ? name.substr(0, name.size() - tag.size()) : name;
}

bool marked(std::string_view name) { return name.size() > role_mark.size() && same_name(name.substr(0, role_mark.size()), role_mark); }

struct Marked { std::string_view role, model; };  // of role:<role>[/<model>]
Marked split(std::string_view name) {
  name.remove_prefix(role_mark.size());
  const auto slash = name.find('/');
  if (slash == name.npos) return {without_latest(name), {}};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

Refusal unknown_role(std::string_view role, std::string_view where, const RoleNames& names) {
  return {.code = "role_unknown", .side = Side::client, .status = 400,
          .sentence = "role \"" + std::string(role) + "\" (" + std::string(where) + ") is not known. The roles: " + names.list()};
}

// A name that nodes have; while a node has not yet said what it has, the YAML's own models count too.
bool concrete(const ModelName& model, const Circumstance& at) {
  if (at.fleet.anyone_has(model)) return true;
  const auto& nodes = at.fleet.nodes;
  if (std::all_of(nodes.begin(), nodes.end(), [](const NodeBelief& n) { return n.inventory_known; }) && !nodes.empty()) return false;
  return std::any_of(at.settings.roles.begin(), at.settings.roles.end(), [&](const RoleSettings& r) { return r.model == model; });
}

// Of roles 1 to 4: the concrete model that the client names, else the role's.
ModelName model_for(const RoleSettings& role, const std::string& wanted, const Circumstance& at) {
  std::string_view name = wanted;
  if (marked(name)) name = split(name).model;
  else if (at.names.find(without_latest(name))) return role.model;
  if (name.empty()) return role.model;
  const ModelName model(name);
  return marked(wanted) || concrete(model, at) ? model : role.model;
}

Refusal refuse_empty(Kind kind) {
  if (kind == Kind::generate || kind == Kind::embed || kind == Kind::completions || kind == Kind::v1_embeddings)
    return {.code = "model_missing", .side = Side::client, .status = 404, .sentence = not_found(kind, ""), .ollama_text = true};
  return {.code = "model_required", .side = Side::client, .status = 400, .sentence = "model is required", .ollama_text = true};
}

// Rules 7 to 9: nobody named a role.
Result<Choice> choose_for_auto(Kind kind, const Members& members, const Circumstance& at) {
  if (auto shape = shape_of(kind, members, at.settings, at.fleet); !shape.model.empty())
    return Choice{shape.role, RoleSource::shape, std::move(shape.model), std::move(shape.because)};
  if (kind != Kind::embed && kind != Kind::embeddings && kind != Kind::v1_embeddings && kind != Kind::show)
    if (auto found = prompt_role(members, at.settings); found.role)
      return Choice{found.role, RoleSource::prompt, found.role->model, std::move(found.because)};
  if (const auto* role = at.settings.role(at.settings.default_role)) return Choice{role, RoleSource::default_role, role->model};
  return Refusal{.code = "role_unknown", .side = Side::client, .status = 400,
                 .sentence = "model auto needs a role, and default_role is not set. The roles: " + at.names.list()};
}

}  // namespace

Result<Choice> choose(const RequestHead& head, const Route& route, const Members& members, const std::string& wanted,
                      const Circumstance& at) {
  if (ModelName(wanted).cloud() && !at.settings.cloud.open) return cloud_closed(wanted);
  if (ModelName(wanted).cloud())
    return Refusal{.code = "cloud_direct", .side = Side::client, .status = 400,
                   .sentence = wanted + " goes straight to the node of `cloud`, without role, line or memory: there is nothing to explain"};

  struct Said { std::string name; std::string_view where; RoleSource source; };
  std::optional<Said> said;
  if (const auto value = find(head.fields, "X-Agent-Role"); !value.empty())
    said = Said{decoded(value).value_or(std::string(value)), "header X-Agent-Role", RoleSource::header};
  else if (!route.role.empty())
    said = Said{route.role, "path", RoleSource::path};
  else if (marked(wanted))
    said = Said{std::string(split(wanted).role), "model", RoleSource::model};
  else if (const auto* role = wanted.empty() ? nullptr : at.names.find(without_latest(wanted)))
    said = Said{role->name, "model", RoleSource::model};
  else if (members.user && marked(*members.user))
    said = Said{members.user->substr(role_mark.size()), "member user", RoleSource::body};
  else if (members.metadata_role)
    said = Said{*members.metadata_role, "member metadata.role", RoleSource::body};

  if (said) {
    const auto* role = at.names.find(said->name);
    if (!role) return unknown_role(said->name, said->where, at.names);
    return Choice{role, said->source, model_for(*role, wanted, at)};
  }
  if (wanted.empty()) return refuse_empty(route.kind);
  if (fold_name(without_latest(wanted)) == "auto") return choose_for_auto(route.kind, members, at);
  Choice choice{.model = ModelName(wanted)};
  const auto owns = [&](const RoleSettings& role) { return (role.instead_of.empty() ? role.model : role.instead_of) == choice.model; };
  const auto& roles = at.settings.roles;
  const auto owner = std::find_if(roles.begin(), roles.end(), owns);
  if (owner != roles.end() && std::count_if(roles.begin(), roles.end(), owns) == 1) {
    choice.role = &*owner;
    choice.source = RoleSource::model_of_role;
  }
  return choice;
}

}  // namespace rr::api
