// The scheduler of the simulated node against recorded timelines of a real Ollama, in virtual time: the order of loads and
// answers, who is refused, who hangs, what /api/ps lists. Causal order is compared, never milliseconds.
#include "sim_lab.hpp"
#include "unit/sim/world.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace sim_timelines_test {

using namespace rr;
using rr::test::Json;

namespace {

Time ms(double t) { return Time{Duration{static_cast<Duration::rep>(t * 1e6)}}; }

std::string tagged(const std::string& engine_name) {
  static const std::map<std::string, std::string> tags{{"small-a", "small-a:1b"}, {"small-b", "small-b:1b"}, {"small-c", "small-c:1b"},
                                                       {"router-s", "router-s:8b"}, {"embed-s", "embed-s:latest"}, {"coder", "coder:30b"},
                                                       {"architect-l", "architect-l:70b"}};
  return tags.at(engine_name);
}

struct Line {
  std::string name;
  std::vector<std::pair<std::string, std::string>> preloads;  // model, keep_alive: before the clock of the clients
  bool any_order = false;    // what came within a millisecond is served in any order there
  std::string earlier{};     // this client's request overtook another on the way: sent 2 ms sooner here
};

// Everything that can be told causally. The others need an accelerator, a broken engine or a socket.
const std::vector<Line> lines{
    {"sched-crash-then-ps", {{"small-a:1b", ""}}},
    {"sched-embed-batch", {{"embed-s", ""}}},
    {"sched-eviction-busy-plain", {{"small-a:1b", ""}}},
    {"sched-eviction-hang-client-gone", {{"small-a:1b", ""}}},
    {"sched-eviction-hang-forever", {{"small-a:1b", ""}}},
    {"sched-eviction-hang-freed-by-other", {{"small-a:1b", "\"1m\""}, {"small-b:1b", "\"30m\""}}},
    {"sched-eviction-not-undone-without-keepalive", {{"small-a:1b", ""}}},
    {"sched-eviction-undone-by-keepalive", {{"small-a:1b", ""}}},
    {"sched-expires-while-busy", {{"small-a:1b", "\"1s\""}}},
    {"sched-gone-during-load", {}},
    {"sched-gone-during-load-others", {}},
    {"sched-gone-in-queue-of-loads", {}},
    {"sched-gone-in-slot-queue", {{"small-a:1b", ""}}},
    {"sched-gone-mid-nonstream", {{"small-a:1b", ""}}},
    {"sched-gone-mid-stream", {{"small-a:1b", ""}}},
    {"sched-hang-mid-stream", {{"small-a:1b", ""}}},
    {"sched-headers-after-load", {}},
    {"sched-hot-model-no-limit", {{"small-a:1b", ""}}, true},
    {"sched-last-starter-wins", {{"small-a:1b", ""}}},
    {"sched-load-fails", {}, false, "other"},
    {"sched-max-loaded-auto", {}},
    {"sched-oom-at-runtime", {{"small-a:1b", "\"30m\""}, {"small-c:1b", "-1"}}},
    {"sched-ps-while-loading", {{"small-a:1b", ""}}},
    {"sched-queue-full", {}},
    {"sched-queue-zero", {}},
    {"sched-reload-hang", {{"router-s:8b", ""}}},
    {"sched-reload-waits", {{"router-s:8b", ""}}},
    {"sched-same-model-cold", {}},
    {"sched-sticky-zero", {{"small-a:1b", ""}}},
    {"sched-two-slots", {{"router-s:8b", ""}}},
    {"sched-unload-while-busy", {{"small-a:1b", ""}}},
    {"sched-unload-while-loading", {}},
    {"sched-v1-traffic-to-victim", {{"small-a:1b", ""}}},
    {"sched-victim-both-busy", {{"small-a:1b", "\"1m\""}, {"small-b:1b", "\"30m\""}}},
    {"sched-victim-both-forever", {{"small-a:1b", "-1"}, {"small-b:1b", "-1"}}},
    {"sched-victim-forever", {{"small-a:1b", "-1"}, {"small-b:1b", "\"30m\""}}},
    {"sched-victim-idle-before-busy", {{"small-a:1b", "\"1m\""}, {"small-b:1b", "\"30m\""}}},
    {"sched-victim-shorter-keepalive", {{"small-b:1b", "\"20m\""}, {"small-a:1b", "\"5m\""}}},
};

sim::NodeSpec node_of(const Json& t) {
  sim::NodeSpec n = test::lab_node();
  n.clock = 1;
  const Json& env = t["env"];
  auto number = [&](const char* name, int otherwise) { return env.contains(name) ? std::stoi(env[name].get<std::string>()) : otherwise; };
  n.max_loaded = number("OLLAMA_MAX_LOADED_MODELS", 3);
  n.max_queue = number("OLLAMA_MAX_QUEUE", 512);
  n.num_parallel = number("OLLAMA_NUM_PARALLEL", 1);
  for (auto& m : n.models) {
    double load = 300;
    for (auto& s : t.value("script", Json::array())) {
      const bool mine = !s.contains("model") || m.name.rfind(s["model"].get<std::string>(), 0) == 0;
      if (mine && s.contains("load_ms")) load = s["load_ms"];
    }
    m.load_time = std::chrono::milliseconds((int(load) + 249) / 250 * 250 + 10);  // the server looks four times a second
    if (m.blob.empty()) m.blob = m.digest;                     // ties are broken by the weights' hash
  }
  return n;
}

test::Client client_of(const Json& t, const Json& send) {
  test::Client c;
  c.who = send["who"];
  const std::string target = send["target"];
  c.route = target == "/api/generate" ? sim::Route::generate : target == "/api/embed" ? sim::Route::embed : sim::Route::chat;
  Json body = send["body"];
  if (target.rfind("/v1/", 0) == 0) body.erase("keep_alive");
  c.body = body.dump();
  std::string text;
  if (body.contains("messages")) text = body["messages"].back()["content"];
  const std::string model = body["model"];
  double tokens = 8, pace = 20, prompt = 25;
  for (auto& s : t.value("script", Json::array())) {
    if (s.contains("model") && model.rfind(s["model"].get<std::string>(), 0) != 0) continue;
    if (s.contains("contains") && text.find(s["contains"].get<std::string>()) == std::string::npos) continue;
    tokens = s.value("n_tokens", tokens);
    pace = s.value("pace_ms", pace);
    prompt = s.value("prompt_ms", prompt);
    if (s.contains("hang_after")) tokens = 1e6;
    if (s.contains("crash_after")) {
      tokens = s["crash_after"];
      c.crashes = true;
      c.out_of_memory = s.value("crash_msg", std::string()).find("out of memory") != std::string::npos;
    }
  }
  if (c.route == sim::Route::embed) {
    tokens = 0;
    prompt *= body["input"].is_array() ? double(body["input"].size()) : 1;
  }
  c.busy = std::chrono::microseconds(std::int64_t((prompt + tokens * pace) * 1000));
  for (auto& e : t["timeline"]) {
    if (e["who"] == send["who"] && e["ev"] == "end" && e["ended"] == "closed by client") c.leaves = ms(e["t_ms"]);
  }
  return c;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (auto& l : lines) out += l + "; ";
  return out;
}

// Names, and how each stands: "small-a:1b for ever", "... past".
std::string listed(const Json& models) {
  std::vector<std::string> out;
  for (auto& m : models) {
    std::string how = m["expires_in_s"].is_string() ? " for ever" : m["expires_in_s"].get<double>() < -0.5 ? " past" : "";
    out.push_back(m["name"].get<std::string>() + " " + std::to_string(m["context_length"].get<int>()) + how);
  }
  std::sort(out.begin(), out.end());
  return joined(out);
}

std::string listed(const test::World& w) {
  std::vector<std::string> out;
  for (auto& r : w.scheduler.resident(w.now)) {
    const std::string how = r.for_ever ? " for ever" : r.expires_at - w.now < -std::chrono::milliseconds(500) ? " past" : "";
    out.push_back(r.name + " " + std::to_string(r.num_ctx) + how);
  }
  std::sort(out.begin(), out.end());
  return joined(out);
}

void replay(const Line& line) {
  const Json t = test::recorded(line.name);
  CAPTURE(line.name);
  test::World w(node_of(t));
  if (line.name == "sched-load-fails") w.load_error["small-b:1b"] = "exit status 3";
  std::vector<std::string> theirs;
  for (auto& [model, keep] : line.preloads) w.preload(model, keep);
  // The recording's clock began with the preparation; ours goes on from the first client.
  double first = -1;
  for (auto& e : t["timeline"]) {
    if (e["ev"] == "send" && first < 0) first = e["t_ms"];
  }
  double prepared = 0;  // the last load before the first client
  for (auto& e : t["timeline"]) {
    if (e["ev"] == "ready" && e["t_ms"] < first) prepared = e["t_ms"];
  }
  w.run_until(std::max(w.now, ms(first - 1)));
  const Duration shift = std::max(w.now - ms(first - 1), Duration::zero());
  for (auto& e : t["timeline"]) {
    if (e["ev"] != "send") continue;
    test::Client c = client_of(t, e);
    if (c.leaves) c.leaves = *c.leaves + shift;
    w.send(ms(e["t_ms"].get<double>() - (c.who == line.earlier ? 2 : 0)) + shift, c);
  }
  for (auto& e : t["timeline"]) {
    const std::string who = e["who"], ev = e["ev"];
    if (who == "engine" && ev == "start") theirs.push_back("start " + tagged(e["model"]));
    if (ev == "end" && e["status"].is_number() && e["ended"] == "clean") theirs.push_back("end " + who + " " + std::to_string(e["status"].get<int>()));
    if (who == "ps" && e["t_ms"] > prepared) {
      // What the recording lists at this place, ours lists once the same events have happened.
      w.run_until(std::max(w.now, ms(e["t_ms"]) + shift));
      CAPTURE(ev);
      CHECK(listed(w) == listed(e["models"]));
    }
  }
  double last = 0;
  for (auto& e : t["timeline"]) last = std::max(last, e["t_ms"].get<double>());
  w.run_until(ms(last + 2000) + shift);
  auto ours = w.log;
  if (line.any_order) {
    std::sort(ours.begin(), ours.end());
    std::sort(theirs.begin(), theirs.end());
  }
  CHECK(joined(ours) == joined(theirs));
}

}  // namespace

