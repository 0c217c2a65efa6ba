// Conformance, what is resident and what reloads it: reference cases 42, 45-48.
#include "support/scripted_node.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace residency_test {

using namespace rr;
using namespace rr::test;
using api::Json;

namespace {

std::string chat(const std::string& model, const std::string& more = "") {
  return R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}],"stream":false)" + more + "}";
}

wire::Task<void> say_ok(wire::Client& client, std::string model) {
  client.send(ScriptedNode::head(200, "application/json; charset=utf-8"), ScriptedNode::line(model, "ok", true));
  co_return;
}

// As ScriptedNode's, but the name is the request's.
wire::Task<void> answer(wire::Client& client, const wire::Request& request) {
  return say_ok(client, Json::parse(request.body.view())["model"].get<std::string>());
}

}  // namespace

TEST_CASE("case 42: an alias over the same weights is the model that is there: no second resident, no load") {
  struct Copied : Loop {
    Copied() {
      const std::map<std::string, Bytes> models{{"qwen3-coder:30b", 19 * gb}, {"qwen2.5-coder:14b", 9 * gb}, {"my-coder:latest", 19 * gb}};
      node.emplace(io, models, answer);
      node->state().digests["my-coder:latest"] = ScriptedNode::digest_of("qwen3-coder:30b");  // `ollama cp`
      router = std::move(*app::Router::open(io, settings_of(
          "roles:\n  coder: { node: here, model: qwen3-coder:30b, keep_alive: 2h }\n  tester: { node: here, model: qwen2.5-coder:14b, keep_alive: 30m }\n"
          "nodes:\n  here: { address: 127.0.0.1:" + std::to_string(node->port()) + ", gpu_memory: 40GiB }\n"
          "models:\n  default: { num_ctx: 16384 }\n  qwen3-coder:30b: { num_ctx: 16384, size: 19GB }\n  qwen2.5-coder:14b: { num_ctx: 16384, size: 9GB }\n")));
      start();
    }
    ~Copied() {
      stop();
      router.reset();
      node.reset();
    }
    std::optional<ScriptedNode> node{};
    std::unique_ptr<app::Router> router{};
  } town;
  const auto port = town.router->port();
  REQUIRE(ask(port, "POST", "/api/chat", chat("coder")).status == 200);
  REQUIRE(ask(port, "POST", "/api/chat", chat("tester")).status == 200);  // both fit, the alias as a third would not
  const Answer by_alias = ask(port, "POST", "/api/chat", chat("my-coder"));
  CHECK(by_alias.status == 200);
  CHECK(Json::parse(by_alias.body)["model"] == "my-coder");  // the client's own word for it
  CHECK(by_alias.field("X-Router-Model") == "qwen3-coder:30b");
  const auto log = town.on_loop([&] { return town.node->state().log; });
  CHECK(log == std::vector<std::string>{"load qwen3-coder:30b", "POST /api/chat", "load qwen2.5-coder:14b", "POST /api/chat", "POST /api/chat"});
  const auto held = town.on_loop([&] { return town.router->house().desk.dispatch().gate("here")->held().size(); });
  CHECK(held == 2);
  // an unload by the alias unloads the weights
  CHECK(ask(port, "POST", "/api/generate", R"({"model":"my-coder","prompt":"","keep_alive":0})").status == 200);
  CHECK(town.until([&] { return town.node->state().log.back() == "unload qwen3-coder:30b"; }));
}

TEST_CASE("case 45: shift:false of one client does not reload the model for the others, and its answer says so") {
  Town town;
  for (const std::string value : {"", "false", "", "true", "false", ""}) {
    CAPTURE(value);
    const Answer a = town.ask("POST", "/api/chat", chat("coder", value.empty() ? "" : ",\"shift\":" + value));
    CHECK(a.status == 200);
    CHECK(a.field("X-Router-Ignored") == (value.empty() ? "" : "shift " + value));
  }
  const auto loads = [&] {
    int sum = 0;
    for (const auto& s : town.seen(town.mini)) sum += s.loaded_for_it;
    return sum;
  };
  CHECK(loads() == 1);
  Town through("smart_swap: { policy: passthrough }\n");  // nothing of the client's is touched there
  CHECK(through.ask("POST", "/api/chat", chat("coder", R"(,"shift":false)")).field("X-Router-Ignored") == "");
  CHECK(through.inference(through.mini).back().body.find(R"("shift":false)") != std::string::npos);
}

