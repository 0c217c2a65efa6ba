#include "domain/memory.hpp"
#include "settings/draft.hpp"
#include "settings/words.hpp"

#include <algorithm>

namespace rr::settings {

namespace {

constexpr Bytes spared = 8 * gib;  // what a Mac needs beside its GPU

struct Room {  // a model on one node of its role
  const NodeSettings* node;
  Footprint need;
  bool bounded;  // both figures are known
  bool enough;
};

std::vector<Room> rooms_of(const RoleSettings& role, const Settings& settings) {
  std::vector<Room> out;
  for (const NodeName& name : role.nodes) {
    const NodeSettings* node = settings.node(name);
    if (!node) continue;
    const Footprint need = footprint(settings, Fleet{}, name, role.model);
    const bool bounded = need.known && node->gpu_memory > 0;
    out.push_back({node, need, bounded, !bounded || fits(node->gpu_memory, 0, need.total)});
  }
  return out;
}

// What a person would set: a round figure with a little to spare.
Bytes raised(Bytes need) {
  const Bytes step = need > 32 * gib ? 8 * gib : 2 * gib;
  return (need + need / 50 + step - 1) / step * step;
}

std::string way_out(const RoleSettings& role, const Room& largest, const Settings& settings) {
  std::vector<std::string> others;
  for (const NodeSettings& node : settings.nodes) {
    if (std::find(role.nodes.begin(), role.nodes.end(), node.name) != role.nodes.end()) continue;
    const Footprint need = footprint(settings, Fleet{}, node.name, role.model);
    if (node.gpu_memory > 0 && need.known && fits(node.gpu_memory, 0, need.total))
      others.push_back(node.name + " (" + to_gib(node.gpu_memory) + " GiB)");
  }
  std::string out;
  if (others.empty()) {
    const Bytes limit = raised(largest.need.total);
    out = "\nRaise nodes." + largest.node->name + ".gpu_memory to " + std::to_string(limit / gib) +
          "GiB after: sudo sysctl iogpu.wired_limit_mb=" + std::to_string(limit / mib) +
          "\nThe machine needs " + std::to_string((limit + spared) / gib) + " GiB of memory or more for that.";
  } else {
    out = "\nLet roles." + role.name + ".node be " + joined(others, " or ") + ".";
  }
  if (largest.need.kv > largest.need.total / 4)
    out += "\nOr lower models." + role.model.spelt() + ".num_ctx: the context takes " + to_gib(largest.need.kv) + " GiB.";
  return out;
}

void check_room(const RoleSettings& role, Draft& draft) {
  const auto rooms = rooms_of(role, draft.settings);
  const Room* largest = nullptr;
  std::vector<std::string> limits;
  for (const Room& room : rooms) {
    if (room.enough) continue;
    limits.push_back(room.node->name + " has " + to_gib(room.node->gpu_memory));
    if (!largest || room.node->gpu_memory > largest->node->gpu_memory) largest = &room;
  }
  if (!largest) return;
  const std::string said = role.model.spelt() + " needs " + to_gib(largest->need.total) + " GiB, " + joined(limits, " and ");
  if (limits.size() == rooms.size())
    draft.models.at(role.name).mistake(said + ": it can never load." + way_out(role, *largest, draft.settings));
  else
    draft.nodes.at(role.name).hint(said + ": it can never load there");
}

struct Stayers {  // whose models stay on a node for ever
  std::vector<ModelName> models;
  std::vector<std::string> who;  // "router (2.6 for ever)"
  Bytes total = 0;
};

Stayers stayers_on(const NodeSettings& node, const ModelName& beside, const Settings& settings) {
  Stayers out;
  for (const RoleSettings& role : settings.roles) {
    if (!role.keep_alive.forever() || role.nodes.empty() || role.nodes.front() != node.name || role.model == beside) continue;
    if (among(out.models, role.model)) continue;
    const Footprint need = footprint(settings, Fleet{}, node.name, role.model);
    if (!need.known) continue;
    out.models.push_back(role.model);
    out.who.push_back(role.name + " (" + to_gib(need.total) + " for ever)");
    out.total += need.total;
  }
  return out;
}

// Some set that the node can hold has all of these models.
bool ever_together(const Plan& plan, const std::vector<ModelName>& models) {
  return std::any_of(plan.together.begin(), plan.together.end(), [&](const std::vector<ModelName>& set) {
    return std::all_of(models.begin(), models.end(), [&](const ModelName& model) { return among(set, model); });
  });
}

// A model that stays for ever may leave too little for another that has no other node.
void check_beside_stayers(const RoleSettings& role, Draft& draft) {
  std::vector<std::string> tight, never;
  Bytes need = 0;
  for (const Room& room : rooms_of(role, draft.settings)) {
    if (!room.enough) continue;
    Stayers stayers = stayers_on(*room.node, role.model, draft.settings);
    need = room.need.total;
    if (!room.bounded || stayers.models.empty() || fits(room.node->gpu_memory, stayers.total, room.need.total)) return;
    const std::string said = joined(stayers.who, " and ") + ", " + room.node->name + " has " + to_gib(room.node->gpu_memory);
    stayers.models.push_back(role.model);
    (ever_together(plan(draft.settings, Fleet{}, room.node->name), stayers.models) ? tight : never).push_back(said);
  }
  const std::string needs = role.model.spelt() + " needs " + to_gib(need) + " GiB beside ";
  if (!tight.empty())
    draft.models.at(role.name).hint(needs + joined(tight, "; ") +
                                    ": it loads only when it comes first (20 % of what is left stays free)");
  else if (!never.empty())
    draft.models.at(role.name).mistake(needs + joined(never, "; ") + ": it can never load.\nGive " + role.name +
                                       " another node, or whoever stays a keep_alive other than -1.");
}

void check_leases(Draft& draft) {
  const auto& roles = draft.settings.roles;
  for (const RoleSettings& role : roles) {
    const RoleSettings* longest = &role;
    for (const RoleSettings& other : roles)
      if (other.model == role.model && longer(other.keep_alive, longest->keep_alive)) longest = &other;
    if (longest == &role || role.model.empty()) continue;
    const auto said = draft.keep_alives.find(role.name);
    const Cursor& at = said != draft.keep_alives.end() ? said->second : draft.names.at(role.name);
    at.hint(role.model.spelt() + " is " + longest->name + "'s model too, with keep_alive " + to_text(longest->keep_alive) +
            ": the longer one counts, not " + to_text(role.keep_alive));
  }
}

// Of a role all of whose nodes keep their own models.
void check_kept(const RoleSettings& role, Draft& draft) {
  const Settings& settings = draft.settings;
  const auto said = draft.keep_alives.find(role.name);
  if (said == draft.keep_alives.end() || role.nodes.empty()) return;
  if (std::any_of(role.nodes.begin(), role.nodes.end(), [&](const NodeName& n) { return settings.runs(n).loads; })) return;
  said->second.hint(role.nodes.front() + " keeps its own models (type: " + std::string(settings.runs(role.nodes.front()).word) + "), so keep_alive counts for nothing: leave it out");
}

// Two names of one Ollama would count its memory twice; our own address would ask ourselves.
void check_addresses(const Draft& draft) {
  std::map<std::string, NodeName> owners;
  for (const NodeSettings& node : draft.settings.nodes) {
    const auto cursor = draft.addresses.find(node.name);
    if (node.addresses.empty() || cursor == draft.addresses.end()) continue;
    Address address = node.addresses.front();
    if (address.host == "localhost") address.host = "127.0.0.1";
    const auto [owner, fresh] = owners.try_emplace(to_text(address), node.name);
    const std::string said = to_text(node.addresses.front());
    if (!fresh) cursor->second.mistake(said + " is the address of " + owner->second + " already: one Ollama is one node");
    const auto& listen = draft.settings.listen;
    if (std::find(listen.begin(), listen.end(), address) != listen.end())
      cursor->second.mistake(said + " is where role-router itself listens: Ollama's port is 11434");
  }
}

// exo counts the memory of its machines without what Ollama holds there, and the other way round.
void check_exo(const Draft& draft) {
  const auto host = [](const Address& a) { return a.host == "localhost" || a.host == "::1" ? std::string("127.0.0.1") : a.host; };
  for (const NodeSettings& exo : draft.settings.nodes) {
    const auto at = draft.addresses.find(exo.name);
    if (exo.type == EngineType::exo && draft.settings.policy == PolicyName::passthrough && at != draft.addresses.end())
      at->second.hint("policy passthrough places no model on exo: place them there yourself, or take policy smart");
    for (const NodeSettings& other : draft.settings.nodes) {
      const auto cursor = draft.addresses.find(exo.name);
      if (exo.type != EngineType::exo || other.type == EngineType::exo || exo.addresses.empty() || other.addresses.empty() || cursor == draft.addresses.end()) continue;
      if (host(exo.addresses.front()) != host(other.addresses.front())) continue;
      cursor->second.hint(other.name + " is the same machine, and neither sees what the other has loaded: let gpu_memory of both add up to what it has");
    }
  }
}

}  // namespace

void check_whole(Draft& draft) {
  for (const RoleSettings& role : draft.settings.roles) {
    if (role.model.empty() || !draft.nodes.contains(role.name)) continue;
    check_room(role, draft);
    check_beside_stayers(role, draft);
    check_kept(role, draft);
  }
  check_leases(draft);
  check_addresses(draft);
  check_exo(draft);
}

}  // namespace rr::settings