TEST_CASE("loads, answers and hangs come in the order that was recorded") {
  for (auto& line : lines) replay(line);
  MESSAGE(lines.size() << " timelines replayed");
}

TEST_CASE("a client that leaves the queue of loads leaves its handler behind, one that leaves a load or a slot does not") {
  for (auto& [name, leaves] : {std::pair{"sched-gone-in-queue-of-loads", true}, {"sched-gone-during-load", false}, {"sched-gone-in-slot-queue", false}}) {
    const Json t = test::recorded(name);
    CAPTURE(name);
    test::World w(node_of(t));
    if (std::string(name) == "sched-gone-in-slot-queue") w.preload("small-a:1b");
    for (auto& e : t["timeline"]) {
      if (e["ev"] == "send") w.send(std::max(ms(e["t_ms"]), w.now), client_of(t, e));
    }
    w.run_until(ms(1'000'000));
    CHECK(w.leaked.empty() != leaves);
  }
}

TEST_CASE("what reloads an engine and what does not is as in the recorded tables") {
  int steps = 0;
  for (const char* name : {"reload-options", "reload-num-ctx", "reload-clamp", "reload-names", "reload-keep-alive"}) {
    const Json t = test::recorded(name);
    test::World w(node_of(t));
    for (auto& m : w.node.models) m.blob = m.name == "router-s-8k:8b" ? "router" : m.name == "router-s:8b" ? "router" : m.blob;
    sim::ModelSpec copy = w.node.models.front();
    for (auto& m : w.node.models) {
      if (m.name == "router-s:8b") copy = m;
    }
    copy.name = "copy-of-router:8b";
    w.node.models.push_back(copy);
    int n = 0;
    for (auto& row : t["rows"]) {
      CAPTURE(name);
      CAPTURE(row["step"].get<std::string>());
      const std::string target = row["target"];
      Json body = row["body"];
      test::Client c;
      c.who = std::string(name) + std::to_string(n++);
      c.route = target == "/api/generate" ? sim::Route::generate : sim::Route::chat;
      if (target.rfind("/v1/", 0) == 0) {
        body = Json{{"model", body["model"]}, {"messages", Json::array({Json{{"role", "user"}, {"content", "x"}}})}};
      }
      c.body = body.dump();
      w.log.clear();
      w.send(w.now, c);
      w.run_until(w.now + std::chrono::milliseconds(1500));
      const bool reloaded = std::any_of(w.log.begin(), w.log.end(), [](auto& l) { return l.rfind("start", 0) == 0; });
      CHECK(reloaded == row["reloaded"].get<bool>());
      std::vector<std::string> theirs, ours;
      for (auto& p : row["ps"]) {
        const bool for_ever = p[2].is_string();
        theirs.push_back(p[0].get<std::string>() + " " + std::to_string(p[1].get<int>()) + " " + (for_ever ? "for ever" : std::to_string((p[2].get<int>() + 5) / 60)));
      }
      for (auto& r : w.scheduler.resident(w.now)) {
        const auto minutes = std::chrono::duration_cast<std::chrono::seconds>(r.expires_at - w.now + std::chrono::seconds(5)).count() / 60;
        ours.push_back(r.name + " " + std::to_string(r.num_ctx) + " " + (r.for_ever ? "for ever" : std::to_string(minutes)));
      }
      CHECK(joined(ours) == joined(theirs));
      ++steps;
    }
  }
  CHECK(steps >= 50);
}

