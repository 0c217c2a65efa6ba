// The simulated node hangs where the real one hangs: per-request keep_alive and an eviction of a busy model.
#include "unit/sim/world.hpp"

#include <doctest/doctest.h>

#include <random>

namespace hang_test {

using namespace rr;
using namespace std::chrono_literals;

namespace {

sim::NodeSpec two_places() {
  sim::NodeSpec n;
  n.gpu_memory = 40 * gib;
  n.max_loaded = 2;
  for (const char* name : {"a:1b", "b:1b", "c:1b"}) {
    sim::ModelSpec m;
    m.name = name;
    m.size = 5'000'000'000;
    m.kv_per_token = 1024;
    n.models.push_back(m);
  }
  return n;
}

std::string chat(const std::string& model, const std::string& keep) {
  return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]" + (keep.empty() ? "" : ",\"keep_alive\":" + keep) + "}";
}

// Eight clients, each: think, ask one of three models, wait for the answer, again. Returns who still waits after a simulated day.
std::vector<std::string> a_day(const std::string& keep, unsigned seed, int& answers) {
  test::World w(two_places(), 700ms);
  std::mt19937 random(seed);
  std::map<std::string, int> turn;
  std::function<void(int)> again = [&](int client) {
    test::Client c;
    c.who = "client " + std::to_string(client) + " turn " + std::to_string(turn["client " + std::to_string(client)]++);
    c.body = chat(std::string(1, char('a' + int(random() % 3))) + ":1b", keep);
    c.busy = std::chrono::milliseconds(500 + random() % 15000);
    w.send(w.now + std::chrono::milliseconds(random() % 8000), c);
  };
  w.on_end = [&](const std::string& who) {
    ++answers;
    again(std::stoi(who.substr(7)));
  };
  for (int i = 0; i < 8; ++i) again(i);
  w.run_until(Time{24h});
  std::vector<std::string> stuck;
  for (auto& [who, status] : w.status) {
    if (status == 0) stuck.push_back(who);
  }
  const bool blocked = w.scheduler.waiting_for_unload();
  w.run_until(Time{25h});
  std::erase_if(stuck, [&](auto& who) { return w.status[who] != 0; });  // an hour more: merely slow ones are served by then
  if (!blocked && !stuck.empty()) stuck.push_back("but the scheduler does not wait");
  return stuck;
}

}  // namespace

TEST_CASE("a busy victim revived by keep_alive -1 hangs everything that needs a load, until somebody unloads it") {
  sim::NodeSpec n = two_places();
  n.max_loaded = 1;
  test::World w(n, 700ms);
  w.preload("a:1b");
  auto client = [&](Time t, const char* who, const char* model, const char* keep, Duration busy) {
    test::Client c;
    c.who = who;
    c.body = chat(model, keep);
    c.busy = busy;
    w.send(t, c);
  };
  const Time t = w.now;
  client(t + 1s, "busy a", "a:1b", "", 20s);
  client(t + 2s, "wants b", "b:1b", "", 5s);
  client(t + 3s, "revives a", "a:1b", "-1", 5s);
  client(t + 4s, "wants c", "c:1b", "", 5s);
  w.run_until(t + 24h);
  CHECK(w.status["revives a"] == 200);
  CHECK(w.waits("wants b"));
  CHECK(w.waits("wants c"));
  CHECK(w.resident() == std::vector<std::string>{"a:1b"});  // idle, and kept for ever
  w.scheduler.unload("a:1b", w.now);
  w.run_until(t + 25h);
  CHECK(w.status["wants b"] == 200);
  CHECK(w.status["wants c"] == 200);
}

TEST_CASE("eight clients with keep_alive -1 on every request hang within a day; without it nobody does") {
  int hung = 0, with = 0, without = 0;
  for (unsigned seed = 1; seed <= 5; ++seed) {
    hung += a_day("-1", seed, with).empty() ? 0 : 1;
    CHECK(a_day("", seed, without).empty());
  }
  CHECK(hung == 5);
  CHECK(without > 5 * with);  // a node that hangs answers nobody
}

}  // namespace hang_test
