// Conformance, keep_alive and residency: reference cases 33, 34, 36-41, 43, 44.
#include "support/scripted_node.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace keep_alive_test {

using namespace rr::test;

namespace {

std::string chat(const std::string& model, const std::string& more = "") {
  return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":false" + more + "}";
}

bool lists(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TEST_CASE("case 33: every row of the keep_alive syntax: valid forms pass, the others are 400 in Ollama's words") {
  Town town;
  for (const char* good : {"5", "0.5", "1.9", "-1", "-0.5", "\"300ms\"", "\"1.5h\"", "\"10m\"", "\"1h30m\"", "\"+5m\"", "\".5h\"", "\"-1s\"", "\"-1m\"", "null"}) {
    CAPTURE(good);
    CHECK(town.ask("POST", "/api/chat", chat("coder", std::string(",\"keep_alive\":") + good)).status == 200);
  }
  for (const auto& [bad, words] : std::vector<std::pair<std::string, std::string>>{
           {"\"-1\"", "missing unit"}, {"\"5\"", "missing unit"}, {"\"3600\"", "missing unit"}, {"\"\"", "invalid duration"},
           {"\"abc\"", "invalid duration"}, {"\"1d\"", "unknown unit"}, {"\"forever\"", "invalid duration"}, {"true", "Unsupported type"},
           {"{}", "Unsupported type"}, {"[]", "Unsupported type"}}) {
    CAPTURE(bad);
    const Answer a = town.ask("POST", "/api/chat", chat("coder", ",\"keep_alive\":" + bad));
    CHECK(a.status == 400);
    CHECK(a.body.find(words) != std::string::npos);
  }
}

TEST_CASE("case 34: the role's keep_alive goes to the node, whatever the client said, and the answer tells what was ignored") {
  Town town;
  for (const char* client : {"", ",\"keep_alive\":null", ",\"keep_alive\":0", ",\"keep_alive\":-1", ",\"keep_alive\":\"5m\""}) {
    CAPTURE(client);
    const Answer a = town.ask("POST", "/api/chat", chat("coder", client));
    CHECK(a.status == 200);
    CHECK(town.inference(town.mini).back().keep_alive == "\"2h\"");
    CHECK((a.field("X-Router-Ignored").find("keep_alive") != std::string_view::npos) == (std::string(client).find("null") == std::string::npos && *client));
  }
}

TEST_CASE("passthrough leaves the client's keep_alive alone") {
  Town town("smart_swap: { policy: passthrough }\n");
  CHECK(town.ask("POST", "/api/chat", chat("coder", ",\"keep_alive\":\"7m\"")).status == 200);
  CHECK(town.inference(town.mini).back().keep_alive == "\"7m\"");
  CHECK(town.ask("POST", "/api/chat", chat("coder")).status == 200);
  CHECK(town.inference(town.mini).back().keep_alive.empty());
}

TEST_CASE("case 36: an unload request is recognised on generate and chat and reaches the node that holds the model") {
  for (const auto& [path, body] : std::vector<std::pair<std::string, std::string>>{
           {"/api/generate", R"({"model":"coder","keep_alive":0})"},
           {"/api/generate", R"({"model":"qwen3-coder:30b","prompt":"","keep_alive":"0s"})"},
           {"/api/chat", R"({"model":"coder","messages":[],"keep_alive":"0"})"}}) {
    CAPTURE(body);
    Town town;
    REQUIRE(town.ask("POST", "/api/chat", chat("coder")).status == 200);
    const Answer a = town.ask("POST", path, body);
    CHECK(a.status == 200);
    CHECK(a.body.find("\"done_reason\":\"unload\"") != std::string::npos);
    CHECK(town.until([&] { return !lists(town.mini->resident(), "qwen3-coder:30b"); }));
  }
}

TEST_CASE("case 37: a preload is one JSON object with done_reason load, also when stream is unset") {
  Town town;
  for (const auto& [path, body] : std::vector<std::pair<std::string, std::string>>{
           {"/api/generate", R"({"model":"coder"})"}, {"/api/chat", R"({"model":"tester","messages":[]})"}}) {
    const Answer a = town.ask("POST", path, body);
    CHECK(a.status == 200);
    CHECK(!a.chunked);
    CHECK(a.field("Content-Type") == "application/json; charset=utf-8");
    CHECK(a.body.find("\"done_reason\":\"load\"") != std::string::npos);
  }
  CHECK(town.on_loop([&] { return lists(town.mini->resident(), "qwen3-coder:30b"); }));
}

TEST_CASE("case 38: unloading a model that is not resident is 200, an unknown model 404") {
  Town town;
  CHECK(town.ask("POST", "/api/generate", R"({"model":"coder","keep_alive":0})").status == 200);
  const Answer a = town.ask("POST", "/api/generate", R"({"model":"nope","keep_alive":0})");
  CHECK(a.status == 404);
  CHECK(a.body.find("model 'nope' not found") != std::string::npos);
}

TEST_CASE("case 39: after an unload nothing is loaded there before /api/ps no longer lists the victim") {
  Town town;
  REQUIRE(town.ask("POST", "/api/chat", chat("coder")).status == 200);
  REQUIRE(town.ask("POST", "/api/chat", chat("architect")).status == 200);
  // In the node's own record: the unload of the coder, then a ps, and only then the architect's load.
  std::size_t unload = 0, ps = 0, load = 0, n = 0;
  for (const auto& s : town.seen(town.mini)) {
    ++n;
    if (s.target == "/api/generate" && s.model == "qwen3-coder:30b" && s.keep_alive == "0") unload = n;
    if (s.target == "/api/ps" && unload && !load) ps = n;
    if (s.target == "/api/generate" && s.model == "qwen3-coder-next:q4_K_M" && !load) load = n;
  }
  CHECK(unload > 0);
  CHECK(ps > unload);
  CHECK(load > ps);
}

TEST_CASE("case 40: keep_alive 0 of one client does not drop a model that a role pins") {
  Town town;
  REQUIRE(town.ask("POST", "/api/chat", chat("router")).status == 200);
  CHECK(town.ask("POST", "/api/chat", chat("qwen3:1.7b", ",\"keep_alive\":0")).status == 200);
  CHECK(town.inference(town.macbook).back().keep_alive == "-1");
  const Answer a = town.ask("POST", "/api/generate", R"({"model":"qwen3:1.7b","keep_alive":0})");
  CHECK(a.status == 403);
  CHECK(a.body.find("keep_alive") != std::string::npos);
  CHECK(town.on_loop([&] { return lists(town.macbook->resident(), "qwen3:1.7b"); }));
}

TEST_CASE("case 43: clients with different num_ctx cause no reload: the model's own is sent, and the headers say so") {
  Town town;
  for (const char* ctx : {"2048", "8303", "262144", "32768"}) {
    CAPTURE(ctx);
    const Answer a = town.ask("POST", "/api/chat", chat("coder", std::string(",\"options\":{\"temperature\":0,\"num_ctx\":") + ctx + "}"));
    CHECK(a.status == 200);
    CHECK(town.inference(town.mini).back().num_ctx == "32768");
  }
  int loads = 0;
  for (const auto& s : town.seen(town.mini)) loads += s.loaded_for_it;
  CHECK(loads == 1);
}

TEST_CASE("case 44: mixed native and /v1 traffic to one model causes no reload") {
  Town town;
  for (int i = 0; i < 3; ++i) {
    CHECK(town.ask("POST", "/api/chat", chat("coder")).status == 200);
    CHECK(town.ask("POST", "/v1/chat/completions", chat("coder")).status == 200);
    CHECK(town.ask("POST", "/api/generate", R"({"model":"coder","prompt":"x","stream":false})").status == 200);
  }
  int loads = 0;
  for (const auto& s : town.seen(town.mini)) {
    loads += s.loaded_for_it;
    CHECK(s.target.substr(0, 4) != "/v1/");
  }
  CHECK(loads == 1);
}

TEST_CASE("case 41: an expires_at in the past while a request runs is not taken for an unload") {
  // The node's ps shows a moment in the past during the answer; the next request is still granted without a new load.
  using namespace rr;
  Loop loop;
  std::string model = "qwen3-coder:30b";
  ScriptedNode node(loop.io, {{model, 19 * gb}}, [model](wire::Client& client, const wire::Request&) -> wire::Task<void> {
    client.send(ScriptedNode::head(200, "application/json; charset=utf-8"), ScriptedNode::line(model, "ok", true));
    co_return;
  });
  node.state().expires_at = "2020-01-01T00:00:00Z";
  auto router = std::move(*app::Router::open(loop.io, settings_of(
      "roles:\n  coder: { node: here, model: qwen3-coder:30b, keep_alive: 2h }\nnodes:\n  here: { address: 127.0.0.1:" +
      std::to_string(node.port()) + ", gpu_memory: 56GiB }\nmodels:\n  qwen3-coder:30b: { num_ctx: 32768, size: 19GB }\n")));
  loop.start();
  CHECK(ask(router->port(), "POST", "/api/chat", chat("coder")).status == 200);
  CHECK(ask(router->port(), "POST", "/api/chat", chat("coder")).status == 200);
  const auto log = loop.on_loop([&] { return node.state().log; });
  CHECK(std::count(log.begin(), log.end(), "unload " + model) == 0);
  loop.stop();
  router.reset();
}

}  // namespace keep_alive_test
