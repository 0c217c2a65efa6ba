// Policy smart on sockets: what the simulated machines see of it.
#include "support/behind.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace smart_test {

using namespace rr;
using namespace rr::test;

namespace {

const std::string coder = "qwen3-coder:30b", architect = "qwen3-coder-next:q4_K_M", tester = "qwen2.5-coder:14b", small = "qwen3:1.7b";

std::string under(const std::string& policy) { return "smart_swap: { policy: " + policy + " }\n"; }

// The file is saved with one word changed.
void adopt(Town& town, const std::string& policy, const std::string& from = "", const std::string& to = "") {
  std::string yaml = two_macs(town.macbook->port(), town.mini->port(), under(policy));
  if (!from.empty()) yaml.replace(yaml.find(from), from.size(), to);
  town.on_loop([&] { town.router->house().adopt(settings_of(yaml)); });
}

void preload(const std::unique_ptr<sim::Node>& node, const std::string& model, int num_ctx) {
  REQUIRE(ask(node->port(), "POST", "/api/generate", R"({"model":")" + model + R"(","prompt":"","keep_alive":-1,"options":{"num_ctx":)" + std::to_string(num_ctx) + "}}").status == 200);
}

bool there(Town& town, const std::unique_ptr<sim::Node>& node, const std::string& model) {
  return town.on_loop([&] {
    const auto names = node->resident();
    return std::find(names.begin(), names.end(), model) != names.end();
  });
}

bool held(Town& town, const std::string& model) {
  return town.until([&] { return town.router->house().desk.dispatch().gate("mac-mini")->find(ModelName(model)) != nullptr; });
}

}  // namespace

TEST_CASE("smart: every request and every load says keep_alive -1, whatever the client and the role say") {
  Town town(under("smart"));
  for (const std::string keep : {"", "0", "-1", "1800", "\"5m\"", "null"})
    for (const char* role : {"coder", "tester", "router"}) {
      CAPTURE(keep);
      const std::string body = R"({"model":")" + std::string(role) + R"(","messages":[{"role":"user","content":"hi"}],"stream":false)" + (keep.empty() ? "" : ",\"keep_alive\":" + keep) + "}";
      CHECK(town.ask("POST", "/api/chat", body).status == 200);
    }
  CHECK(town.ask("POST", "/v1/chat/completions", whole("coder")).status == 200);
  for (const auto* node : {&town.macbook, &town.mini})
    for (const sim::Seen& s : town.seen(*node))
      if (s.target == "/api/chat" || s.target == "/api/generate") CHECK(s.keep_alive == "-1");
}

TEST_CASE("smart: the router ends a lease itself, by an unload order, when the model has been idle for its role's keep_alive") {
  Town town(under("smart"));
  served(town, "coder");
  CHECK(unloads(town, town.mini, coder) == 0);
  adopt(town, "smart", "keep_alive: 2h", "keep_alive: 50ms");
  CHECK(town.until([&] { return town.mini->resident().empty(); }));
  CHECK(unloads(town, town.mini, coder) == 1);
  CHECK(settled(town));
}

TEST_CASE("smart: for an architect coder and tester leave, confirmed by /api/ps, and one load serves all who wait") {
  Town town(under("smart"));
  preload(town.mini, tester, 16384);
  preload(town.mini, coder, 32768);
  REQUIRE(held(town, tester));
  REQUIRE(held(town, coder));
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<RawClient>(town.router->port()));
    clients.back()->send(request_text("POST", i % 2 ? "/v1/chat/completions" : "/api/chat", whole("architect")));
  }
  for (auto& client : clients) CHECK(client->answer().status == 200);
  CHECK(loads(town, town.mini, architect) == 1);
  CHECK(unloads(town, town.mini, coder) == 1);
  CHECK(unloads(town, town.mini, tester) == 1);
  for (const sim::Seen& s : town.seen(town.mini)) CHECK_FALSE(s.queued);  // the load came when the room was there
  CHECK(settled(town));
}

