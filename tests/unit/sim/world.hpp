// Clients of one scheduler in virtual time: who asks when, what was loaded, who was answered, who hangs.
#pragma once

#include "sim/memory.hpp"
#include "sim/requests.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace rr::test {

using std::chrono::milliseconds;

struct Client {
  std::string who;
  sim::Route route = sim::Route::chat;
  std::string body;                    // as sent to the node
  Duration busy = milliseconds(185);   // from its slot to its end
  Duration prompt{};                   // of which: an abandoned prompt is computed to its end
  std::optional<Time> leaves;
  bool crashes = false, out_of_memory = false, slot_lost = false;
};

class World {
 public:
  explicit World(sim::NodeSpec n, Duration unload = milliseconds(4)) : node(std::move(n)), scheduler(with_unload(sim::rules(node), unload)) {}

  sim::NodeSpec node;
  sim::Scheduler scheduler;
  Time now{};
  std::vector<std::string> log;           // "start small-a 4096", "end who 200"
  std::map<std::string, int> status;      // who: 200, 503, 500, 499 left, 0 still waits
  std::map<std::string, Time> ended;
  std::set<std::string> leaked;
  std::map<std::string, std::string> load_error;  // by model
  std::function<void(const std::string&)> on_end;

  void at(Time t, std::function<void()> f) { events_.emplace(t, std::move(f)); }

  void send(Time t, Client c) {
    at(t, [this, c] { arrive(c); });
  }

  // Loads a model and lets it be idle, as a test's preparation.
  void preload(const std::string& model, const std::string& keep_alive = "") {
    Client c;
    c.who = "preload " + model;
    c.body = "{\"model\":\"" + model + "\"" + (keep_alive.empty() ? "" : ",\"keep_alive\":" + keep_alive) + "}";
    c.route = sim::Route::generate;
    if (model.rfind("embed", 0) == 0) c.route = sim::Route::embed;
    arrive(c);
    while (status[c.who] == 0) step();
    status.erase(c.who);
    log.erase(std::remove_if(log.begin(), log.end(), [](auto& l) { return l.rfind("end preload", 0) == 0; }), log.end());
  }

  void run_until(Time t) {
    while (next() && *next() <= t) step();
    now = t;
    scheduler.tick(now);
    react();
  }

  std::vector<std::string> resident() const {
    std::vector<std::string> out;
    for (auto& r : scheduler.resident(now)) out.push_back(r.name);
    return out;
  }
  bool waits(const std::string& who) const { return status.count(who) && status.at(who) == 0; }

 private:
  static sim::SchedulerRules with_unload(sim::SchedulerRules r, Duration unload) {
    r.unload = unload;
    return r;
  }
  std::optional<Time> next() const {
    std::optional<Time> first = scheduler.wake();
    if (!events_.empty() && (!first || events_.begin()->first < *first)) first = events_.begin()->first;
    return first;
  }
  void step() {
    now = std::max(now, next().value());
    if (!events_.empty() && events_.begin()->first <= now) {
      auto f = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      scheduler.tick(now);
      react();
      f();
    }
    scheduler.tick(now);
    react();
  }
  const sim::ModelSpec& spec(const std::string& model) const {
    for (auto& m : node.models) {
      if (m.name == model || m.name == model + ":latest") return m;
    }
    throw std::runtime_error("no model " + model);
  }
  void arrive(const Client& c) {
    const sim::Asked a = sim::decode(c.route, c.body).asked;
    const sim::ModelSpec& m = spec(a.model);
    status[c.who] = 0;
    const bool empty = c.route == sim::Route::chat ? a.messages.empty() : c.route == sim::Route::generate ? a.prompt.empty() : a.input.empty();
    if (empty && c.route != sim::Route::embed && a.keep_alive && a.keep_alive->zero()) {
      scheduler.unload(sim::blob_of(m), now);
      over(c.who, 200);
      react();
      return;
    }
    const sim::CallId id = ++last_id_;
    calls_[id] = {c, sim::blob_of(m), empty, {}};
    sim::Want w = sim::want(node, m, sim::read_options(a).runner);
    w.keep_alive = a.keep_alive;
    if (load_error.count(m.name)) w.load_error = load_error[m.name];
    scheduler.ask(id, std::move(w), now);
    react();
    if (c.leaves) at(*c.leaves, [this, id] { leave(id); });
  }
  void leave(sim::CallId id) {
    if (!calls_.count(id)) return;
    Known& k = calls_.at(id);
    if (status[k.client.who] != 0) return;
    std::optional<Time> busy;
    if (k.ran && now < *k.ran + k.client.prompt) busy = *k.ran + k.client.prompt;
    status[k.client.who] = 499;
    scheduler.leave(id, now, busy, k.client.slot_lost && k.ran);
    react();
  }
  void over(const std::string& who, int code) {
    status[who] = code;
    ended[who] = now;
    log.push_back("end " + who + " " + std::to_string(code));
    if (on_end) on_end(who);
  }
  void finish(sim::CallId id) {
    Known k = calls_.at(id);
    if (status[k.client.who] != 0) return;  // left
    calls_.erase(id);
    if (k.client.out_of_memory) {
      scheduler.crash_all(now);
    } else if (k.client.crashes) {
      scheduler.crash(k.blob);
    }
    over(k.client.who, 200);
    scheduler.end(id, now);
    react();
  }
  void react() {
    for (auto effects = scheduler.take(); !effects.empty(); effects = scheduler.take()) {
      for (auto& e : effects) take(e);
    }
  }
  void take(const sim::Effect& e) {
    using Kind = sim::Effect::Kind;
    auto k = calls_.find(e.id);
    if (e.kind == Kind::load_started) {
      for (auto& m : node.models) {
        if (sim::blob_of(m) == e.blob) {
          log.push_back("start " + m.name);
          break;
        }
      }
    }
    if (k == calls_.end()) return;
    if (e.kind == Kind::admitted && k->second.only_loads) {
      over(k->second.client.who, 200);
      calls_.erase(k);
      scheduler.end(e.id, now);
    } else if (e.kind == Kind::admitted) {
      scheduler.compute(e.id, now);
    } else if (e.kind == Kind::run) {
      k->second.ran = now;
      at(now + k->second.client.busy, [this, id = e.id] {
        if (calls_.count(id)) finish(id);
      });
    } else if (e.kind == Kind::refused || e.kind == Kind::load_failed) {
      over(k->second.client.who, e.kind == Kind::refused ? 503 : 500);
      calls_.erase(k);
    } else if (e.kind == Kind::leaked) {
      leaked.insert(k->second.client.who);
    }
  }

  struct Known {
    Client client;
    std::string blob;
    bool only_loads = false;
    std::optional<Time> ran;
  };
  std::multimap<Time, std::function<void()>> events_;
  std::map<sim::CallId, Known> calls_;
  sim::CallId last_id_ = 0;
};

}  // namespace rr::test
