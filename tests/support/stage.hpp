// The dispatch between clients and model nodes, in virtual time: what app/ does with events and commands, without a socket.
#pragma once

#include "domain/dispatch.hpp"
#include "support/model_node.hpp"

#include <memory>
#include <set>

namespace rr::test {

// The two Macs of config/router.yaml, as they take their places in memory (swap figures: 50.5, 21.6, 12.2, 2.6 GiB).
inline Settings two_macs() {
  Settings s;
  s.policy = PolicyName::seed;
  s.nodes = {{.name = "macbook", .addresses = {{"127.0.0.1", 11434}}, .gpu_memory = 19'005'000'000},
             {.name = "mac-mini", .addresses = {{"10.0.0.2", 11434}}, .gpu_memory = 56 * gib}};
  const auto role = [](const char* name, std::vector<NodeName> nodes, const char* model, KeepAlive keep) {
    return RoleSettings{.name = name, .nodes = std::move(nodes), .model = ModelName(model), .keep_alive = keep};
  };
  s.roles = {role("router", {"macbook"}, "qwen3:1.7b", for_ever), role("architect", {"mac-mini"}, "qwen3-coder-next:q4_K_M", KeepAlive{}),
             role("coder", {"mac-mini"}, "qwen3-coder:30b", KeepAlive{std::chrono::hours(2)}),
             role("tester", {"mac-mini", "macbook"}, "qwen2.5-coder:14b", KeepAlive{std::chrono::minutes(30)})};
  const auto model = [](const char* name, int ctx, Bytes size) { return ModelSettings{.name = ModelName(name), .num_ctx = ctx, .size = size}; };
  s.models = {model("qwen3:1.7b", 8192, 1'400'000'000), model("qwen3-coder-next:q4_K_M", 32768, 52 * gb),
              model("qwen3-coder:30b", 32768, 19 * gb), model("qwen2.5-coder:14b", 16384, 9 * gb)};
  s.default_role = "coder";
  return s;
}

inline std::map<std::string, ModelNode::Weights> usual_models() {
  const auto gib_tenths = [](int n) { return gib / 10 * n; };
  return {{"qwen3:1.7b", {1'400'000'000, gib_tenths(26)}}, {"qwen3-coder-next:q4_k_m", {52 * gb, gib_tenths(505)}},
          {"qwen3-coder:30b", {19 * gb, gib_tenths(216)}}, {"qwen2.5-coder:14b", {9 * gb, gib_tenths(122)}}};
}

struct Life {  // of one request, as its client saw it
  Ask ask{};
  Time arrived{}, granted{}, ended{};
  int grants = 0, refusals = 0, endings = 0;
  bool left = false;
  Duration prompt{}, answer{};
  std::string code{};  // of a refusal
  Grant grant{};
  bool over() const { return refusals > 0 || endings > 0 || left; }
};

class Stage {
 public:
  explicit Stage(Settings settings, double gbps = 2.5) : gbps_(gbps), settings(std::make_shared<const Settings>(std::move(settings))), dispatch(this->settings, clock.now) {
    for (const NodeSettings& n : this->settings->nodes) add_node(n);
  }
  void add_node(const NodeSettings& n) {
    if (nodes.count(n.name)) return;
    nodes[n.name] = std::make_unique<ModelNode>(clock, n.gpu_memory, gbps_, usual_models());
    stock(n.name);
    poll(n.name);
  }

  // A client asks; `patience` is when it goes away, counted from its arrival.
  TicketId ask(const RoleName& role, std::int64_t tokens, Duration answer, std::optional<Duration> patience = {}) {
    const RoleSettings* r = settings->role(role);
    const TicketId id = ++last_;
    Life& life = lives[id];
    life.ask = {.id = id, .role = role, .source = RoleSource::model, .asked_model = role, .model = r->model, .nodes = r->nodes,
                .session = "s", .tokens = tokens, .num_ctx = settings->model(r->model).num_ctx, .client_keep_alive = "1800"};
    life.arrived = clock.now;
    life.prompt = std::chrono::milliseconds(tokens * 1000 / 300);
    life.answer = answer;
    if (patience) clock.after(*patience, [this, id] { leave(id); });
    waits_.insert(id);
    on(Arrived{life.ask});
    return id;
  }
  void leave(TicketId id) {
    Life& life = lives[id];
    if (life.over()) return;
    life.left = true;
    waits_.erase(id);
    if (life.grants == 0) return on(Left{id});
    const auto sent = reached_.count(id);
    if (sent) nodes[life.grant.node]->cancel(id);
    end(id, {.ending = Ending::client_left, .content_began = began_.count(id) > 0, .sent = sent > 0});
  }

  void on(const Event& event) {
    const auto commands = dispatch.on(event, clock.now);
    int wakes = 0;
    for (const Command& c : commands) {
      if (std::holds_alternative<WakeAt>(c)) ++wakes;
      carry_out(c);
    }
    if (wakes > 1) complaints.push_back("more than one WakeAt");
    check();
  }

  void adopt(const Settings& next) {
    notes.push_back(to_text(clock.now - Time{}) + ": adopted");
    settings = std::make_shared<const Settings>(next);
    if (next.policy == PolicyName::passthrough) foreign = true;
    on(Adopted{settings});
  }

  int open() const {
    return static_cast<int>(std::count_if(lives.begin(), lives.end(), [](const auto& l) { return !l.second.over(); }));
  }

  int jobs() const {  // inside the nodes
    int n = 0;
    for (const auto& [name, node] : nodes) n += node->jobs();
    return n;
  }

  double gbps_;
  Clock clock{};
  Snapshot settings;
  Dispatch dispatch;
  std::map<NodeName, std::unique_ptr<ModelNode>> nodes{};
  std::map<TicketId, Life> lives{};
  std::vector<std::string> complaints{};   // promises broken
  std::function<void(const Life&)> over{}; // a request is over
  std::vector<std::string> notes{};

 private:
  static constexpr Duration hop = std::chrono::milliseconds(2);

  void end(TicketId id, Outcome outcome) {
    ++lives[id].endings;
    lives[id].ended = clock.now;
    on(Ended{id, std::move(outcome)});
    if (over) over(lives[id]);
  }
  void complain(std::string what) {
    notes.push_back("!! " + what);
    if (complaints.size() < 20) complaints.push_back(to_text(clock.now - Time{}) + ": " + std::move(what));
  }

  void carry_out(const Command& command) {
    if (const auto* g = std::get_if<Grant>(&command)) {
      Life& life = lives[g->id];
      if (life.over() || life.grants > 0) complain(id_text(g->id) + " granted twice or too late");
      ++life.grants;
      waits_.erase(g->id);
      life.granted = clock.now;
      life.grant = *g;
      clock.after(hop, [this, id = g->id] { submit(id); });
    } else if (const auto* r = std::get_if<Refuse>(&command)) {
      Life& life = lives[r->id];
      if (life.over() || life.grants > 0) complain(id_text(r->id) + " refused after an answer");
      ++life.refusals;
      waits_.erase(r->id);
      life.ended = clock.now;
      life.code = r->refusal.code;
      if (r->refusal.sentence.empty()) complain("a refusal without a sentence");
      if (over) clock.after(hop, [this, id = r->id] { over(lives[id]); });
    } else if (const auto* load = std::get_if<Load>(&command)) {
      if (load->keep_alive.zero()) complain("a load with keep_alive 0 is an unload");
      if (!loading_.insert(load->node).second) complain("two loads at once on " + load->node);
      clock.after(hop, [this, load = *load] { this->load(load); });
    } else if (const auto* u = std::get_if<Unload>(&command)) {
      if (settings->policy == PolicyName::passthrough) {
      } else if (settings->pinned(u->model, u->node) && !reload(u->node, u->model)) complain("pinned " + u->model.spelt() + " unloaded");
      else if (running(u->node, u->model) > 0) complain("busy " + u->model.spelt() + " unloaded");
      clock.after(hop, [this, u = *u] { unload(u); });
    } else if (const auto* l = std::get_if<Look>(&command)) {
      if (looking_[l->node]) wanted_[l->node] = true;
      else look(l->node);
    } else if (const auto* t = std::get_if<Try>(&command)) {  // every other one fails
      clock.after(std::chrono::seconds(1), [this, id = t->id] { on(Ended{id, {.ending = id % 2 ? Ending::ok : Ending::node_failed}}); });
    } else if (const auto* w = std::get_if<WakeAt>(&command)) {
      if (w->at < clock.now) complain("a wake in the past");
      if (wake_ == w->at) return;
      wake_ = w->at;
      clock.at(w->at, [this, at = w->at] {
        if (wake_ != at) return;  // another time was said meanwhile
        wake_.reset();
        on(Ticked{});
      });
    } else if (const auto* n = std::get_if<Note>(&command)) {
      notes.push_back(to_text(clock.now - Time{}) + ": " + n->text);
      }
  }
  bool reload(const NodeName& node, const ModelName& model) const {
    const Gate* g = dispatch.gate(node);
    return g && g->swap().model == model;
  }
  int running(const NodeName& node, const ModelName& model) const {
    return static_cast<int>(std::count_if(lives.begin(), lives.end(), [&](const auto& l) {
      return !l.second.over() && l.second.grants > 0 && l.second.grant.node == node && l.second.ask.model == model;
    }));
  }

  void submit(TicketId id) {
    Life& life = lives[id];
    if (life.over()) return;
    ModelNode& node = *nodes[life.grant.node];
    if (node.faults.down) return end(id, {.ending = Ending::node_failed, .sent = false, .error = "connection refused"});
    reached_.insert(id);
    node.submit({.id = id, .model = life.ask.model, .num_ctx = life.grant.num_ctx, .keep = life.grant.keep_alive, .prompt = life.prompt,
                 .answer = life.answer,
                 .done = [this, id](std::optional<std::string> failed) { clock.after(hop, [this, id, failed] { done(id, failed); }); },
                 .first = [this, id] { began_.insert(id); }});
    clock.after(settings->first_byte, [this, id] { silent(id); });
  }
  void silent(TicketId id) {  // the connection is closed: for the node its client has left
    if (lives[id].over() || began_.count(id)) return;
    nodes[lives[id].grant.node]->cancel(id);
    end(id, {.ending = Ending::node_failed, .silent = true, .error = "no answer"});
  }
  void done(TicketId id, const std::optional<std::string>& failed) {
    const Life& life = lives[id];
    if (life.over()) return;
    Outcome outcome{.ending = failed ? Ending::node_failed : Ending::ok, .content_began = began_.count(id) > 0, .error = failed.value_or("")};
    if (!failed) outcome.prompt_tokens = life.ask.tokens, outcome.prompt_time = life.prompt, outcome.output_tokens = 100;
    end(id, std::move(outcome));
  }
  void load(const Load& order) {
    ModelNode& node = *nodes[order.node];
    const TicketId id = ++last_;  // none of a client
    auto open = std::make_shared<bool>(true);
    const auto ended = [this, order, open](std::optional<std::string> failed) {
      if (!std::exchange(*open, false)) return;
      clock.after(hop, [this, order, failed] {
        loading_.erase(order.node);
        on(LoadEnded{order.node, order.model, failed});
      });
    };
    if (node.faults.down) return ended("connection refused");
    node.submit({.id = id, .model = order.model, .num_ctx = order.num_ctx, .keep = order.keep_alive, .done = ended});
    clock.after(2 * settings->swap_timeout + std::chrono::seconds(1), [&node, id, open, ended] {
      if (!*open) return;
      node.cancel(id);
      ended("no answer in time");
    });
  }
  void unload(const Unload& order) {
    ModelNode& node = *nodes[order.node];
    std::optional<std::string> failed;
    if (node.faults.down) failed = "connection refused";
    else if (node.faults.fail_unloads > 0) --node.faults.fail_unloads, failed = "500 internal";
    else node.unload(order.model);
    clock.after(hop, [this, order, failed] { on(UnloadEnded{order.node, order.model, failed}); });
  }

  // As the watch: one look at a time a node, asked and answered in order; a look wanted meanwhile comes after.
  void look(const NodeName& name) {
    looking_[name] = true;
    clock.after(hop, [this, name] {
      const ModelNode& node = *nodes[name];
      const bool down = node.faults.down;
      clock.after(hop, [this, name, down, list = node.ps()] {
        looking_[name] = false;
        const bool again = std::exchange(wanted_[name], false);
        if (down) on(Lost{name, "connection refused"});
        else on(Observed{name, list, 2 * hop});
        if ((again || std::exchange(wanted_[name], false)) && !looking_[name]) look(name);
      });
    });
  }
  void stock(const NodeName& name) {
    if (!nodes[name]->faults.down) on(Inventory{name, "0.33.0", nodes[name]->tags()});
    clock.after(std::chrono::seconds(30), [this, name] { stock(name); });
  }
  void poll(const NodeName& name) {
    if (!looking_[name]) look(name);
    clock.after(std::chrono::seconds(2), [this, name] { poll(name); });
  }

  void check() {
    const Ledger& l = dispatch.ledger();
    std::int64_t refused = 0;
    for (const auto& [code, n] : l.refused) refused += n;
    if (l.arrived != l.answered + l.left + l.failed + refused + l.waiting + l.granted) complain("the ledger does not balance");
    for (const NodeSettings& n : dispatch.settings()->nodes)
      if (const Gate* g = dispatch.gate(n.name); g && n.gpu_memory > 0 && g->used() > n.gpu_memory && !foreign)
        complain("the gate holds more than " + n.name + " has");
    if (static_cast<int>(waits_.size()) != dispatch.waiting()) complain("somebody is neither waiting nor heard");
    for (const TicketId id : waits_) {
      const Life& life = lives[id];
      const RoleSettings* role = settings->role(life.ask.role);
      if (role && role->nodes.size() == 1 && idle(role->nodes.front())) {
        complain(id_text(id) + " waits for " + life.ask.model.spelt() + " while " + role->nodes.front() + " does nothing");
      }
    }
  }
  // Up, and nothing runs, moves or is asked of it: who waits for such a node waits for ever.
  bool idle(const NodeName& name) const {
    const NodeBelief* belief = dispatch.fleet().node(name);
    const Gate* g = dispatch.gate(name);
    return belief && belief->state == NodeState::up && g && g->phase() == SwapPhase::steady && !g->orders_out() && !g->wake() &&
           std::none_of(g->held().begin(), g->held().end(), [](const Held& h) { return h.in_flight > 0; });
  }

  std::set<NodeName> loading_{};
  std::map<NodeName, bool> looking_{}, wanted_{};
  std::set<TicketId> reached_{}, began_{}, waits_{};
  std::optional<Time> wake_{};
  TicketId last_ = 0;

 public:
  bool foreign = false;  // the node loaded something that the gate did not order: then it may be fuller than the gate allows
};

}  // namespace rr::test
