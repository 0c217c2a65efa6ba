// Conformance, aggregated views of several nodes: reference cases 60, 62.
#include "support/scripted_node.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace views_test {

using namespace rr;
using namespace rr::test;
using api::Json;

namespace {

const std::string shared = "qwen2.5-coder:14b";

// Two nodes that have one model in common, both with it loaded.
struct Couple : Loop {
  Couple() {
    const ScriptedNode::Play none = [](wire::Client&, const wire::Request&) -> wire::Task<void> { co_return; };
    macbook.emplace(io, std::map<std::string, Bytes>{{"qwen3:1.7b", 14 * gb / 10}, {shared, 9 * gb}}, none);
    mini.emplace(io, std::map<std::string, Bytes>{{"qwen3-coder:30b", 19 * gb}, {shared, 9 * gb}}, none);
    macbook->state().resident[shared] = 16384;
    mini->state().resident[shared] = 16384;
    router = std::move(*app::Router::open(io, settings_of(two_macs(macbook->port(), mini->port()))));
    start();
    REQUIRE(until([&] {
      for (const NodeBelief& node : router->house().desk.dispatch().fleet().nodes)
        if (!node.inventory_known || node.residents.empty()) return false;
      return true;
    }));
  }
  ~Couple() {
    stop();
    router.reset();
    macbook.reset();
    mini.reset();
  }
  Json list(const char* path) { return Json::parse(ask(router->port(), "GET", path).body)["models"]; }
  bool down(const char* name) {
    return until([&] { return router->house().desk.dispatch().fleet().node(name)->state == NodeState::down; });
  }
  std::optional<ScriptedNode> macbook{}, mini{};
  std::unique_ptr<app::Router> router{};
};

std::vector<std::string> names(const Json& models) {
  std::vector<std::string> out;
  for (const auto& m : models) out.push_back(m["name"]);
  return out;
}

}  // namespace

TEST_CASE("case 60: ps lists a model that two nodes hold once for each, with its node and all that `ollama ps` prints") {
  Couple town;
  const Json models = town.list("/api/ps");
  REQUIRE(models.size() == 2);
  std::set<std::string> nodes;
  for (const auto& m : models) {
    CHECK(m["name"] == shared);
    nodes.insert(m["node"].get<std::string>());
    CHECK(m["digest"].get<std::string>().size() >= 12);  // the client cuts it there, and dies of a shorter one
    CHECK(m["size"].get<Bytes>() == 9 * gb);
    CHECK(m["size_vram"].get<Bytes>() == 9 * gb);
    CHECK(m["expires_at"].is_string());
    CHECK(m["context_length"] == 16384);
  }
  CHECK(nodes == std::set<std::string>{"macbook", "mac-mini"});
}

TEST_CASE("case 62: with a node down, tags and ps are answered from what is known") {
  Couple town;
  const auto before = names(town.list("/api/tags"));
  town.on_loop([&] { town.mini->stop(); });
  REQUIRE(town.down("mac-mini"));
  CHECK(names(town.list("/api/tags")) == before);  // what it has is known, and will be there when it is back
  const Json ps = town.list("/api/ps");            // what it held is not
  REQUIRE(ps.size() == 1);
  CHECK(ps[0]["node"] == "macbook");
  const Json v1 = Json::parse(ask(town.router->port(), "GET", "/v1/models").body)["data"];
  CHECK(v1.size() == before.size());
}

TEST_CASE("case 62: with a node that never answers, tags and ps are answered without it") {
  Town town;
  REQUIRE(town.ask("POST", "/api/chat", R"({"model":"coder","messages":[{"role":"user","content":"hi"}],"stream":false})").status == 200);
  REQUIRE(town.until([&] { return !town.router->house().desk.dispatch().fleet().node("mac-mini")->residents.empty(); }));
  const std::string tags = town.ask("GET", "/api/tags").body, ps = town.ask("GET", "/api/ps").body;
  for (const char* path : {"/api/tags", "/api/ps", "/api/version"}) town.fault(town.mini, {.what = sim::Fault::What::hang, .times = -1, .path = path});
  const auto looks = [&] { return std::count_if(town.mini->seen().begin(), town.mini->seen().end(), [](const sim::Seen& s) { return s.target == "/api/ps"; }); };
  const auto before = town.on_loop(looks);
  town.on_loop([&] { town.router->house().watch.look("mac-mini"); });
  REQUIRE(town.until([&] { return looks() > before; }));  // a look is on its way, and will not come back
  CHECK(town.ask("GET", "/api/tags").body == tags);
  CHECK(town.ask("GET", "/api/ps").body == ps);
}

}  // namespace views_test
