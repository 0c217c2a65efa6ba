#include "api/endpoint_shape.hpp"

#include "api/prompt_text.hpp"
#include "api/role_notion.hpp"

#include <algorithm>
#include <array>

namespace rr::api {
namespace {

// The marks of common code models before the place to fill; a person's prose has none of them.
constexpr std::array<std::string_view, 9> fim_marks{"<|fim_prefix|>", "<|fim_suffix|>", "<fim_prefix>", "<fim_suffix>", "<fim-prefix>",
                                                    "<PRE>", "<｜fim▁begin｜>", "<|fim_begin|>", "[SUFFIX]"};

std::string fim_mark(const Members& members) {
  if (members.first_said.empty()) return "";
  const auto text = beginning_of(members.first_said.front().in(members.body), most_system);
  for (const auto mark : fim_marks)
    if (text.find(mark) != text.npos) return std::string(mark);
  return "";
}

bool embeds(const Installed& model) { return model.capabilities.count("embedding") > 0; }

Shape embedding(const Settings& settings, const Fleet& fleet) {
  constexpr auto because = "an embedding is asked for";
  bool known = false;
  for (const RoleSettings& role : settings.roles)
    for (const NodeName& name : role.nodes) {
      const auto* node = fleet.node(name);
      const auto* model = node ? node->find(role.model) : nullptr;
      if (model && embeds(*model)) return {&role, role.model, because};
      known = known || (model && !model->capabilities.empty());
    }
  if (!known)
    if (const auto* role = embedding_role(settings)) return {role, role->model, because};
  for (const NodeBelief& node : fleet.nodes)
    for (const Installed& model : node.installed)
      if (embeds(model)) return {nullptr, model.name, because};
  return {};
}

}  // namespace

Kind kind_of(const Members& members) {
  if (members.messages > 0 || members.messages_present) return Kind::chat;
  if (members.value("prompt") || members.value("suffix")) return Kind::generate;
  return members.value("input") ? Kind::embed : Kind::chat;
}

Shape shape_of(Kind kind, const Members& members, const Settings& settings, const Fleet& fleet) {
  if (kind == Kind::embed || kind == Kind::embeddings || kind == Kind::v1_embeddings) return embedding(settings, fleet);
  if (kind != Kind::generate && kind != Kind::completions) return {};
  const std::string mark = members.suffix ? "suffix" : fim_mark(members);
  const auto* coder = mark.empty() ? nullptr : role_of(Notion::coder, settings);
  return coder ? Shape{coder, coder->model, members.suffix ? "member suffix" : "\"" + mark + "\" in the prompt"} : Shape{};
}

}  // namespace rr::api
