#include "town.hpp"

#include <doctest/doctest.h>

namespace classify_test {

using namespace rr;
using namespace rr::api;
using test::head;

namespace {

constexpr auto hi = R"("messages":[{"role":"user","content":"hi"}])";

struct Said { std::string role, model; RoleSource source; };

std::string body_of(const std::string& model, const std::string& more = "") {
  return "{\"model\":\"" + model + "\"," + more + hi + "}";
}

std::string told(const Result<Ask>& ask) {
  if (!ask) return ask.error().code + ": " + ask.error().sentence;
  return ask->role + " " + ask->model.spelt() + " " + std::string(to_text(ask->source));
}

std::string chat(const std::string& body, Fields fields = {}, const std::string& target = "/api/chat") {
  return told(test::asked(head("POST", target, std::move(fields)), body, test::two_macs(), test::two_nodes()));
}

}  // namespace

TEST_CASE("a role is said by header, path, model name or body, in this order") {
  CHECK(chat(body_of("auto"), {{"x-agent-role", "Architect"}}) == "architect qwen3-coder-next:q4_K_M header");
  CHECK(chat(body_of("auto"), {{"X-Agent-Role", "설계자"}}) == "architect qwen3-coder-next:q4_K_M header");
  CHECK(chat(body_of("auto"), {{"X-Agent-Role", "%EC%84%A4%EA%B3%84%EC%9E%90"}}) == "architect qwen3-coder-next:q4_K_M header");
  CHECK(chat(body_of("auto"), {}, "/role/tester/api/chat") == "tester qwen2.5-coder:14b path");
  for (const char* name : {"coder", "coder:latest", "CODER", "코더", "role:coder", "Role:Coder", "role:coder:latest", "developer"}) {
    CAPTURE(name);
    CHECK(chat(body_of(name)) == "coder qwen3-coder:30b model");
  }
  CHECK(chat(body_of("auto", R"("user":"role:tester",)")) == "tester qwen2.5-coder:14b body");
  CHECK(chat(body_of("auto", R"("metadata":{"role":"tester"},)")) == "tester qwen2.5-coder:14b body");
  CHECK(chat(body_of("auto", R"("user":"u1",)")) == "coder qwen3-coder:30b default");
  // two that disagree: the first wins
  CHECK(chat(body_of("coder", R"("user":"role:tester",)"), {{"X-Agent-Role", "router"}}, "/role/architect/api/chat") == "router qwen3:1.7b header");
  CHECK(chat(body_of("coder", R"("user":"role:tester",)"), {}, "/role/architect/api/chat") == "architect qwen3-coder-next:q4_K_M path");
  CHECK(chat(body_of("coder", R"("user":"role:tester",)")) == "coder qwen3-coder:30b model");
}

TEST_CASE("with a role, a model that some node has is served, and any other name means the role's model") {
  CHECK(chat(body_of("llama3.2:3b"), {{"X-Agent-Role", "tester"}}) == "tester llama3.2:3b header");
  CHECK(chat(body_of("LLAMA3.2:3b"), {}, "/role/tester/api/chat") == "tester LLAMA3.2:3b path");
  CHECK(chat(body_of("gpt-5"), {{"X-Agent-Role", "tester"}}) == "tester qwen2.5-coder:14b header");
  CHECK(chat(body_of("a/b/c/d/e:f:g"), {{"X-Agent-Role", "tester"}}) == "tester qwen2.5-coder:14b header");
  CHECK(chat(body_of("", ""), {{"X-Agent-Role", "tester"}}) == "tester qwen2.5-coder:14b header");
  CHECK(chat(std::string("{") + hi + "}", {}, "/role/tester/api/chat") == "tester qwen2.5-coder:14b path");
  CHECK(chat(body_of("role:tester/llama3.2:3b")) == "tester llama3.2:3b model");
  CHECK(chat(body_of("role:tester/library/llama3.2:3b")) == "tester library/llama3.2:3b model");
}

TEST_CASE("where the YAML says substitutes, another model answers, and what it stands in for is told") {
  auto settings = test::two_macs();
  const ModelName coder("qwen3-coder:30b"), large("qwen3-coder-next:q4_K_M");
  settings.substitutes = {{.model = coder, .by = large}, {.model = ModelName("qwen3-coder:480b"), .by = large}};
  for (RoleSettings& role : settings.roles)
    if (role.model == coder) role.instead_of = coder, role.model = large;
  const auto asked = [&](const std::string& model, Fields fields = {}) {
    const auto ask = test::asked(head("POST", "/api/chat", std::move(fields)), body_of(model), settings, test::two_nodes());
    return told(ask) + (ask && !ask->instead_of.empty() ? " instead of " + ask->instead_of.spelt() : "");
  };
  CHECK(asked("coder") == "coder qwen3-coder-next:q4_K_M model instead of qwen3-coder:30b");
  CHECK(asked("auto") == "coder qwen3-coder-next:q4_K_M default instead of qwen3-coder:30b");
  CHECK(asked("qwen3-coder:30b") == "coder qwen3-coder-next:q4_K_M model_of_role instead of qwen3-coder:30b");
  CHECK(asked("qwen3-coder:30b", {{"X-Agent-Role", "tester"}}) == "tester qwen3-coder-next:q4_K_M header instead of qwen3-coder:30b");
  CHECK(asked("architect") == "architect qwen3-coder-next:q4_K_M model");
  CHECK(asked("qwen3-coder-next:q4_K_M") == "architect qwen3-coder-next:q4_K_M model_of_role");
  CHECK(asked("qwen3-coder:480b") == " qwen3-coder-next:q4_K_M none instead of qwen3-coder:480b");  // on no node, and no role's
  CHECK(asked("llama3.2:3b") == " llama3.2:3b none");
}

TEST_CASE("without a role, a concrete model is served as it is named, by the one role that owns it") {
  CHECK(chat(body_of("qwen3-coder:30b")) == "coder qwen3-coder:30b model_of_role");
  CHECK(chat(body_of("library/QWEN3-Coder:30b")) == "coder library/QWEN3-Coder:30b model_of_role");
  CHECK(chat(body_of("llama3.2:3b")) == " llama3.2:3b none");
  auto settings = test::two_macs();
  settings.roles[3].model = ModelName("qwen3-coder:30b");  // two roles share it: neither is meant
  CHECK(told(test::asked(head("POST", "/api/chat"), body_of("qwen3-coder:30b"), settings, test::two_nodes())) == " qwen3-coder:30b none");
}

TEST_CASE("an explicit but unknown role is refused and lists the known ones") {
  const std::string known = "The roles: router, architect (planner, 설계자), coder (developer, 코더), tester (reviewer)";
  CHECK(chat(body_of("auto"), {{"X-Agent-Role", "codr"}}) == "role_unknown: role \"codr\" (header X-Agent-Role) is not known. " + known);
  CHECK(chat(body_of("auto"), {}, "/role/codr/api/chat") == "role_unknown: role \"codr\" (path) is not known. " + known);
  CHECK(chat(body_of("role:codr")) == "role_unknown: role \"codr\" (model) is not known. " + known);
  CHECK(chat(body_of("auto", R"("user":"role:codr",)")) == "role_unknown: role \"codr\" (member user) is not known. " + known);
  auto settings = test::two_macs();
  settings.default_role = "";
  CHECK(told(test::asked(head("POST", "/api/chat"), body_of("auto"), settings, test::two_nodes())) ==
        "role_unknown: model auto needs a role, and default_role is not set. " + known);
}

TEST_CASE("a model that nobody has, an empty one and a bad name are refused as Ollama refuses them") {
  int compared = 0;
  for (const std::string route_name : {"chat", "generate", "embed", "embeddings", "show", "v1chat"}) {
    for (const std::string fault : {"unknown-model", "unknown", "no-model", "empty-model", "empty", "bad-name", "no-messages", "none-no-messages"}) {
      const std::string path = "tests/conformance/transcripts/0.33.0-rc2/error-" + route_name + "-" + fault + ".json";
      if (test::file(path).empty()) continue;
      CAPTURE(path);
      const auto recorded = Json::parse(test::file(path));
      const auto ask = test::asked(head("POST", recorded["request"]["target"]), recorded["request"]["body"].get<std::string>(),
                                   test::two_macs(), test::two_nodes());
      REQUIRE_FALSE(ask.has_value());
      const auto said = Json::parse(test::reply_text(recorded))["error"];
      CHECK(ask.error().sentence == (said.is_object() ? said["message"] : said).get<std::string>());
      CHECK(ask.error().status == recorded["reply"]["status"]);
      CHECK(ask.error().ollama_text);
      ++compared;
    }
  }
  CHECK(compared >= 20);
  CHECK(chat(test::transcript("chat-model-both-suffixes")["request"]["body"].get<std::string>()) ==
        "model_name: use either :local or :cloud, not both: \"router-s:8b:local:cloud\"");
  CHECK(chat(test::transcript("unload-generate-unknown")["request"]["body"].get<std::string>(), {}, "/api/generate") ==
        "model_missing: model 'nope' not found");
}

TEST_CASE("a model in Ollama's cloud stays refused, with and without a role, and the YAML key is named") {
  for (const char* model : {"gpt-oss:120b-cloud", "kimi-k2:cloud", "Kimi-K2:CLOUD"}) {
    CAPTURE(model);
    for (const Fields& fields : {Fields{}, Fields{{"X-Agent-Role", "coder"}}}) {
      const auto told = chat(body_of(model), fields);
      CHECK(told.starts_with("cloud_closed: "));
      CHECK(told.find("`cloud`") != std::string::npos);
    }
  }
}

TEST_CASE("while no node has said what it has, a model of the YAML passes and nothing is called missing") {
  Fleet fleet = test::two_nodes();
  for (auto& node : fleet.nodes) node.inventory_known = false, node.installed.clear();
  const auto ask = [&](const std::string& body, Fields fields) {
    return told(test::asked(head("POST", "/api/chat", std::move(fields)), body, test::two_macs(), fleet));
  };
  CHECK(ask(body_of("qwen3:1.7b"), {{"X-Agent-Role", "coder"}}) == "coder qwen3:1.7b header");
  CHECK(ask(body_of("gpt-5"), {{"X-Agent-Role", "coder"}}) == "coder qwen3-coder:30b header");
  CHECK(ask(body_of("phi4:14b"), {}) == " phi4:14b none");
}

TEST_CASE("where a request may run") {
  const auto nodes = [](const std::string& model, const std::string& role) {
    const auto ask = test::asked(head("POST", "/api/chat", {{"X-Agent-Role", role}}), body_of(model), test::two_macs(), test::two_nodes());
    std::string out;
    for (const auto& node : ask->nodes) out += node + " ";
    return out;
  };
  CHECK(nodes("auto", "tester") == "mac-mini macbook ");
  CHECK(nodes("llama3.2:3b", "coder") == "mac-mini ");  // the role's node has it
  CHECK(nodes("llama3.2:3b", "router") == "");          // only another node has it: anyone may
  const auto free = test::asked(head("POST", "/api/chat"), body_of("llama3.2:3b"), test::two_macs(), test::two_nodes());
  CHECK(free->nodes.empty());
}

TEST_CASE("the ask carries what is sent and what the client wished") {
  const auto ask = test::asked(head("POST", "/api/chat", {{"X-Session-Id", "team"}}),
                               body_of("coder:latest", R"("keep_alive":1800,"options":{"num_ctx":262144.9},)"), test::two_macs(), test::two_nodes());
  REQUIRE(ask.has_value());
  CHECK(ask->asked_model == "coder:latest");
  CHECK(ask->num_ctx == 32768);
  CHECK(*ask->client_num_ctx == 262144);
  CHECK(*ask->client_keep_alive == "1800");
  CHECK(ask->keep_alive == KeepAlive{std::chrono::hours(2)});
  CHECK(ask->session == "team");
  CHECK(ask->session_from_client);
  CHECK(ask->stream);
  CHECK(ask->needs.completion);
  CHECK_FALSE(ask->needs.tools);
  CHECK(chat(body_of("coder", R"("options":{"num_ctx":"8192"},)")) == "num_ctx_type: option \"num_ctx\" must be of type integer");
  CHECK(chat(body_of("coder", R"("options":{"num_ctx":null},)")) == "coder qwen3-coder:30b model");
  CHECK(chat(body_of("coder", R"("keep_alive":"-1",)")) == "keep_alive_invalid: time: missing unit in duration \"-1\"");
  CHECK(chat(body_of("coder", R"("keep_alive":"-1","options":{"num_ctx":"x"},)"), {}, "/v1/chat/completions") == "coder qwen3-coder:30b model");
}

TEST_CASE("streaming by default is the native way, not OpenAI's") {
  const auto streams = [](const std::string& target, const std::string& more) {
    return test::asked(head("POST", target), body_of("coder", more), test::two_macs(), test::two_nodes())->stream;
  };
  CHECK(streams("/api/chat", ""));
  CHECK_FALSE(streams("/api/chat", R"("stream":false,)"));
  CHECK_FALSE(streams("/v1/chat/completions", ""));
  CHECK(streams("/v1/chat/completions", R"("stream":true,)"));
}

TEST_CASE("an empty prompt loads, and with keep_alive 0 unloads") {
  const auto settings = test::two_macs();
  const auto purpose = [&](const char* target, const std::string& body) {
    const auto ask = test::asked(head("POST", target), body, settings, test::two_nodes());
    REQUIRE(ask.has_value());
    CHECK((ask->purpose == Purpose::answer || !ask->stream));  // one JSON object, whatever `stream` says
    return ask->purpose;
  };
  CHECK(purpose("/api/generate", R"({"model":"coder"})") == Purpose::preload);
  CHECK(purpose("/api/generate", R"({"model":"coder","prompt":"","stream":true})") == Purpose::preload);
  CHECK(purpose("/api/generate", R"({"model":"coder","prompt":"x","keep_alive":0})") == Purpose::answer);
  for (const char* zero : {"0", "0.0", "-0", "\"0\"", "\"0s\"", "\"0m\""})
    CHECK(purpose("/api/generate", std::string(R"({"model":"coder","keep_alive":)") + zero + "}") == Purpose::unload);
  CHECK(purpose("/api/generate", R"({"model":"coder","keep_alive":-1})") == Purpose::preload);
  CHECK(purpose("/api/chat", R"({"model":"coder","messages":[],"keep_alive":0})") == Purpose::unload);
  CHECK(purpose("/api/chat", R"({"model":"coder","messages":null})") == Purpose::preload);
  CHECK(purpose("/api/embed", R"({"model":"nomic-embed-text","input":[],"keep_alive":0})") == Purpose::preload);
  CHECK(purpose("/api/embed", R"({"model":"nomic-embed-text","input":["a"]})") == Purpose::answer);
  CHECK(purpose("/api/embeddings", R"({"model":"nomic-embed-text"})") == Purpose::preload);
}

TEST_CASE("what a request cannot do without") {
  const auto needs = [](const char* target, const std::string& body) {
    const auto ask = test::asked(head("POST", target), body, test::two_macs(), test::two_nodes());
    const auto n = ask->needs;
    return std::string(n.completion ? "completion " : "") + (n.tools ? "tools " : "") + (n.images ? "images " : "") + (n.embedding ? "embedding " : "");
  };
  CHECK(needs("/api/chat", body_of("coder", R"("tools":[{"type":"function"}],)")) == "completion tools ");
  CHECK(needs("/api/chat", body_of("coder", R"("tools":[],)")) == "completion ");
  CHECK(needs("/v1/chat/completions", R"({"model":"coder","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:"}}]}]})") == "completion images ");
  CHECK(needs("/api/embed", R"({"model":"nomic-embed-text","input":"x"})") == "embedding ");
  CHECK(needs("/api/generate", R"({"model":"nomic-embed-text","keep_alive":0})") == "");
  CHECK(needs("/api/show", R"({"model":"coder"})") == "");
}

TEST_CASE("show takes model, else name") {
  CHECK(chat(R"({"model":"","name":"coder"})", {}, "/api/show") == "coder qwen3-coder:30b model");
  CHECK(chat(R"({"name":"llama3.2:3b"})", {}, "/api/show") == " llama3.2:3b none");
  CHECK(chat(R"({"model":"coder","name":"tester"})", {}, "/api/show") == "coder qwen3-coder:30b model");
}

TEST_CASE("a prompt longer than the context is refused where the YAML says so") {
  auto settings = test::two_macs();
  settings.models[2].on_overflow = OnOverflow::refuse;
  const auto long_body = "{\"model\":\"coder\",\"messages\":[{\"role\":\"user\",\"content\":\"" + std::string(131'200, 'x') + "\"}]}";
  const auto ask = test::asked(head("POST", "/api/chat"), long_body, settings, test::two_nodes());
  REQUIRE_FALSE(ask.has_value());
  CHECK(ask.error().code == "context_over");
  CHECK(ask.error().status == 400);
  CHECK(ask.error().sentence == "the prompt is about 41004 tokens, qwen3-coder:30b has num_ctx 32768: shorten it, or raise models.qwen3-coder:30b.num_ctx");
  settings.models[2].on_overflow = OnOverflow::warn;
  CHECK(test::asked(head("POST", "/api/chat"), long_body, settings, test::two_nodes())->tokens == 41004);
}

TEST_CASE("keep_alive is read as the recorded table of a real server says") {
  int compared = 0;
  const auto table = test::transcript("keepalive-table");
  for (const auto& row : table["rows"]) {
    const auto raw = row["keep_alive"].get<std::string>();
    CAPTURE(raw);
    if (raw == "null") continue;
    const auto value = parse_keep_alive(raw);
    CHECK(value.has_value() == (row["status"] == 200));
    if (!value) {
      CHECK(value.error().sentence == Json::parse(row["error"].get<std::string>())["error"].get<std::string>());
    } else if (row["expires_at_minus_now_s"].is_string()) {
      CHECK(value->forever());
    } else if (row["expires_at_minus_now_s"].is_null()) {
      const bool overflow = raw.find("9223372037") != raw.npos || raw == "1e300";  // unloads there; means for ever here
      CHECK((overflow ? value->forever() : !value->forever() && value->value < std::chrono::milliseconds(30)));
    } else {
      const double seconds = std::chrono::duration<double>(value->value).count();
      CHECK(seconds >= row["expires_at_minus_now_s"].get<double>());
      CHECK(seconds < row["expires_at_minus_now_s"].get<double>() + 0.5);
    }
    ++compared;
  }
  CHECK(compared > 25);
}

TEST_CASE("keep_alive is counted as Go counts it: to the nanosecond, fractions cut off") {
  const auto ns = [](std::string_view raw) -> std::int64_t {
    const auto value = parse_keep_alive(raw);
    if (!value) return -404;
    return value->forever() ? -1 : value->value.count();
  };
  CHECK(ns(R"("0.6ns")") == 0);
  CHECK(ns(R"("-0.6ns")") == 0);
  CHECK(ns(R"("1.9ns")") == 1);
  CHECK(ns(R"("8784h0.3ns")") == 31'622'400'000'000'000);
  CHECK(ns(R"("2562047h47m16.854775807s")") == -1);  // how Go's client writes for ever
  CHECK(ns(R"("9223372036854775807ns")") == -1);
  CHECK(ns(R"("2500000h0.000000001s")") == 9'000'000'000'000'000'001);
  CHECK(ns(R"("9223372036854775808ns")") == -404);
  CHECK(ns(R"("-9223372036854775808ns")") == -1);
  CHECK(ns(R"("99999999999999999999h")") == -404);
  CHECK(ns(R"("1.0000000000000000000000001s")") == 1'000'000'000);
  CHECK(ns("9000000000") == 9'000'000'000'000'000'000);
  CHECK(ns("9223372037") == -1);  // more than 64 bits hold: for ever
  CHECK(ns(R"("\ud800")") == -404);
  CHECK(ns("1e400") == -404);
  CHECK(ns("-1e400") == -404);
}

}  // namespace classify_test
