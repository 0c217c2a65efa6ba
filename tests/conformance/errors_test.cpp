// Conformance, errors and aggregated views: reference cases 55, 57-59, 61.
#include "api/json.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace errors_test {

using namespace rr::test;
using rr::api::Json;

namespace {

std::string error_of(const Answer& a) {
  const Json j = Json::parse(a.body, nullptr, false);
  if (!j.is_object() || !j.contains("error")) return "no error object: " + a.body;
  return j["error"].is_object() ? j["error"].value("message", "") : j["error"].get<std::string>();
}

}  // namespace

TEST_CASE("case 55: the router's own errors use the envelope of the called family") {
  Town town;
  const std::string unknown_role = R"({"model":"role:codr","messages":[{"role":"user","content":"hi"}]})";
  const Answer native = town.ask("POST", "/api/chat", unknown_role);
  CHECK(native.status == 400);
  CHECK(native.field("Content-Type").substr(0, 16) == "application/json");
  CHECK(Json::parse(native.body)["error"].is_string());
  CHECK(Json::parse(native.body)["code"] == "role_unknown");
  CHECK(error_of(native).find("architect") != std::string::npos);
  const Answer openai = town.ask("POST", "/v1/chat/completions", unknown_role);
  CHECK(openai.status == 400);
  const Json e = Json::parse(openai.body)["error"];
  CHECK(e["type"] == "invalid_request_error");
  CHECK(e["code"] == "role_unknown");
  CHECK(e.contains("param"));
  const Answer anthropic = town.ask("POST", "/v1/messages", R"({"model":"role:codr","max_tokens":5,"messages":[{"role":"user","content":"hi"}]})");
  CHECK(anthropic.status == 400);
  CHECK(Json::parse(anthropic.body)["type"] == "error");
  CHECK(Json::parse(anthropic.body)["error"]["type"] == "invalid_request_error");
  CHECK(Json::parse(anthropic.body)["request_id"].get<std::string>().starts_with("r-"));
  for (const char* path : {"/v1/completions", "/v1/embeddings", "/v1/responses"}) {
    const Answer other = town.ask("POST", path, R"({"model":"role:codr","prompt":"hi","input":"hi"})");
    CHECK(other.status == 400);
    CHECK(Json::parse(other.body)["error"]["code"] == "role_unknown");
  }
}

TEST_CASE("case 57: a model that no node has is a 404 with the exact native text of the route") {
  Town town;
  CHECK(error_of(town.ask("POST", "/api/chat", R"({"model":"nope","messages":[{"role":"user","content":"x"}]})")) == "model 'nope' not found");
  CHECK(error_of(town.ask("POST", "/api/generate", R"({"model":"nope","prompt":"x"})")) == "model 'nope' not found");
  CHECK(error_of(town.ask("POST", "/api/embed", R"({"model":"nope","input":"x"})")) == "model \"nope\" not found, try pulling it first");
  CHECK(error_of(town.ask("POST", "/api/show", R"({"model":"nope"})")).find("not found") != std::string::npos);
  const Answer openai = town.ask("POST", "/v1/chat/completions", R"({"model":"nope","messages":[{"role":"user","content":"x"}]})");
  CHECK(openai.status == 404);
  CHECK(error_of(openai) == "model 'nope' not found");
  CHECK(Json::parse(openai.body)["error"]["type"] == "not_found_error");
  CHECK(town.ask("GET", "/v1/models/nope").status == 404);
}

TEST_CASE("case 58: a missing model, an empty, truncated or array body: the native status, and the connection goes on") {
  Town town;
  RawClient client(town.router->port());
  const std::vector<std::tuple<std::string, std::string, int, std::string>> table{
      {"/api/chat", R"({"messages":[{"role":"user","content":"x"}]})", 400, "model is required"},
      {"/api/generate", R"({"prompt":"x"})", 404, "model '' not found"},
      {"/api/embed", R"({"input":"x"})", 404, "model '' not found"},
      {"/api/embeddings", R"({"prompt":"x"})", 400, "model is required"},
      {"/api/show", R"({})", 400, "model is required"},
      {"/api/chat", "", 400, "missing request body"},
      {"/api/chat", R"({"model":"coder","messages":[)", 400, ""},
      {"/api/chat", "[1,2]", 400, ""},
      {"/v1/chat/completions", "", 400, "EOF"},
      {"/v1/chat/completions", R"({"model":)", 400, ""}};
  for (const auto& [path, body, status, words] : table) {
    CAPTURE(path);
    CAPTURE(body);
    client.send(request_text("POST", path, body));
    const Answer a = client.answer();
    CHECK(a.status == status);
    CHECK(error_of(a).find(words) != std::string::npos);
  }
  client.send(request_text("GET", "/api/version"));
  CHECK(client.answer().status == 200);
}

TEST_CASE("case 59: tags merges the nodes without duplicate names, and lists the roles; v1/models has an array") {
  Town town;
  CHECK(town.until([&] {
    for (const auto& n : town.router->house().desk.dispatch().fleet().nodes)
      if (!n.inventory_known) return false;
    return true;
  }));
  const Json tags = Json::parse(town.ask("GET", "/api/tags").body);
  std::map<std::string, int> names;
  for (const auto& m : tags["models"]) {
    ++names[m["name"].get<std::string>()];
    CHECK(m["digest"].get<std::string>().size() >= 12);
  }
  for (const auto& [name, count] : names) {
    CAPTURE(name);
    CHECK(count == 1);
  }
  for (const char* name : {"qwen3:1.7b", "qwen3-coder:30b", "qwen2.5-coder:14b", "qwen3-coder-next:q4_K_M"}) CHECK(names.count(name) == 1);
  CHECK((names.count("coder") + names.count("coder:latest")) == 1);
  const Json models = Json::parse(town.ask("GET", "/v1/models").body);
  CHECK(models["object"] == "list");
  CHECK(models["data"].is_array());
  CHECK(Json::parse(town.ask("GET", "/v1/models/coder").body)["id"] == "coder");
  CHECK(Json::parse(town.ask("GET", "/v1/models/qwen3-coder%3A30b").body)["object"] == "model");
}

TEST_CASE("case 61: show goes to a node that has the model, capabilities intact, User-Agent passed on") {
  Town town;
  const Answer a = town.ask("POST", "/api/show", R"({"model":"qwen3:1.7b"})", {{"User-Agent", "GitHubCopilotChat/0.1"}});
  CHECK(a.status == 200);
  const Json j = Json::parse(a.body);
  CHECK(j["capabilities"].is_array());
  CHECK(j["model_info"].value("general.basename", "") == "qwen3:1.7b");
  CHECK(Json::parse(town.ask("POST", "/api/show", R"({"model":"coder"})").body)["capabilities"].is_array());
}

}  // namespace errors_test
