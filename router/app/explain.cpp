#include "app/explain.hpp"

#include "api/endpoint_shape.hpp"
#include "api/json.hpp"

#include <cmath>
#include <cstdio>

namespace rr::app {

namespace {

std::string roles_of(const Settings& settings, const ModelName& model) {
  std::string out;
  for (const RoleSettings& role : settings.roles)
    if (role.model == model) out += (out.empty() ? "" : "/") + role.name;
  return out.empty() ? model.spelt() : out;
}

// "by prompt: "code reviewer" in the system prompt (rule 8 of 9)".
std::string rule(const Ask& ask) {
  if (ask.source == RoleSource::none) return "a concrete model that no role owns";
  return "by " + std::string(to_text(ask.source)) + (ask.because.empty() ? "" : ": " + ask.because) + " (rule " +
         std::to_string(static_cast<int>(ask.source)) + " of 9)";
}

std::string sum(const Footprint& need, const ModelName& name, const ModelSettings& model) {
  if (!need.known) return "size unknown: give models." + name.spelt() + ".size, or let a node list it";
  if (need.measured) return to_gib(need.total) + " GiB (measured by /api/ps at num_ctx " + std::to_string(model.num_ctx) + ")";
  return to_gib(need.weights) + " weights + " + to_gib(need.kv) + " KV (" + std::to_string(model.num_ctx) + " x " +
         std::to_string(model.parallel) + (model.parallel == 1 ? " slot" : " slots") + ") + " + to_gib(need.compute) +
         " compute = " + to_gib(need.total) + " GiB (estimate)";
}

std::string substitute_line(const ModelName& model, const Settings& settings) {
  for (const Substitute& s : settings.substitutes)
    if (s.model == model) return settings.file + ":" + std::to_string(s.at.line) + " (substitutes)";
  return "";
}

Explanation::Row row(const Candidate& candidate, const Ask& ask, const Settings& settings, const Dispatch& dispatch, Time now) {
  Explanation::Row row{.node = candidate.node, .can = "no", .resident = "", .room = "", .how = candidate.why};
  const NodeSettings* node = settings.node(candidate.node);
  const Gate* gate = dispatch.gate(candidate.node);
  if (!settings.runs(candidate.node).loads) {
    const Held* there = gate ? gate->find(ask.model) : nullptr;
    row.resident = row.room = "-";
    if (!candidate.can) return row;
    row.can = "ready";
    row.how = there && there->in_flight ? "answers " + std::to_string(there->in_flight) + " now" : "its server keeps its own models";
    return row;
  }
  const Footprint need = footprint(settings, dispatch.fleet(), candidate.node, ask.model);
  const Bytes limit = node ? node->gpu_memory : 0;
  row.room = need.known ? to_gib(need.total) + " of " + (limit ? to_gib(limit) : "?") : "?";
  const Held* held = nullptr;
  Bytes used = 0;
  if (gate) {
    for (const Held& h : gate->held())
      row.resident += (row.resident.empty() ? "" : ", ") + roles_of(settings, h.model) + " " + to_gib(h.bytes);
    held = gate->find(ask.model);
    used = gate->used();
  }
  if (row.resident.empty()) row.resident = "-";
  if (!candidate.can) return row;
  const double seconds = dispatch.pace().load_s(candidate.node, ask.model, need.weights);  // as learnt, else at 1 GB/s
  char about[32];
  std::snprintf(about, sizeof about, "about %.0f s", seconds);
  if (held && !held->leaving && held->num_ctx == ask.num_ctx) {
    row.can = "ready";
    row.how = held->in_flight ? "answers " + std::to_string(held->in_flight) + " now" : "loaded and idle";
  } else if (fits(limit, used, need.total)) {
    row.can = "load";
    row.how = "fits beside what is there; " + std::string(about);
  } else {
    row.can = "swap";
    std::string victims;
    for (const Held& h : gate ? gate->held() : std::vector<Held>{}) {
      if (settings.pinned(h.model, candidate.node)) continue;
      const std::string idle = h.in_flight ? "busy" : "idle " + to_text(now - h.used);
      victims += (victims.empty() ? "unload " : ", ") + roles_of(settings, h.model) + " (" + idle + ")";
    }
    row.how = victims + ", then load, " + about;
  }
  return row;
}

}  // namespace

Explanation explain(const Ask& ask, const Settings& settings, const Dispatch& dispatch, Time now) {
  Explanation out;
  const ModelSettings& model = settings.model(ask.model);
  const auto placed = dispatch.where(ask, now);
  out.role = ask.role.empty() ? "none" : ask.role;
  out.rule = rule(ask);
  out.model = ask.model.spelt();
  const RoleSettings* role = settings.role(ask.role);
  if (role && role->model == ask.model)
    out.model_from = "roles." + role->name + ".model  " + settings.file + ":" + std::to_string(role->model_at.line);
  else if (ask.instead_of.empty()) out.model_from = ask.source == RoleSource::shape ? "embeds, and no role's model does" : "asked for by name";
  if (!ask.instead_of.empty()) out.model_from = "instead of " + ask.instead_of.spelt() + "  " + substitute_line(ask.instead_of, settings);
  const bool through = settings.policy == PolicyName::passthrough;
  const KeepAlive keep = settings.keep_alive(ask.model, ask.role);
  const Engine& runs = settings.runs(placed ? *placed : ask.nodes.empty() ? NodeName{} : ask.nodes.front());
  const std::string context = "num_ctx " + std::to_string(ask.num_ctx);
  if (!runs.options) out.sends = "neither num_ctx nor keep_alive: they count for nothing there (type: " + std::string(runs.word) + ")";
  else if (through) out.sends = context + ", the client's own keep_alive";
  else if (settings.policy == PolicyName::seed || keep.forever()) out.sends = context + ", keep_alive " + to_text(keep);
  else out.sends = context + ", keep_alive -1 (" + (keep.zero() ? "it leaves when somebody needs the room)" : "lease " + to_text(keep) + " kept by the router)");
  if (ask.client_keep_alive && !through) out.ignored = "client's keep_alive " + *ask.client_keep_alive + " ignored";
  if (ask.client_num_ctx && *ask.client_num_ctx != ask.num_ctx)
    out.ignored += (out.ignored.empty() ? "client's num_ctx " : ", num_ctx ") + std::to_string(*ask.client_num_ctx) + " ignored";
  for (const Candidate& candidate : candidates(ask, dispatch.fleet(), settings))
    out.nodes.push_back(row(candidate, ask, settings, dispatch, now));
  if (placed) {
    out.headline = (ask.role.empty() ? std::string("request") : ask.role) + " -> " + ask.model.spelt() + " on " + *placed;
    for (const auto& r : out.nodes)
      if (r.node == *placed) out.now = r.can == "ready" ? "ready" : "after a " + r.can;
    if (const auto e = dispatch.expected(ask, now); e && e->granted > Duration::zero()) {
      out.expected = e->first_token;
      out.now += ", about " + to_text(*out.expected);
    }
    if (dispatch.fleet().node(*placed)) {
      const Links& links = dispatch.fleet().node(*placed)->links;
      out.link = described(links.order().front());
      if (const Link* used = links.in_use()) out.link += ", " + to_text(used->rtt);
      if (const auto more = links.all().size() - 1; more > 0) out.link += "   " + std::to_string(more) + (more == 1 ? " other in reserve" : " others in reserve");
    }
    out.memory = sum(footprint(settings, dispatch.fleet(), *placed, ask.model), ask.model, model);
  } else {
    out.headline = (ask.role.empty() ? std::string("request") : ask.role) + " -> refused";
    out.now = std::to_string(placed.error().status) + " " + placed.error().code + ": " + placed.error().sentence;
    out.memory = sum(footprint(settings, dispatch.fleet(), ask.nodes.empty() ? NodeName{} : ask.nodes.front(), ask.model), ask.model, model);
  }
  if (!runs.loads) out.memory = "its server's own affair";
  if (!runs.loads) out.if_busy = "waits in the router's line for one of " + std::to_string(model.parallel) + (model.parallel == 1 ? " place" : " places") + "   models." + ask.model.spelt() + ".parallel";
  else out.if_busy = "waits in the router's line; after " + to_text(settings.max_wait) + " busy models are drained for it   smart_swap.max_wait";
  return out;
}

std::string text(const Explanation& e) {
  std::string out = e.headline + "      now: " + e.now + "\n\n";
  const auto line = [&](std::string_view name, const std::string& value, const std::string& more) {
    if (value.empty()) return;
    char label[24];
    std::snprintf(label, sizeof label, "  %-8.*s ", static_cast<int>(name.size()), name.data());
    out += label + value;
    if (!more.empty()) out += std::string(value.size() < 36 ? 36 - value.size() : 2, ' ') + more;
    out += "\n";
  };
  line("role", e.role, e.rule);
  line("model", e.model, e.model_from);
  line("sends", e.sends, e.ignored);
  line("link", e.link, "");
  std::size_t wide = 12;
  for (const auto& r : e.nodes) wide = std::max(wide, r.resident.size());
  const int w = static_cast<int>(wide);
  char head[256];
  std::snprintf(head, sizeof head, "\n  %-11s %-8s %-*s  %-13s  %s\n", "node", "can it?", w, "resident now", "room needed", "how");
  out += head;
  for (const auto& r : e.nodes) {
    char cells[512];
    std::snprintf(cells, sizeof cells, "  %-11s %-8s %-*s  %-13s  ", r.node.c_str(), r.can.c_str(), w, r.resident.c_str(), r.room.c_str());
    out += cells + r.how + "\n";
  }
  out += "\n";
  line("memory", e.memory, "");
  line("if busy", e.if_busy, "");
  return out;
}

std::string json(const Explanation& e) {
  api::Json out;
  out["headline"] = e.headline;
  out["now"] = e.now;
  out["expected_s"] = e.expected ? api::Json(std::llround(in_seconds(*e.expected))) : api::Json(nullptr);
  out["role"] = {{"name", e.role}, {"found", e.rule}};
  out["model"] = {{"name", e.model}, {"from", e.model_from}};
  out["sends"] = e.sends;
  out["ignored"] = e.ignored.empty() ? api::Json(nullptr) : api::Json(e.ignored);
  out["link"] = e.link;
  out["nodes"] = api::Json::array();
  for (const auto& r : e.nodes)
    out["nodes"].push_back({{"node", r.node}, {"can", r.can}, {"resident", r.resident}, {"room", r.room}, {"how", r.how}});
  out["memory"] = e.memory;
  out["if_busy"] = e.if_busy;
  return out.dump(2) + "\n";
}

void answer_explain(Call& call) {
  auto members = api::read_members(call.request.body.view());
  if (!members) return refuse(call, members.error());
  call.route.kind = api::kind_of(*members);  // the body is read as the request it explains
  const Dispatch& dispatch = call.house->desk.dispatch();
  auto ask = api::classify(call.request.head, call.route, *members,
                           {*call.settings, *call.names, dispatch.fleet(), call.house->session_key});
  if (!ask) return refuse(call, ask.error());
  const Explanation e = explain(*ask, *call.settings, dispatch, std::chrono::steady_clock::now());
  const bool plain = find(call.request.head.fields, "Accept").find("text/plain") != std::string_view::npos;
  reply(call, 200, plain ? "text/plain; charset=utf-8" : json_utf8, plain ? text(e) : json(e));
}

}  // namespace rr::app