TEST_CASE("smart: who works is not disturbed: the architect waits for the coder's end, then the coder leaves") {
  Town town(under("smart"), 400, endless);
  served(town, "coder");
  RawClient busy(town.router->port()), waits(town.router->port());
  busy.send(request_text("POST", "/api/chat", R"({"model":"coder","messages":[{"role":"user","content":"endless"}]})"));
  REQUIRE(busy.head().status == 200);
  waits.send(request_text("POST", "/api/chat", whole("architect")));
  REQUIRE(town.until([&] { return town.router->house().desk.dispatch().waiting() == 1; }));
  served(town, "router");  // others are, meanwhile
  CHECK(town.on_loop([&] { return town.router->house().desk.dispatch().gate("mac-mini")->phase(); }) == SwapPhase::steady);
  CHECK(unloads(town, town.mini, coder) == 0);
  busy.close();
  CHECK(waits.answer().status == 200);
  CHECK(unloads(town, town.mini, coder) == 1);
  CHECK(loads(town, town.mini, architect) == 1);
}

TEST_CASE("smart: keep_alive 0 stays after its turn and leaves when somebody needs the room") {
  Town town(under("smart"));
  served(town, "architect");
  served(town, "architect");
  CHECK(loads(town, town.mini, architect) == 1);
  CHECK(there(town, town.mini, architect));
  CHECK(unloads(town, town.mini, architect) == 0);
  served(town, "coder");
  CHECK(unloads(town, town.mini, architect) == 1);
  CHECK_FALSE(there(town, town.mini, architect));
  CHECK(there(town, town.mini, coder));
}

TEST_CASE("smart: a router that starts anew adopts what it finds loaded") {
  Town town(under("smart"));
  served(town, "coder");
  town.on_loop([&] {
    const Snapshot settings = town.router->house().settings;
    town.router.reset();
    town.router = std::move(*app::Router::open(town.io, settings));
  });
  served(town, "coder");
  served(town, "coder", "/v1/chat/completions");
  CHECK(loads(town, town.mini, coder) == 1);
  CHECK(unloads(town, town.mini, coder) == 0);
}

TEST_CASE("smart: pinned models and those with their second place are brought when the machine comes up, big to small; no other is") {
  Town town(under("smart"));
  REQUIRE(town.until([&] { return town.macbook->resident().size() == 2; }));
  std::vector<std::string> loaded;
  for (const sim::Seen& s : town.seen(town.macbook))
    if (s.loaded_for_it) loaded.push_back(s.model);
  CHECK(loaded == std::vector<std::string>{tester, small});
  CHECK(town.on_loop([&] { return town.mini->resident().empty(); }));
}

TEST_CASE("from smart to seed to passthrough and back while clients wait and run: every request is answered") {
  Town town(under("smart"));
  const std::vector<std::string> policies{"smart", "seed", "passthrough", "smart", "passthrough", "seed", "smart"};
  for (std::size_t i = 0; i + 1 < policies.size(); ++i) {
    CAPTURE(policies[i]);
    CAPTURE(policies[i + 1]);
    // Left to itself a machine may hang over an eviction, as the real one does: the architect comes only while somebody keeps the gate.
    const bool kept = policies[i] != "passthrough" && policies[i + 1] != "passthrough";
    std::vector<std::unique_ptr<RawClient>> clients;
    const auto begin = [&](const char* role) {
      clients.push_back(std::make_unique<RawClient>(town.router->port()));
      clients.back()->send(request_text("POST", clients.size() % 2 ? "/api/chat" : "/v1/chat/completions", whole(role)));
    };
    for (const char* role : {"coder", "tester", "router", "coder", "tester"}) begin(role);
    if (kept) begin("architect");
    adopt(town, policies[i + 1]);
    for (const char* role : {"coder", "router", "tester"}) begin(role);
    for (auto& client : clients) {
      const Answer a = client->answer();
      CHECK(a.status == 200);
      CHECK(a.clean);
    }
    if (!kept) {  // what stands there makes room before the gate's rule ends
      served(town, "coder");
      served(town, "tester");
    }
  }
  CHECK(town.until([&] {
    const Dispatch& dispatch = town.router->house().desk.dispatch();
    return dispatch.in_flight() == 0 && dispatch.waiting() == 0;
  }));
}

}  // namespace smart_test
