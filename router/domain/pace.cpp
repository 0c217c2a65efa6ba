#include "domain/pace.hpp"

#include <optional>

namespace rr {

namespace {

constexpr double first_load_gbps = 1, first_output = 250;
constexpr std::int64_t telling_prompt = 200, telling_output = 20;     // fewer tokens tell no rate
constexpr Duration telling_time = std::chrono::milliseconds(100);
constexpr Bytes unknown_file = 9 * gb;

void learn(Pace::Figures& figures, const std::string& key, double value, double weight) {
  const auto [at, fresh] = figures.try_emplace(key, value);
  if (!fresh) at->second += weight * (value - at->second);
}

std::string_view node_of(std::string_view key) { return key.substr(0, key.find('/')); }
std::string_view model_of(std::string_view key) { return key.substr(key.find('/') + 1); }

double bytes(const Pace::Figures& files, std::string_view model) {
  const auto known = files.find(std::string(model));
  return known == files.end() ? static_cast<double>(unknown_file) : known->second;
}

enum class What { prefill, decode };

double usual(What what, double file) {
  const Typical t = typical(static_cast<Bytes>(file));
  return what == What::prefill ? t.prefill_tps : t.decode_tps;
}

const Pace::Figures& rates(const Pace::All& all, What what) { return what == What::prefill ? all.prefill_tps : all.decode_tps; }

// How fast a node is with what it ran, compared with what is typical of that.
std::optional<double> speed(const Pace::All& all, std::string_view node, What what) {
  double sum = 0;
  int n = 0;
  for (const auto& [key, rate] : rates(all, what))
    if (node_of(key) == node) sum += rate / usual(what, bytes(all.file, model_of(key))), ++n;
  return n > 0 ? std::optional(sum / n) : std::nullopt;
}

double speed_or_1(const Pace::All& all, std::string_view node, What what) {
  if (const auto own = speed(all, node, what)) return *own;
  return speed(all, node, what == What::prefill ? What::decode : What::prefill).value_or(1);
}

double rate(const Pace::All& all, const NodeName& node, const ModelName& model, Bytes file, What what) {
  if (const auto own = rates(all, what).find(pace_key(node, model)); own != rates(all, what).end()) return own->second;
  const double here = speed_or_1(all, node, what);
  for (const auto& [key, there] : rates(all, what))
    if (model_of(key) == model.key()) return there * here / speed_or_1(all, node_of(key), what);
  return usual(what, static_cast<double>(file > 0 ? file : unknown_file)) * here;
}

}  // namespace

std::string pace_key(const NodeName& node, const ModelName& model) { return node + "/" + model.key(); }

Typical typical(Bytes file) {
  struct Size { Bytes below; Typical rates; };
  static constexpr Size sizes[] = {
      {3 * gb, {1500, 120}},           // qwen3:1.7b
      {7 * gb, {450, 42}},             // llama3.1:8b
      {12 * gb, {250, 23}},            // qwen2.5-coder:14b
      {19'500'000'000, {600, 48}},     // qwen3-coder:30b, a mixture
      {45 * gb, {110, 11}},            // qwen2.5-coder:32b, dense
  };
  for (const Size& size : sizes)
    if (file < size.below) return size.rates;
  return {500, 45};                    // qwen3-coder-next, a mixture
}

void Pace::loaded(const NodeName& node, const ModelName& model, Bytes file, double took) {
  learn(all.load_s, pace_key(node, model), took, 0.5);
  if (file > 0) all.file[model.key()] = static_cast<double>(file);
}

void Pace::answered(const Turn& turn) {
  const std::string key = pace_key(turn.node, turn.model);
  if (turn.file > 0) all.file[turn.model.key()] = static_cast<double>(turn.file);
  if (turn.from_nothing && turn.prompt_tokens > telling_prompt && turn.prompt_time >= telling_time)
    learn(all.prefill_tps, key, turn.share * static_cast<double>(turn.prompt_tokens) / in_seconds(turn.prompt_time), 0.2);
  if (turn.output_tokens > telling_output && turn.output_time >= telling_time)
    learn(all.decode_tps, key, turn.share * static_cast<double>(turn.output_tokens) / in_seconds(turn.output_time), 0.2);
  if (turn.output_tokens > 0 && !turn.role.empty()) learn(all.output, turn.role, static_cast<double>(turn.output_tokens), 0.1);
}

double Pace::load_s(const NodeName& node, const ModelName& model, Bytes file) const {
  if (const auto known = all.load_s.find(pace_key(node, model)); known != all.load_s.end()) return known->second;
  double gbps = 0;
  int n = 0;
  for (const auto& [key, took] : all.load_s)
    if (node_of(key) == node && took > load_start_s) gbps += bytes(all.file, model_of(key)) / 1e9 / (took - load_start_s), ++n;
  return static_cast<double>(file) / 1e9 / (n > 0 ? gbps / n : first_load_gbps) + load_start_s;
}

double Pace::prefill_tps(const NodeName& node, const ModelName& model, Bytes file) const {
  return rate(all, node, model, file, What::prefill);
}
double Pace::decode_tps(const NodeName& node, const ModelName& model, Bytes file) const {
  return rate(all, node, model, file, What::decode);
}
bool Pace::prefill_known(const NodeName& node, const ModelName& model) const { return all.prefill_tps.count(pace_key(node, model)) > 0; }

double Pace::mean_output(const RoleName& role) const {
  const auto known = all.output.find(role);
  return known == all.output.end() ? first_output : known->second;
}

}  // namespace rr