TEST_CASE("every value of keep_alive does what the recorded table says") {
  const Json t = test::recorded("keepalive-table");
  REQUIRE(t["rows"].size() >= 35);
  for (auto& row : t["rows"]) {
    const std::string value = row["keep_alive"];
    CAPTURE(value);
    const auto d = sim::decode(sim::Route::chat, R"({"model":"small-a:1b","messages":[{"role":"user","content":"x"}],"keep_alive":)" + value + "}");
    CHECK(d.error.empty() == (row["status"] == 200));
    if (!d.error.empty()) {
      CHECK(Json::parse(row["error"].get<std::string>())["error"] == d.error);
      continue;
    }
    test::World w(node_of(test::recorded("sched-unload-while-loading")));
    test::Client c;
    c.who = "x";
    c.body = R"({"model":"small-a:1b","messages":[{"role":"user","content":"x"}],"keep_alive":)" + value + "}";
    w.send(w.now, c);
    while (!w.ended.count("x")) w.run_until(w.now + std::chrono::milliseconds(1));
    w.run_until(w.now + std::chrono::milliseconds(30));
    const auto residents = w.scheduler.resident(w.now);
    const Json& left = row["expires_at_minus_now_s"];
    CHECK(residents.empty() == left.is_null());
    if (residents.empty() || left.is_null()) continue;
    CHECK(residents.front().for_ever == left.is_string());
    if (left.is_number()) {
      const double ours = double((residents.front().expires_at - w.now).count()) / 1e9;
      CHECK(ours > left.get<double>() - 0.1);
      CHECK(ours < left.get<double>() + 0.1);
    }
  }
}

}  // namespace sim_timelines_test
