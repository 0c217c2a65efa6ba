// substitutes: { qwen3-coder:30b: qwen3-coder-next:q4_K_M } - asked for the left, the right answers.
#include "settings/draft.hpp"
#include "settings/words.hpp"

#include <algorithm>

namespace rr::settings {

namespace {

bool known(const ModelName& model, const Settings& settings) {
  return std::any_of(settings.roles.begin(), settings.roles.end(), [&](const RoleSettings& r) { return r.model == model; }) ||
         std::any_of(settings.models.begin(), settings.models.end(), [&](const ModelSettings& m) { return m.name == model; });
}

// A substitute that is replaced itself would leave open who answers.
void check_chains(const std::vector<std::pair<Cursor, Substitute>>& all) {
  for (const auto& [at, one] : all)
    for (const auto& [place, other] : all)
      if (one.by == other.model && !(one.model == one.by))
        at.mistake(one.by.spelt() + " is replaced itself in line " + std::to_string(other.at.line) + ": say at once who answers, " + other.by.spelt());
}

}  // namespace

void read_substitutes(const Cursor& substitutes, Draft& draft) {
  Settings& settings = draft.settings;
  std::vector<std::pair<Cursor, Substitute>> all;
  for (const auto& [name, name_at, value] : substitutes.entries("models, each such as  qwen3-coder:30b: qwen3-coder-next:q4_K_M")) {
    const auto by = value.word("the model that answers instead, such as qwen3-coder-next:q4_K_M");
    if (!by) continue;
    Substitute one{.model = ModelName(name), .by = ModelName(*by), .at = name_at.at()};
    if (one.model == one.by) name_at.mistake("a model cannot answer instead of itself: remove the line");
    for (const auto& [at, other] : all)
      if (other.model == one.model) name_at.mistake("the same model as " + other.model.spelt() + " in line " + std::to_string(other.at.line) + ": remove one");
    if (one.by.cloud()) value.mistake(in_quotes(*by) + " runs at ollama.com, not on your machines: this version serves local models only");
    else if (one.by.empty()) value.mistake(in_quotes(*by) + " is no name of a model: write one such as qwen3:1.7b");
    else if (!known(one.by, settings))
      value.hint(in_quotes(*by) + " is no role's model and not under models: it gets num_ctx " + std::to_string(settings.model_default.num_ctx) +
                 " and its size is unknown");
    all.emplace_back(value, std::move(one));
  }
  check_chains(all);
  for (auto& [at, one] : all) settings.substitutes.push_back(std::move(one));
  settings.take_substitutes();
}

}  // namespace rr::settings
