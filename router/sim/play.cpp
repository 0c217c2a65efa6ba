#include "sim/play.hpp"

#include "domain/memory.hpp"
#include "domain/pace.hpp"
#include "sim/virtual_node.hpp"

#include <algorithm>
#include <cmath>

namespace rr::sim {

namespace {

constexpr Duration answer_of_ps = std::chrono::milliseconds(1);
constexpr Duration ask_again = std::chrono::seconds(5);  // a client that was refused without a Retry-After

double percentile(std::vector<double> v, double p) {
  if (v.empty()) return 0;
  std::sort(v.begin(), v.end());
  const double at = static_cast<double>(v.size() - 1) * p / 100;
  const auto low = static_cast<std::size_t>(at), high = std::min(low + 1, v.size() - 1);
  return v[low] + (v[high] - v[low]) * (at - static_cast<double>(low));
}

double mean(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return v.empty() ? 0 : sum / static_cast<double>(v.size());
}

std::uint64_t mixed(std::uint64_t h, std::uint64_t value) {  // splitmix64
  std::uint64_t z = (h ^ value) + 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

class Stage {
 public:
  Stage(const Workload& work, const Play& play) : work_(work), play_(play), settings_(*play.settings), dispatch_(play.settings, time_.now()) {}

  Played run() {
    for (const NodeSettings& node : settings_.nodes) add(node);
    for (std::size_t i = 0; i < work_.sessions.size(); ++i) {
      sessions_.push_back({.number = i, .work = &work_.sessions[i]});
      time_.at(Time{} + work_.sessions[i].start, [this, i] { next(i); });
    }
    open_ = sessions_.size();
    while (open_ > 0 && time_.step(Time{} + play_.horizon)) {}
    return summed();
  }

 private:
  struct Session {
    std::size_t number = 0;
    const WorkSession* work = nullptr;
    std::size_t turn = 0;
    Chain chain{};
    std::uint64_t calls = 0, epoch = 0;
    std::optional<Time> ended{};
  };
  struct Asked {  // one request on its way
    Ask ask{};
    std::size_t session = 0;
    bool router = false;
    std::int64_t fresh = 0, output = 0;
    Time arrived{};
    std::optional<Time> first{};
    std::vector<Wait> expected{};
  };

  void add(const NodeSettings& node) {
    Machine machine = machine_of(node);
    for (const Machine& m : play_.machines)
      if (m.name == node.name) machine = m;
    std::vector<VirtualModel> models;
    for (const RoleSettings& role : settings_.roles) {
      if (std::find(role.nodes.begin(), role.nodes.end(), node.name) == role.nodes.end()) continue;
      if (std::any_of(models.begin(), models.end(), [&](const VirtualModel& m) { return m.name == role.model; })) continue;
      const ModelSettings& m = settings_.model(role.model);
      const Footprint f = footprint(settings_, dispatch_.fleet(), node.name, role.model);
      const Typical speed = typical(f.weights);
      const int slots = std::max(1, m.parallel);
      models.push_back({.name = role.model, .file = f.weights, .kv = f.kv, .compute = f.compute, .kv_per_token = f.kv / std::max(1, m.num_ctx * slots),
                        .num_ctx = m.num_ctx, .slots = slots, .prefill_tps = speed.prefill_tps * machine.speed, .decode_tps = speed.decode_tps * machine.speed});
    }
    SchedulerRules rules;
    rules.gpu_memory = node.gpu_memory;
    rules.load_gbps = machine.load_gbps;
    if (settings_.policy == PolicyName::passthrough) rules.max_loaded = 3;  // Ollama as it comes
    else rules.keep_alive = for_ever;                                       // OLLAMA_KEEP_ALIVE=-1, as the README asks
    nodes_[node.name] = std::make_unique<VirtualNode>(time_, rules, std::move(models), static_cast<Bytes>(machine.cache_gib * static_cast<double>(gib)));
    on(Inventory{node.name, "0.33.0", nodes_[node.name]->tags()});
    look(node.name);
  }

  void look(const NodeName& name) {
    time_.after(answer_of_ps, [this, name] { on(Observed{name, nodes_.at(name)->ps(), answer_of_ps}); });
  }

  void on(const Event& event) {
    for (const Command& c : dispatch_.on(event, time_.now())) std::visit([this](const auto& what) { carry_out(what); }, c);
  }
  void carry_out(const GiveUp&) {}
  void carry_out(const Try& t) {
    time_.after(answer_of_ps, [this, id = t.id] { on(Ended{id, {.ending = Ending::ok, .content_began = true}}); });
  }
  void carry_out(const Note&) {}
  void carry_out(const Look& l) { look(l.node); }
  void carry_out(const Unload& u) {
    nodes_.at(u.node)->unload(u.model);
    time_.after(answer_of_ps, [this, u] { on(UnloadEnded{u.node, u.model, {}}); });
  }
  void carry_out(const Load& l) {
    nodes_.at(l.node)->load(l.model, l.keep_alive, [this, l](std::optional<std::string> failed) { on(LoadEnded{l.node, l.model, std::move(failed)}); });
  }
  void carry_out(const WakeAt& w) {
    if (wake_ == w.at) return;
    wake_ = w.at;
    time_.at(w.at, [this, at = w.at] {
      if (wake_ != at) return;
      wake_.reset();
      on(Ticked{});
    });
  }
  void carry_out(const Refuse& r) {
    ++refused_;
    const Asked asked = asked_.at(r.id);
    asked_.erase(r.id);
    const Duration wait = r.refusal.retry_after_s ? std::chrono::seconds(*r.refusal.retry_after_s) : ask_again;
    time_.after(wait, [this, asked] { send(asked); });
  }
  void carry_out(const Grant& g) {
    const Asked& asked = asked_.at(g.id);
    VirtualJob job{.model = g.model, .session = sessions_[asked.session].work->name, .prompt_tokens = asked.ask.tokens, .new_tokens = asked.fresh,
                   .output_tokens = asked.output, .keep_alive = g.keep_alive ? g.keep_alive : play_.client_keep_alive,
                   .first = [this, id = g.id] { asked_.at(id).first = time_.now(); },
                   .done = [this, id = g.id](Duration prompt, Duration output) { answered(id, prompt, output); },
                   .failed = [this, id = g.id](const std::string& why) { failed(id, why); }};
    nodes_.at(g.node)->submit(std::move(job), asked.arrived);
  }

  void next(std::size_t i) {
    Session& s = sessions_[i];
    if (s.turn >= s.work->turns.size()) {
      s.ended = time_.now();
      --open_;
      return;
    }
    const WorkTurn& turn = s.work->turns[s.turn];
    time_.after(turn.think, [this, i, first = turn.router_first] { first ? route(i) : ask(i); });
  }

  void route(std::size_t i) {
    Session& s = sessions_[i];
    const Chain chain{{mixed(mixed(s.number + 1, 77), ++s.calls), work_.router_prompt}};  // each call is a conversation of its own
    send(request(i, "router", true, work_.router_prompt, work_.router_new, work_.router_output, chain));
  }

  void ask(std::size_t i) {
    Session& s = sessions_[i];
    const WorkTurn& turn = s.work->turns[s.turn];
    if (turn.history_reset) {
      s.chain.clear();
      ++s.epoch;
    }
    const std::uint64_t before = s.chain.empty() ? mixed(s.number + 1, s.epoch << 32) : s.chain.back().hash;
    s.chain.push_back({mixed(before, s.turn), turn.prompt_tokens});
    send(request(i, turn.role, false, turn.prompt_tokens, turn.new_tokens, turn.output_tokens, s.chain));
  }

  Asked request(std::size_t i, const RoleName& name, bool router, std::int64_t prompt, std::int64_t fresh, std::int64_t output, Chain chain) const {
    const RoleSettings& role = *settings_.role(name);
    Asked out{.session = i, .router = router, .fresh = fresh, .output = output};
    out.ask = {.role = name, .source = RoleSource::model, .asked_model = name, .model = role.model, .nodes = role.nodes,
               .session = sessions_[i].work->name, .chain = std::make_shared<const Chain>(std::move(chain)), .tokens = prompt,
               .num_ctx = settings_.model(role.model).num_ctx};
    return out;
  }

  void send(Asked asked) {
    asked.ask.id = ++last_;
    if (asked.arrived == Time{}) asked.arrived = time_.now();
    const Ask ask = asked.ask;
    asked_[ask.id] = std::move(asked);
    on(Arrived{ask});
    if (play_.waits) expect(ask.id, true);
  }

  void expect(TicketId id, bool at_arrival) {
    const auto asked = asked_.find(id);
    if (asked == asked_.end()) return;
    const auto waiting = dispatch_.picture(time_.now()).waiting;
    const auto own = std::find_if(waiting.begin(), waiting.end(), [&](const WaitingPicture& w) { return w.id == id; });
    if (own == waiting.end()) return;
    asked->second.expected.push_back({.at_s = in_seconds(time_.now() - Time{}), .expected_s = own->expected ? in_seconds(*own->expected) : 0, .at_arrival = at_arrival,
                                      .role = asked->second.ask.role});
    time_.after(std::chrono::seconds(10), [this, id] { expect(id, false); });
  }

  void answered(TicketId id, Duration prompt, Duration output) {
    const Asked asked = asked_.at(id);
    asked_.erase(id);
    for (Wait w : asked.expected) {
      w.happened_s = in_seconds(*asked.first - Time{}) - w.at_s;
      play_.waits->push_back(w);
    }
    if (!asked.router) ttft_[asked.ask.role].push_back(in_seconds(*asked.first - asked.arrived));
    on(Ended{id, {.ending = Ending::ok, .content_began = true, .sent = true, .prompt_tokens = asked.ask.tokens, .output_tokens = asked.output,
                  .prompt_time = prompt, .output_time = output}});
    if (asked.router) return this->ask(asked.session);
    ++sessions_[asked.session].turn;
    next(asked.session);
  }

  void failed(TicketId id, const std::string& why) {
    const Asked asked = asked_.at(id);
    asked_.erase(id);
    ++refused_;
    on(Ended{id, {.ending = Ending::node_failed, .sent = true, .error = why}});
    time_.after(ask_again, [this, asked] { send(asked); });
  }

  Played summed() const {
    Played out;
    for (const Session& s : sessions_) {
      out.makespan_s = std::max(out.makespan_s, s.ended ? in_seconds(*s.ended - Time{}) : in_seconds(play_.horizon));
      out.stuck += !s.ended;
    }
    auto ttft = ttft_;
    for (const auto& [id, asked] : asked_) {  // not answered: they count with the time they have waited
      if (!asked.router && !asked.first) ttft[asked.ask.role].push_back(in_seconds(time_.now() - asked.arrived));
      if (!asked.first) out.worst_wait_s = std::max(out.worst_wait_s, in_seconds(time_.now() - asked.arrived));
    }
    sum_up(ttft, out);
    for (const auto& [name, node] : nodes_) {
      out.worst_wait_s = std::max(out.worst_wait_s, in_seconds(node->tally().worst_wait));
      out.loads += node->tally().loads;
      out.loaded_gb += static_cast<double>(node->tally().loaded) / 1e9;
      out.reprefill_s += node->tally().reprefill_s;
    }
    out.refused = refused_;
    return out;
  }

  const Workload& work_;
  const Play& play_;
  const Settings& settings_;
  VirtualTime time_;
  Dispatch dispatch_;
  std::map<NodeName, std::unique_ptr<VirtualNode>> nodes_{};
  std::vector<Session> sessions_{};
  std::map<TicketId, Asked> asked_{};
  std::map<RoleName, std::vector<double>> ttft_{};
  std::optional<Time> wake_{};
  std::size_t open_ = 0;
  int refused_ = 0;
  TicketId last_ = 0;
};

}  // namespace

void sum_up(const std::map<RoleName, std::vector<double>>& ttft, Played& out) {
  std::vector<double> all;
  for (const auto& [role, values] : ttft) {
    all.insert(all.end(), values.begin(), values.end());
    out.ttft[role] = {percentile(values, 95), mean(values)};
  }
  out.ttft_p95_s = percentile(all, 95);
  out.ttft_mean_s = mean(all);
}

Machine machine_of(const NodeSettings& node) {
  const bool laptop = node.gpu_memory > 0 && node.gpu_memory < 24 * gib;
  return {.name = node.name, .load_gbps = laptop ? 2.0 : 2.5, .speed = laptop ? 0.55 : 1.0};
}

boost::system::result<Played, std::string> play(const Workload& work, const Play& how) {
  for (const WorkSession& session : work.sessions)
    for (const WorkTurn& turn : session.turns)
      for (const RoleName& role : {turn.role, turn.router_first ? RoleName("router") : turn.role})
        if (!how.settings->role(role)) return work.name + ": role \"" + role + "\" is not in the YAML: add it under roles, or use another script";
  return Stage(work, how).run();
}

}  // namespace rr::sim
