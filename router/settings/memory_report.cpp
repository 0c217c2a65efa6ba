#include "settings/memory_report.hpp"

#include "settings/utf8.hpp"
#include "settings/words.hpp"

#include <algorithm>

namespace rr::settings {

namespace {

constexpr Bytes raised_from = 20 * gib;  // smaller machines run with macOS's own limit

std::string padded(std::string text, std::size_t width) {
  const std::size_t size = code_points(text);
  if (size < width) text.append(width - size, ' ');
  return text;
}

std::string right(const std::string& text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

struct Columns {
  std::size_t label = 8, what = 0, number = 4;
};

const Plan::Line* line_of(const Plan& plan, const ModelName& model) {
  const auto found = std::find_if(plan.models.begin(), plan.models.end(), [&](const Plan::Line& l) { return l.model == model; });
  return found == plan.models.end() ? nullptr : &*found;
}

std::string who(const Plan::Line& line) { return joined(line.roles, "/"); }
std::string who(const Plan& plan, const ModelName& model) {
  const Plan::Line* line = line_of(plan, model);
  return line ? who(*line) : model.spelt();
}

std::string names(const Plan& plan, const std::vector<ModelName>& set) {
  std::vector<std::string> roles;
  for (const ModelName& model : set) roles.push_back(who(plan, model));
  return joined(roles, " + ");
}

std::string sum_of(const Footprint& need, const ModelSettings& model) {
  if (!need.known) return "size unknown: add  size: ...  under models, or ask with the node running";
  if (need.measured) return "measured with num_ctx " + std::to_string(model.num_ctx);
  const std::string slots = model.parallel > 1 ? " x " + std::to_string(model.parallel) : "";
  return to_gib(need.weights) + " weights + " + to_gib(need.kv) + " KV (" + std::to_string(model.num_ctx) + slots + ") + " +
         to_gib(need.compute) + " compute";
}

std::string row(const Columns& columns, const std::string& label, const std::string& what, const std::string& number,
                const std::string& rest) {
  std::string out = "  " + padded(label, columns.label) + "  " + padded(what, columns.what) + "  " + right(number, columns.number);
  if (!rest.empty()) out += "  " + rest;
  return out + '\n';
}

std::string decimal_gb(const Settings& settings, const Plan::Line& line) {
  const Bytes size = settings.model(line.model).size.value_or(line.need.weights);
  return std::to_string((size + gb / 2) / gb) + " GB";
}

Bytes sum(const Plan& plan, const std::vector<ModelName>& set) {
  Bytes total = 0;
  for (const ModelName& model : set)
    if (const Plan::Line* line = line_of(plan, model)) total += line->need.total;
  return total;
}

// Beside the others the largest would not be let in: it must come first.
std::string order(const Plan& plan, const std::vector<ModelName>& set) {
  const Plan::Line* largest = nullptr;
  for (const ModelName& model : set) {
    const Plan::Line* line = line_of(plan, model);
    if (line && (!largest || line->need.total > largest->need.total)) largest = line;
  }
  if (!largest || set.size() < 2 || fits(plan.limit, sum(plan, set) - largest->need.total, largest->need.total)) return "fits";
  return "fits (" + who(*largest) + " loads first)";
}

// A larger model comes first in each pair.
bool both_fit_alone(const Plan& plan, const Pair& pair) {
  const Plan::Line *a = line_of(plan, pair.a), *b = line_of(plan, pair.b);
  return a && b && a->alone_fits && b->alone_fits;
}

// Who of the two stays for ever, "" = nobody.
std::string stays(const Settings& settings, const Plan& plan, const Pair& pair) {
  for (const ModelName& model : {pair.a, pair.b})
    if (settings.pinned(model, plan.node)) return who(plan, model);
  return "";
}

std::string never(const Settings& settings, const Plan& plan, const Pair& pair) {
  const std::string stayer = stays(settings, plan, pair);
  const std::string much = pair.sum > plan.limit ? to_gib(pair.sum - plan.limit) + " too much: " : "too tight (20 % stays free): ";
  if (!stayer.empty()) return much + stayer + " stays for ever";
  const auto load = [&](const ModelName& model) { return decimal_gb(settings, *line_of(plan, model)); };
  return much + "they swap, " + load(pair.a) + " one way, " + load(pair.b) + " the other";
}

Columns columns_of(const Plan& plan) {
  Columns columns;
  for (const Plan::Line& line : plan.models) {
    columns.label = std::max(columns.label, code_points(who(line)));
    columns.what = std::max(columns.what, code_points(line.model.spelt()));
    columns.number = std::max(columns.number, to_gib(line.need.total).size());
  }
  for (const auto& set : plan.together) columns.what = std::max(columns.what, code_points(names(plan, set)));
  for (const Pair& pair : plan.never) columns.what = std::max(columns.what, code_points(names(plan, {pair.a, pair.b})));
  for (const Pair& pair : plan.never) columns.number = std::max(columns.number, to_gib(pair.sum).size());
  return columns;
}

// A node whose server keeps its own models: nothing is planned, and what it cannot be told is said.
std::string kept_block(const Settings& settings, const Plan& plan) {
  const Engine& runs = settings.runs(plan.node);
  std::string out = plan.node + "   type " + std::string(runs.word) + ": its server keeps its own models.\n" + std::string(code_points(plan.node) + 3, ' ') +
                    "Nothing is loaded or unloaded there; no keep_alive, num_ctx or use_mmap is sent.\n";
  if (plan.models.empty()) return out + "  no role uses it\n";
  Columns columns = columns_of(plan);
  columns.number = 0;
  for (const Plan::Line& line : plan.models) {
    const ModelSettings& model = settings.model(line.model);
    out += row(columns, who(line), line.model.spelt(), "", "believed: context " + std::to_string(model.num_ctx) + ", " + std::to_string(model.parallel) +
                                                             (model.parallel == 1 ? " place" : " places") + " (models." + line.model.spelt() + ".num_ctx, .parallel)");
  }
  return out;
}

std::string node_block(const Settings& settings, const Plan& plan) {
  if (!settings.runs(plan.node).loads) return kept_block(settings, plan);
  std::string out = plan.node + "   " + (plan.limit ? to_gib(plan.limit) + " GiB" : "no gpu_memory: no bound is applied") + '\n';
  if (plan.models.empty()) return out + "  no role uses it\n";
  const Columns columns = columns_of(plan);
  for (const Plan::Line& line : plan.models) {
    const std::string total = line.need.known ? to_gib(line.need.total) : "?";
    out += row(columns, who(line), line.model.spelt(), total, sum_of(line.need, settings.model(line.model)));
  }
  if (!plan.limit) return out;
  for (const auto& set : plan.together)
    if (set.size() > 1) out += row(columns, "together", names(plan, set), to_gib(sum(plan, set)), order(plan, set));
  for (const auto& set : plan.together)
    if (set.size() == 1) out += row(columns, "alone", names(plan, set), to_gib(sum(plan, set)), "fits");
  for (const Plan::Line& line : plan.models)
    if (!line.alone_fits)
      out += row(columns, "never", who(line), to_gib(line.need.total),
                 to_gib(line.need.total - plan.limit) + " too much: it can never load here");
  for (const Pair& pair : plan.never)
    if (both_fit_alone(plan, pair))
      out += row(columns, "never", names(plan, {pair.a, pair.b}), to_gib(pair.sum), never(settings, plan, pair));
  return out;
}

bool bound_to(const NodeName& node, const ModelName& model, const Settings& settings) {
  return std::any_of(settings.roles.begin(), settings.roles.end(),
                     [&](const RoleSettings& r) { return r.model == model && r.nodes == std::vector<NodeName>{node}; });
}

// The largest model loads first; each of the others then needs 80 % of what is left.
Bytes room_beside(const Plan& plan, const std::vector<ModelName>& bound) {
  Bytes room = plan.limit;
  for (const ModelName& model : bound) {
    const Bytes need = line_of(plan, model)->need.total;
    room -= &model == &bound.back() ? need / 4 * 5 : need;
  }
  return std::max<Bytes>(room, 0);
}

std::optional<Rivals> rivals(const Settings& settings, const Plan& plan) {
  Rivals out{.node = plan.node};
  for (const Pair& pair : plan.never) {
    if (!both_fit_alone(plan, pair) || !stays(settings, plan, pair).empty()) continue;
    if (out.large.empty()) out.large = pair.a;
    if (!(pair.a == out.large)) continue;
    out.others.push_back(pair.b);
    if (bound_to(plan.node, pair.b, settings)) out.bound.push_back(pair.b);
  }
  if (out.large.empty()) return std::nullopt;
  out.room = room_beside(plan, out.bound);
  return out;
}

// One hint for each node where roles swap: the largest model, and everybody who swaps with it.
std::string swap_hint(const Settings& settings, const Plan& plan, const Rivals& swap) {
  const Plan::Line& large = *line_of(plan, swap.large);
  std::vector<std::string> others;
  for (const ModelName& model : swap.others) others.push_back(who(plan, model));
  const RoleSettings* role = settings.role(large.roles.front());
  const std::string place = role ? settings.file + ":" + std::to_string(role->at.line) + ": " : "";
  return "hint  " + place + who(large) + " swaps with " + joined(others, " and ") + " on " + plan.node + ", " + decimal_gb(settings, large) + " each time.\n";
}

std::string need_line(const Plan& plan) {
  if (plan.limit < raised_from || plan.limit % mib != 0) return "";
  return "needs " + plan.node + ": sudo sysctl iogpu.wired_limit_mb=" + std::to_string(plan.limit / mib) +
         "        (again after every boot)\n";
}

}  // namespace

std::vector<Rivals> rivals(const Settings& settings, const Fleet& fleet) {
  std::vector<Rivals> out;
  for (const NodeSettings& node : settings.nodes)
    if (auto found = rivals(settings, plan(settings, fleet, node.name))) out.push_back(std::move(*found));
  return out;
}

std::string memory_report(const Settings& settings, const Fleet& fleet, const std::function<std::string(const Rivals&)>& advice) {
  std::string blocks, hints, needs;
  for (const NodeSettings& node : settings.nodes) {
    const Plan found = plan(settings, fleet, node.name);
    if (!blocks.empty()) blocks += '\n';
    blocks += node_block(settings, found);
    if (const auto swap = rivals(settings, found)) hints += swap_hint(settings, found, *swap) + (advice ? advice(*swap) : "");
    needs += need_line(found);
  }
  if (!hints.empty() || !needs.empty()) blocks += '\n';
  return blocks + hints + needs;
}

}  // namespace rr::settings
