// A node of type exo: its models are placed and taken away as the roles need them, and used when their runners are ready.
#include "support/exo_node.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace exo_test {

using namespace rr;
using namespace rr::test;

namespace {

const std::string big = "mlx-community/Big-4bit", small = "mlx-community/Small-4bit";

struct Cluster : Loop {
  explicit Cluster(const std::string& more = "", const std::string& memory = "64GiB") {
    node.emplace(io, std::map<std::string, int>{{big, 40000}, {small, 8000}});
    auto opened = app::Router::open(io, settings_of("roles:\n  architect: { node: exo, model: mlx-community/big-4bit, keep_alive: 2h }\n"
                                                    "  coder: { node: exo, model: mlx-community/small-4bit, keep_alive: 2h }\n"
                                                    "nodes:\n  exo: { type: exo, address: 127.0.0.1:" + std::to_string(node->port()) + ", gpu_memory: " + memory + " }\n" + more));
    if (!opened) throw std::runtime_error(opened.error());
    router = std::move(*opened);
    start();
    if (!until([&] { return router->house().desk.dispatch().fleet().nodes.front().heard && router->house().desk.dispatch().fleet().nodes.front().inventory_known; }))
      throw std::runtime_error("the router never learnt what exo has");
  }
  ~Cluster() {
    stop();
    router.reset();
    node.reset();
  }
  Answer chat(const std::string& role, bool stream = true) {
    return test::ask(router->port(), "POST", "/api/chat", R"({"model":")" + role + R"(","messages":[{"role":"user","content":"hi"}],"stream":)" + (stream ? "true}" : "false}"));
  }
  std::vector<std::string> log() {
    return on_loop([&] { return node->state().log; });
  }
  api::Json health() { return api::Json::parse(test::ask(router->port(), "GET", "/health").body); }

  std::optional<ExoNode> node{};
  std::unique_ptr<app::Router> router{};
};

}  // namespace

TEST_CASE("a model is placed by a plan that exo finds possible, and asked only when all of its runners are ready") {
  Cluster c;
  const Answer a = c.chat("architect");
  CHECK(a.status == 200);
  CHECK(a.clean);
  CHECK(a.body.find(R"("content":"hel"})") != std::string::npos);
  CHECK(a.body.find(R"("done":true)") != std::string::npos);
  CHECK(c.log() == std::vector<std::string>{"place " + big + " Pipeline MlxRing 2", "chat " + big});
  CHECK(c.chat("architect", false).body.find("\"content\":\"hello\"") != std::string::npos);
  CHECK(c.log().size() == 3);  // it is there: placed once
  const api::Json node = c.health()["nodes"]["exo"];
  CHECK(node["type"] == "exo");
  REQUIRE(node["models"].size() == 1);
  CHECK(ModelName(node["models"][0]["name"].get<std::string>()) == ModelName(big));
  CHECK(node["models"][0]["gib"].get<double>() > 39);  // as reckoned: exo tells no size
  CHECK(c.on_loop([&] { return c.node->state().gets; }) == std::set<std::string>{"/instance/previews", "/state/instances", "/state/runners", "/v1/models"});
}

TEST_CASE("two models that fit stay side by side; where they do not, the idle one is taken away first") {
  Cluster wide;
  CHECK(wide.chat("architect").status == 200);
  CHECK(wide.chat("coder").status == 200);
  CHECK(wide.log() == std::vector<std::string>{"place " + big + " Pipeline MlxRing 2", "chat " + big, "place " + small + " Pipeline MlxRing 2", "chat " + small});
  Cluster tight("smart_swap: { policy: smart }\n", "48GiB");
  CHECK(tight.chat("architect").status == 200);
  CHECK(tight.chat("coder").status == 200);
  CHECK(tight.log() == std::vector<std::string>{"place " + big + " Pipeline MlxRing 2", "chat " + big, "delete " + big, "place " + small + " Pipeline MlxRing 2", "chat " + small});
}

