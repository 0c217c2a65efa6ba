#include "domain/place.hpp"

#include "domain/memory.hpp"

#include <algorithm>

namespace rr {

namespace {

bool in(const std::vector<NodeName>& names, const NodeName& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string missing_capability(const Needs& needs, const Installed& model) {
  if (model.capabilities.empty()) return "";  // unknown: the node decides
  const auto lacks = [&](const char* what) { return model.capabilities.count(what) == 0; };
  if (needs.tools && lacks("tools")) return "tools";
  if (needs.images && lacks("vision")) return "vision";
  if (needs.embedding && lacks("embedding")) return "embedding";
  if (needs.completion && lacks("completion")) return "completion";
  return "";
}

// A role whose model, where it is listed, has the capability.
std::string role_with(const std::string& capability, const Fleet& fleet, const Settings& settings) {
  for (const RoleSettings& role : settings.roles)
    for (const NodeBelief& node : fleet.nodes)
      if (const Installed* model = node.find(role.model); model && model->capabilities.count(capability)) return role.name;
  return "";
}

std::string listed(const std::vector<NodeName>& nodes) {
  std::string out;
  for (const NodeName& node : nodes) out += (out.empty() ? "" : ", ") + node;
  return out;
}

// The model is loaded there, and not all of it on the GPU: it answers several times slower than one that is.
bool partly_off_gpu(const NodeBelief* node, const ModelName& model) {
  return node && std::any_of(node->residents.begin(), node->residents.end(), [&](const Resident& r) {
    return r.name == model && r.size_vram > 0 && r.size_vram < r.size;
  });
}

struct Prospect {
  Candidate candidate;
  bool down = false, missing = false, tried = false, never = false;
  std::string lacks;
};

Prospect look(const NodeName& name, const Ask& ask, const Fleet& fleet, const Settings& settings) {
  Prospect out{.candidate = {.node = name, .can = false, .why = ""}, .lacks = ""};
  std::string& why = out.candidate.why;
  const NodeBelief* node = fleet.node(name);
  const NodeSettings* configured = settings.node(name);
  if (!node || !configured) {
    out.down = true;
    return why = "that node is not in the configuration any more", out;
  }
  if (!ask.nodes.empty() && !in(ask.nodes, name)) {
    why = ask.role.empty() ? "it is not asked for" : "roles." + ask.role + ".node does not list it";
    return out;
  }
  const Installed* model = node->find(ask.model);
  if (node->inventory_known && !model) {
    out.missing = true;
    why = ask.model.spelt() + " is not there: " + to_bring(ask.model, name, settings);
    return out;
  }
  if (model)
    if (out.lacks = missing_capability(ask.needs, *model); !out.lacks.empty()) return why = ask.model.spelt() + " has no " + out.lacks, out;
  const Footprint need = footprint(settings, fleet, name, ask.model);
  const bool bounded = configured->gpu_memory > 0 && settings.policy != PolicyName::passthrough;
  if (bounded && need.known && need.total > configured->gpu_memory) {
    out.never = true;
    why = to_gib(need.total) + " GiB needed, " + to_gib(configured->gpu_memory) + " GiB there: it can never load";
    return out;
  }
  if (node->state == NodeState::down) {
    // Asked for by role it is the role's node; asked for by name it counts only if it is known to have the model.
    (model || !ask.nodes.empty() ? out.down : out.missing) = true;
    why = "the node is down: " + node->why;
    return out;
  }
  if (in(ask.avoid, name)) {
    out.tried = true;
    why = "tried already for this request";
    return out;
  }
  out.candidate.can = true;
  return out;
}

// Nodes of which `why` has something to say count only where nothing else can: then it is for them to serve, or to wait for.
template <class Why>
void pass_over(std::vector<Prospect>& all, const Fleet& fleet, Why why) {
  const auto words = [&](const Prospect& l) {
    const NodeBelief* node = l.candidate.can ? fleet.node(l.candidate.node) : nullptr;
    return node ? why(*node) : std::string();
  };
  if (std::none_of(all.begin(), all.end(), [&](const Prospect& l) { return l.candidate.can && words(l).empty(); })) return;
  for (Prospect& l : all) {
    std::string said = words(l);
    if (said.empty()) continue;
    l.candidate.can = false;
    l.candidate.why = std::move(said);
  }
}

std::string if_drained(const NodeBelief& node) { return node.drained ? "it is drained; back with: role-router undrain " + node.name : ""; }
std::string if_shunned(const NodeBelief& node) { return node.shunned ? "its last " + std::to_string(node.failures) + " answers failed: others go first for a while" : ""; }

std::vector<Prospect> looks(const Ask& ask, const Fleet& fleet, const Settings& settings) {
  std::vector<Prospect> out;
  for (const NodeName& name : ask.nodes) out.push_back(look(name, ask, fleet, settings));
  for (const NodeSettings& node : settings.nodes)
    if (!in(ask.nodes, node.name)) out.push_back(look(node.name, ask, fleet, settings));
  pass_over(out, fleet, if_shunned);
  pass_over(out, fleet, if_drained);
  return out;
}

std::string missing_text(const Ask& ask) {
  const std::string name = ask.asked_model.empty() ? ask.model.spelt() : ask.asked_model;
  if (ask.kind == Kind::embed || ask.kind == Kind::embeddings) return "model \"" + name + "\" not found, try pulling it first";
  return "model '" + name + "' not found";
}

Refusal refusal(const Ask& ask, const std::vector<Prospect>& all, const Fleet& fleet, const Settings& settings) {
  const auto allowed = [&](const Prospect& l) { return ask.nodes.empty() || in(ask.nodes, l.candidate.node); };
  const auto any = [&](auto test) { return std::any_of(all.begin(), all.end(), [&](const Prospect& l) { return allowed(l) && test(l); }); };
  const auto first = [&](auto test) { return *std::find_if(all.begin(), all.end(), [&](const Prospect& l) { return allowed(l) && test(l); }); };
  const std::string whose = ask.role.empty() ? "" : "role " + ask.role + ": ";
  if (any([](const Prospect& l) { return l.tried; }))
    return {.code = "candidates_spent", .side = Side::node, .status = 502,
            .sentence = whose + "no other node can serve " + ask.model.spelt() + " after " + listed(ask.avoid) + " failed"};
  if (any([](const Prospect& l) { return l.down; })) {
    const Prospect l = first([](const Prospect& x) { return x.down; });
    return {.code = "node_down", .side = Side::node, .status = 503,
            .sentence = whose + ask.model.spelt() + " is served by " + l.candidate.node + ", and " + l.candidate.why +
                        "; start " + std::string(settings.runs(l.candidate.node).title) + " there, or give the role another node in the YAML",
            .retry_after_s = 5};
  }
  if (any([](const Prospect& l) { return !l.lacks.empty(); })) {
    const std::string lacks = first([](const Prospect& x) { return !x.lacks.empty(); }).lacks;
    const std::string other = role_with(lacks, fleet, settings);
    return {.code = "capability_missing", .side = Side::client, .status = 400,
            .sentence = ask.model.spelt() + " has no " + lacks + (other.empty() ? "; no role's model has it: name a model that has" : "; role " + other + " has it")};
  }
  if (any([](const Prospect& l) { return l.never; })) {
    const Prospect l = first([](const Prospect& x) { return x.never; });
    return {.code = "never_fits", .side = Side::router, .status = 503,
            .sentence = whose + ask.model.spelt() + " on " + l.candidate.node + ": " + l.candidate.why +
                        "; raise gpu_memory, or choose a smaller model"};
  }
  if (ask.role.empty() || ask.nodes.empty())
    return {.code = "model_missing", .side = Side::client, .status = 404, .sentence = missing_text(ask), .ollama_text = true};
  return {.code = "model_missing", .side = Side::node, .status = 404,
          .sentence = whose + ask.model.spelt() + " is not on " + listed(ask.nodes) + "; " + to_bring(ask.model, ask.nodes.front(), settings)};
}

}  // namespace

std::string to_bring(const ModelName& model, const NodeName& name, const Settings& settings) {
  const NodeSettings* node = settings.node(name);
  if (!node || engine(node->type).native) return "on " + name + ":  ollama pull " + model.spelt();
  const std::string at = "http://" + (node->addresses.empty() ? std::string("...") : to_text(node->addresses.front()));
  if (node->type == EngineType::exo) return "on " + name + ": download it in exo's page, " + at + ", or write the name as exo does";
  return "on " + name + ": start its server with it, or write the name as its server does: curl " + at + "/v1/models";
}

std::vector<Candidate> candidates(const Ask& ask, const Fleet& fleet, const Settings& settings) {
  std::vector<Candidate> out;
  for (Prospect& l : looks(ask, fleet, settings)) out.push_back(std::move(l.candidate));
  return out;
}

Result<Placement> place(const Ask& ask, const Fleet& fleet, const Settings& settings) {
  const std::vector<Prospect> all = looks(ask, fleet, settings);
  // Within the order asked for, a node that is known to have the model comes before one whose inventory is not known yet, and
  // one that holds it partly off the GPU comes last.
  const Prospect* best = nullptr;
  int worst = 0;  // of the best so far: 1 = inventory unknown, 2 = partly off the GPU
  for (const Prospect& l : all) {
    if (!l.candidate.can) continue;
    const NodeBelief* node = fleet.node(l.candidate.node);
    const bool unknown = ask.nodes.empty() && !(node && node->inventory_known);
    const int demerit = partly_off_gpu(node, ask.model) ? 2 : unknown ? 1 : 0;
    if (best && demerit >= worst) continue;
    best = &l;
    worst = demerit;
  }
  if (!best) return refusal(ask, all, fleet, settings);
  Placement out{.node = best->candidate.node, .candidates = {}};
  for (const Prospect& l : all) out.candidates.push_back(l.candidate);
  return out;
}

}  // namespace rr