TEST_CASE("case 46: a num_ctx that is no number is refused in Ollama's words, and the connection goes on") {
  Town town;
  RawClient client(town.router->port());
  for (const char* value : {R"("8192")", "[8192]", "{}", "true"}) {
    CAPTURE(value);
    client.send(request_text("POST", "/api/chat", chat("coder", std::string(R"(,"options":{"num_ctx":)") + value + "}")));
    const Answer a = client.answer();
    CHECK(a.status == 400);
    CHECK(Json::parse(a.body)["error"] == R"(option "num_ctx" must be of type integer)");
  }
  CHECK(town.inference(town.mini).empty());
  client.send(request_text("POST", "/api/chat", chat("coder", R"(,"options":{"num_ctx":8192})")));
  CHECK(client.answer().status == 200);
}

TEST_CASE("case 47: the memory estimate needs no head counts of /api/show, and /api/ps corrects it") {
  // head_count_kv hidden, as for a model whose layers differ, and no key_length: nothing can be computed from them.
  Town town("", 400, [](sim::NodeSpec& node) {
    for (auto& m : node.models)
      m.model_info = R"({"general.architecture":"qwen3moe","general.basename":")" + m.name + R"(","qwen3moe.attention.head_count":32,)"
                     R"("qwen3moe.attention.head_count_kv":null,"qwen3moe.block_count":48})";
  });
  const ModelName coder("qwen3-coder:30b");
  const auto need = [&] {
    const auto& house = town.router->house();
    return footprint(*house.settings, house.desk.dispatch().fleet(), "mac-mini", coder);
  };
  const Footprint estimate = town.on_loop(need);
  CHECK(estimate.known);
  CHECK_FALSE(estimate.measured);
  CHECK(estimate.kv > 0);
  CHECK(estimate.total == estimate.weights + estimate.kv + estimate.compute);
  CHECK(town.ask("POST", "/api/chat", chat("coder")).status == 200);
  REQUIRE(town.until([&] { return need().measured; }));
  const Json ps = Json::parse(town.ask("GET", "/api/ps").body)["models"];
  REQUIRE(ps.size() == 1);
  CHECK(town.on_loop(need).total == ps[0]["size"].get<Bytes>());
}

TEST_CASE("case 48: a model that is partly off the GPU is seen, told in /health, and asked for elsewhere where that is possible") {
  struct Halved : Loop {
    Halved() {
      macbook.emplace(io, std::map<std::string, Bytes>{{"qwen2.5-coder:14b", 9 * gb}}, answer);
      mini.emplace(io, std::map<std::string, Bytes>{{"qwen2.5-coder:14b", 9 * gb}, {"qwen3-coder:30b", 19 * gb}}, answer);
      mini->state().on_gpu = 0.5;
      router = std::move(*app::Router::open(io, settings_of(two_macs(macbook->port(), mini->port()))));
      start();
    }
    ~Halved() {
      stop();
      router.reset();
      macbook.reset();
      mini.reset();
    }
    bool seen(const ModelName& model) {
      return until([&] {
        for (const Resident& r : router->house().desk.dispatch().fleet().node("mac-mini")->residents)
          if (r.name == model && r.size_vram < r.size) return true;
        return false;
      });
    }
    std::optional<ScriptedNode> macbook{}, mini{};
    std::unique_ptr<app::Router> router{};
  } town;
  const auto port = town.router->port();
  REQUIRE(ask(port, "POST", "/api/chat", chat("tester")).field("X-Router-Node") == "mac-mini");  // the role's first
  REQUIRE(town.seen(ModelName("qwen2.5-coder:14b")));
  const Json health = Json::parse(ask(port, "GET", "/health").body);
  CHECK(health["nodes"]["mac-mini"]["models"][0]["on_gpu"] == 0.5);
  CHECK(health["warnings"].dump().find("50 % on the GPU") != std::string::npos);
  CHECK(ask(port, "POST", "/api/chat", chat("tester")).field("X-Router-Node") == "macbook");
  REQUIRE(ask(port, "POST", "/api/chat", chat("coder")).field("X-Router-Node") == "mac-mini");
  REQUIRE(town.seen(ModelName("qwen3-coder:30b")));
  CHECK(ask(port, "POST", "/api/chat", chat("coder")).field("X-Router-Node") == "mac-mini");  // it has no other
}

}  // namespace residency_test
