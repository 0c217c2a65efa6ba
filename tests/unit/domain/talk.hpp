// A conversation with the dispatch about two Macs: events in, commands out as words.
#pragma once

#include "domain/dispatch.hpp"

namespace rr::test {

using namespace std::chrono_literals;

inline const ModelName router("router-m"), architect("architect-m"), coder("coder-m"), tester("tester-m");
constexpr Bytes big = 50 * gib, middle = 21 * gib, small = 12 * gib, tiny = 2 * gib;

inline Settings macs() {
  Settings s;
  s.policy = PolicyName::seed;
  s.nodes = {{.name = "book", .addresses = {{"127.0.0.1", 11434}}, .gpu_memory = 18 * gib}, {.name = "mini", .addresses = {{"10.0.0.2", 11434}}, .gpu_memory = 56 * gib}};
  s.roles = {{.name = "router", .nodes = {"book"}, .model = router, .keep_alive = for_ever},
             {.name = "architect", .nodes = {"mini"}, .model = architect, .keep_alive = {0s}},
             {.name = "coder", .nodes = {"mini"}, .model = coder, .keep_alive = {2h}},
             {.name = "tester", .nodes = {"mini", "book"}, .model = tester, .keep_alive = {30min}}};
  for (const auto& role : s.roles) s.models.push_back({.name = role.model, .num_ctx = 4096});
  return s;
}

inline Resident there(const ModelName& m, Bytes size, int num_ctx = 4096, std::optional<Time> expires = {}) {
  return {.name = m, .size = size, .size_vram = size, .num_ctx = num_ctx, .expires = expires};
}

inline std::string said(const Command& c) {
  if (auto* g = std::get_if<Grant>(&c))
    return "grant " + std::to_string(g->id) + " " + g->node + " " + g->model.spelt() + " " + std::to_string(g->num_ctx) + (g->keep_alive ? " keep " + to_text(*g->keep_alive) : "");
  if (auto* r = std::get_if<Refuse>(&c)) return "refuse " + std::to_string(r->id) + " " + r->refusal.code;
  if (auto* l = std::get_if<Load>(&c)) return "load " + l->node + " " + l->model.spelt() + " " + std::to_string(l->num_ctx) + " keep " + to_text(l->keep_alive);
  if (auto* u = std::get_if<Unload>(&c)) return "unload " + u->node + " " + u->model.spelt();
  if (auto* t = std::get_if<Try>(&c)) return "try " + t->node + " " + t->model.spelt();
  if (auto* k = std::get_if<Look>(&c)) return "look " + k->node;
  return "";
}

class Talk {
 public:
  explicit Talk(Settings settings = macs()) : set(std::move(settings)), dispatch(std::make_shared<const Settings>(set), now) {
    const std::pair<const ModelName&, Bytes> sizes[] = {{router, tiny}, {architect, big}, {coder, middle}, {tester, small}};
    for (const auto& node : set.nodes) {
      std::vector<Installed> models;
      for (const auto& [m, size] : sizes) models.push_back({.name = m, .size = size, .capabilities = {"completion"}});
      tell(Inventory{node.name, "0.33.0", models});
    }
  }
  // All commands but looks, wakes and notes, in order, with " | " between.
  std::string tell(const Event& e) {
    std::string out;
    wake.reset();
    for (const Command& c : dispatch.on(e, now)) {
      if (auto* w = std::get_if<WakeAt>(&c)) wake = w->at;
      if (auto* n = std::get_if<Note>(&c)) notes.push_back(n->text);
      if (auto* r = std::get_if<Refuse>(&c)) refusal = r->refusal;
      if (auto* g = std::get_if<Grant>(&c)) granted = *g;
      const std::string words = said(c);
      if (words.rfind("look", 0) == 0) ++looks;
      else if (!words.empty()) out += (out.empty() ? "" : " | ") + words;
    }
    return out;
  }
  std::string ask(TicketId id, const char* role, std::int64_t tokens = 0) {
    const RoleSettings* r = set.role(role);
    Ask a;
    a.id = id;
    a.role = role;
    a.asked_model = role;
    a.model = r->model;
    a.nodes = r->nodes;
    a.num_ctx = 4096;
    a.tokens = tokens;
    return tell(Arrived{a});
  }
  std::string seen(const char* node, std::vector<Resident> residents) { return tell(Observed{node, std::move(residents), 1ms}); }
  std::string loaded(const char* node, const ModelName& m) { return tell(LoadEnded{node, m, {}}); }
  std::string load_failed(const char* node, const ModelName& m) { return tell(LoadEnded{node, m, "out of memory"}); }
  std::string unloaded(const char* node, const ModelName& m) { return tell(UnloadEnded{node, m, {}}); }
  std::string ended(TicketId id) { return tell(Ended{id, {}}); }
  std::string tick(Duration d) {
    now += d;
    return tell(Ticked{});
  }
  std::string adopt() { return tell(Adopted{std::make_shared<const Settings>(set)}); }
  bool noted(const char* part) const {
    for (const auto& n : notes)
      if (n.find(part) != std::string::npos) return true;
    return false;
  }
  int in_flight(const char* node, const ModelName& m) const {
    const Held* h = dispatch.gate(node)->find(m);
    return h ? h->in_flight : -1;
  }
  // The sum that must hold at any time.
  bool balances() const {
    const Ledger& l = dispatch.ledger();
    std::int64_t refused = 0;
    for (const auto& [code, n] : l.refused) refused += n;
    return l.arrived == l.answered + l.left + l.failed + refused + l.waiting + l.granted;
  }

  Time now = Time{} + 1000h;
  Settings set;
  Dispatch dispatch;
  std::optional<Time> wake{};
  std::optional<Refusal> refusal{};
  std::optional<Grant> granted{};
  std::vector<std::string> notes{};
  int looks = 0;
};

// The mini with the coder loaded for request 1, which is answered.
inline void coder_idle(Talk& t) {
  t.seen("mini", {});
  t.ask(1, "coder");
  t.loaded("mini", coder);
  t.ended(1);
  t.seen("mini", {there(coder, middle)});
}

}  // namespace rr::test
