// A changed file is adopted whole or refused whole; what runs finishes by the snapshot it began with.
#include "api/json.hpp"
#include "app/reload.hpp"
#include "support/long_run.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

namespace reload_test {

using namespace rr;
using namespace rr::test;

namespace {

struct Edited : Town {
  explicit Edited(double clock = 400) : Town("", clock), path(std::filesystem::temp_directory_path() / ("role-router-" + std::to_string(::getpid()) + ".yaml")) {
    text = two_macs(macbook->port(), mini->port(), "smart_swap: { policy: seed }\n");
    save(text);
    on_loop([&] { reload.emplace(router->house().shared_from_this(), path.string()); });
  }
  ~Edited() {
    on_loop([&] { reload.reset(); });
    std::filesystem::remove(path);
  }
  void save(const std::string& yaml) {
    std::ofstream(path.string() + ".new") << yaml;
    std::filesystem::rename(path.string() + ".new", path);  // as editors save
  }
  std::string with(const std::string& from, const std::string& to) const {
    std::string out = text;
    const auto at = out.find(from);
    REQUIRE(at != std::string::npos);
    return out.replace(at, from.size(), to);
  }
  void hup() {
    on_loop([&] { reload->now(); });
  }
  api::Json health() { return api::Json::parse(ask("GET", "/health").body); }