TEST_CASE("memory that is given back slowly is waited for") {
  Cluster c("smart_swap: { policy: smart }\n", "48GiB");
  c.on_loop([&] { c.node->state().slow_to_free = 4; });
  CHECK(c.chat("architect").status == 200);
  CHECK(c.chat("coder").status == 200);
  CHECK(c.log() == std::vector<std::string>{"place " + big + " Pipeline MlxRing 2", "chat " + big, "delete " + big, "place " + small + " Pipeline MlxRing 2", "chat " + small});
}

TEST_CASE("an instance whose runner failed earlier is taken away and placed anew; one that is well is not touched beside it") {
  Cluster c;
  c.on_loop([&] { c.node->state().instances.push_back({.id = "old", .model = big, .looks = 9, .failed = true}); });
  CHECK(c.chat("architect").status == 200);
  CHECK(c.log() == std::vector<std::string>{"delete " + big, "place " + big + " Pipeline MlxRing 2", "chat " + big});
}

TEST_CASE("what was placed by somebody else is used, also when it is still on its way") {
  Cluster c;
  c.on_loop([&] { c.node->state().instances.push_back({.id = "theirs", .model = big}); });
  CHECK(c.chat("architect").status == 200);
  CHECK(c.log() == std::vector<std::string>{"chat " + big});
}

TEST_CASE("where exo plans nothing, drops the order or a runner fails, the client hears why") {
  Cluster no_room;
  no_room.on_loop([&] { no_room.node->state().room = 1000; });
  const Answer a = no_room.chat("architect");
  CHECK(a.status == 502);
  CHECK(a.body.find("not enough memory for " + big) != std::string::npos);
  CHECK(no_room.log().empty());
  Cluster fails;
  fails.on_loop([&] { fails.node->state().runner_fails = true; });
  const Answer b = fails.chat("architect");
  CHECK(b.status == 502);
  CHECK(b.body.find("Metal ran out of memory") != std::string::npos);
  CHECK(fails.until([&] { return fails.node->state().instances.empty() || fails.node->state().instances.front().gone; }));  // its memory is given back
}

TEST_CASE("an idle model is taken away when its lease is over, and an unload is done") {
  Cluster c;
  CHECK(c.chat("coder").status == 200);
  CHECK(test::ask(c.router->port(), "POST", "/api/generate", R"({"model":"coder","keep_alive":0})").status == 200);
  CHECK(c.until([&] { return c.node->state().instances.empty(); }));
  CHECK(c.log().back() == "delete " + small);
  CHECK(test::ask(c.router->port(), "POST", "/api/generate", R"({"model":"coder"})").status == 200);  // loads, and nothing is asked
  CHECK(c.log().back() == "place " + small + " Pipeline MlxRing 2");
}

TEST_CASE("a stream of nothing but keep-alives is given up: a comment is no sign of life") {
  Cluster c("first_byte: 1s\nbetween_chunks: 1s\n");
  c.on_loop([&] { c.node->state().only_comments = true; });
  const Answer a = c.chat("architect");
  CHECK(a.status >= 500);
  CHECK(a.body.find("said nothing but keep-alives for 1s") != std::string::npos);
  const auto log = c.log();  // it was taken away and placed anew before it was asked once more
  CHECK(std::count(log.begin(), log.end(), "delete " + big) >= 1);
  CHECK(c.until([&] { return c.node->state().commenting == 0; }));  // its connection was closed
  CHECK(test::ask(c.router->port(), "POST", "/v1/chat/completions", R"({"model":"architect","messages":[{"role":"user","content":"hi"}]})").status == 200);
}

TEST_CASE("a role's model that exo has not downloaded is missing, and the way to it is told") {
  Cluster c;
  c.on_loop([&] { c.node->state().models.erase(small); });
  c.on_loop([&] { c.router->house().watch.take_stock("exo"); });
  CHECK(c.until([&] { return c.router->house().desk.dispatch().fleet().nodes.front().installed.size() == 1; }));
  const Answer a = c.chat("coder");
  CHECK(a.status == 404);
  CHECK(a.body.find("download it in exo's page") != std::string::npos);
}

}  // namespace exo_test
