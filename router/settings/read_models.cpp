#include "settings/draft.hpp"
#include "settings/words.hpp"

namespace rr::settings {

namespace {

constexpr Bytes least_size = 1'000'000;     // below it a unit was forgotten
constexpr int least_context = 4;            // Ollama's own least
constexpr int most_context = 100'000'000;
constexpr int most_parallel = 1024;

void read_model(const Fields& fields, ModelSettings& model) {
  if (const Cursor* c = fields.find("num_ctx")) model.num_ctx = c->whole(least_context, most_context).value_or(model.num_ctx);
  if (const Cursor* c = fields.find("parallel")) model.parallel = c->whole(1, most_parallel).value_or(model.parallel);
  if (const Cursor* c = fields.find("use_mmap")) model.use_mmap = c->flag();
  if (const Cursor* c = fields.find("size")) model.size = c->size(least_size);
  if (const Cursor* c = fields.find("on_overflow")) {
    const auto word = c->word("warn or refuse");
    if (word && *word == "refuse") model.on_overflow = OnOverflow::refuse;
    else if (word && *word == "warn") model.on_overflow = OnOverflow::warn;
    else if (word) c->mistake(in_quotes(*word) + " is not known: a prompt longer than num_ctx is either warn or refuse");
  }
}

}  // namespace

void read_models(const Cursor& models, Draft& draft) {
  Settings& settings = draft.settings;
  constexpr std::string_view example = "a model such as { num_ctx: 32768, size: 19GB }";
  const auto entries = models.entries("models, each such as  qwen3:1.7b: { num_ctx: 8192, size: 1.4GB }");
  for (const auto& [name, name_at, value] : entries) {
    if (name != "default") continue;
    const Fields fields(value, section("models.*"), example);
    if (const Cursor* size = fields.find("size")) size->mistake("a size belongs to one model, not to all others: remove it");
    read_model(fields, settings.model_default);
    settings.model_default.size.reset();
    settings.model_default.at = name_at.at();
  }
  for (const auto& [name, name_at, value] : entries) {
    if (name == "default") continue;
    ModelSettings model = settings.model_default;
    model.name = ModelName(name);
    model.at = name_at.at();
    for (const ModelSettings& other : settings.models)
      if (other.name == model.name)
        name_at.mistake("the same model as " + other.name.spelt() + " in line " + std::to_string(other.at.line) + ": remove one");
    read_model(Fields(value, section("models.*"), example), model);
    settings.models.push_back(std::move(model));
  }
}

}  // namespace rr::settings