  std::filesystem::path path;
  std::string text{};
  std::optional<app::Reload> reload{};
};

std::string without_macbook(const Edited& town) {
  std::string out = town.with("node: macbook,             model: qwen3:1.7b", "node: mac-mini,            model: qwen3:1.7b");
  const auto line = out.find("  macbook:  {");
  out.erase(line, out.find('\n', line) + 1 - line);
  return out.replace(out.find("[mac-mini, macbook]"), 19, "mac-mini");
}

const std::string tester = R"({"model":"tester","messages":[{"role":"user","content":"hi"}],"stream":false})";

}  // namespace

TEST_CASE("changing one word moves a role") {
  Edited town;
  CHECK(town.ask("POST", "/api/chat", tester).field("X-Router-Node") == "mac-mini");
  town.save(town.with("node: [mac-mini, macbook]", "node: macbook            "));
  town.hup();
  CHECK(town.ask("POST", "/api/chat", tester).field("X-Router-Node") == "macbook");
  CHECK(town.health()["config"]["generation"] == 2);
}

TEST_CASE("a saved file is noticed without a signal") {
  Edited town;
  town.on_loop([&] { town.reload->watch(); });
  town.save(town.with("keep_alive: 2h", "keep_alive: 90m"));
  CHECK(town.until([&] { return town.router->house().adoption.generation == 2; }));
  CHECK(town.ask("POST", "/api/chat", R"({"model":"coder","messages":[{"role":"user","content":"hi"}],"stream":false})").status == 200);
  CHECK(town.inference(town.mini).back().keep_alive == "\"1h30m\"");
}

TEST_CASE("row 61: a file with a mistake changes nothing, and /health says why") {
  Edited town;
  town.save(town.with("default_role: coder", "default_role: codr "));
  town.hup();
  const api::Json health = town.health();
  CHECK(health["config"]["generation"] == 1);
  REQUIRE(health["config"]["refused"].is_string());
  CHECK(health["config"]["refused"].get<std::string>().find("did you mean") != std::string::npos);
  CHECK(town.ask("POST", "/api/chat", tester).status == 200);
  std::filesystem::remove(town.path);
  town.hup();
  CHECK(town.health()["config"]["generation"] == 1);
  town.save(town.text);
  town.hup();
  CHECK(town.health()["config"]["refused"].is_null());
}

TEST_CASE("row 62: a stream on a node that leaves the file goes on to its end, and nothing new goes there") {
  Edited town(60);
  RawClient client(town.router->port());
  client.send(request_text("POST", "/api/chat", R"({"model":"router","messages":[{"role":"user","content":"[[chunks:60]] hi"}]})"));
  Answer running = client.head();
  REQUIRE(running.status == 200);
  town.save(without_macbook(town));
  town.hup();
  REQUIRE(town.on_loop([&] { return town.router->house().settings->nodes.size(); }) == 1);
  const std::size_t there = town.inference(town.macbook).size();
  for (int i = 0; i < 3; ++i)
    CHECK(town.ask("POST", "/api/chat", R"({"model":"router","messages":[{"role":"user","content":"hi"}],"stream":false})").field("X-Router-Node") == "mac-mini");
  CHECK(town.inference(town.macbook).size() == there);
  client.body(running);
  CHECK(running.clean);
  CHECK(running.body.find("\"done\":true") != std::string::npos);
  CHECK(town.until([&] { return town.router->house().desk.dispatch().in_flight() == 0; }));
}

TEST_CASE("row 61: requests during a hundred reloads all succeed") {
  Edited town;
  int ok = 0;
  for (int i = 0; i < 100; ++i) {
    town.save(town.with("keep_alive: 2h", "keep_alive: " + std::to_string(100 + i) + "m"));
    town.hup();
    ok += town.ask("POST", "/api/chat", tester).status == 200;
  }
  CHECK(ok == 100);
  CHECK(town.on_loop([&] { return town.router->house().adoption.generation; }) == 101);
}

TEST_CASE("row 61: machines come, go and change their addresses under load, and no request fails") {
  Edited town;
  const int reloads = long_run() ? 100 : 10, between = long_run() ? 1000 : 30;  // answers
  const std::string mini = std::to_string(town.mini->port());
  const std::vector<std::string> files{
      town.text, without_macbook(town),  // the router's role moves to the mini
      town.with("address: 127.0.0.1:" + mini, "address: [127.0.0.1:" + mini + ", localhost:" + mini + "]"),
      town.with("  coder:     { node: mac-mini, ", "  coder:     { node: [macbook, mac-mini], ")};
  std::atomic<int> whole = 0, failed = 0;
  std::atomic<bool> over = false;
  std::vector<std::thread> clients;
  for (const char* role : {"router", "coder", "tester", "tester"})
    clients.emplace_back([&, role] {
      RawClient client(town.router->port());
      while (!over) {
        client.send(request_text("POST", "/api/chat", R"({"model":")" + std::string(role) + R"(","messages":[{"role":"user","content":"[[chunks:5]] hi"}]})"));
        const Answer a = client.answer();
        const bool good = a.status == 200 && a.clean && a.body.find("\"done\":true") != std::string::npos;
        ++(good ? whole : failed);
        if (!good) return over.store(true);
      }
    });
  for (int i = 1; i <= reloads && !over; ++i) {
    town.save(files[static_cast<std::size_t>(i) % files.size()]);
    town.hup();
    const int enough = whole + between;
    CHECK(town.until([&] { return over || whole >= enough; }));
  }
  over = true;
  for (std::thread& client : clients) client.join();
  CHECK(failed == 0);
  CHECK(town.on_loop([&] { return town.router->house().adoption.generation; }) == reloads + 1);
  MESSAGE(reloads << " reloads, " << whole.load() << " requests, " << failed.load() << " failed");
}

TEST_CASE("row 61: a hundred signals at once are two readings of the file, and the last file counts") {
  Edited town;
  const std::string last = town.with("keep_alive: 2h", "keep_alive: 7h");
  town.on_loop([&] {
    town.reload->soon();
    town.save(last);
    for (int i = 0; i < 99; ++i) town.reload->soon();
    CHECK(town.reload->readings() == 1);
  });
  CHECK(town.until([&] { return town.reload->readings() == 2; }));
  CHECK(town.until([&] { return town.router->house().settings->text == last; }));
  CHECK(town.ask("POST", "/api/chat", tester).status == 200);
}

}  // namespace reload_test
