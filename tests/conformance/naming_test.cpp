// Conformance, model naming: reference cases 14-18.
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace naming_test {

using namespace rr::test;

namespace {

std::string chat(const std::string& model_member) {
  return "{" + model_member + R"(,"messages":[{"role":"user","content":"hi"}],"stream":false})";
}

}  // namespace

TEST_CASE("case 14: every spelling of a model is the same role and the same residency entry") {
  Town town;
  for (const char* name : {"qwen3:1.7b", "QWEN3:1.7B", "library/qwen3:1.7b", "registry.ollama.ai/library/qwen3:1.7b"}) {
    const Answer a = town.ask("POST", "/api/chat", chat("\"model\":\"" + std::string(name) + "\""));
    CAPTURE(name);
    CHECK(a.status == 200);
    CHECK(a.field("X-Router-Role") == "router");
    CHECK(a.field("X-Router-Node") == "macbook");
  }
  CHECK(town.on_loop([&] { return town.macbook->resident().size(); }) == 1);
  int loads = 0;
  for (const auto& s : town.seen(town.macbook)) loads += s.loaded_for_it;
  CHECK(loads == 1);
}

TEST_CASE("case 15: the model member echoes the requested spelling, streamed and not, alias and concrete") {
  Town town;
  for (const char* name : {"coder", "QWEN3-coder:30B", "role:coder"}) {
    CAPTURE(name);
    const std::string echo = "{\"model\":\"" + std::string(name) + "\"";
    CHECK(town.ask("POST", "/api/chat", chat("\"model\":\"" + std::string(name) + "\"")).body.substr(0, echo.size()) == echo);
    const Answer stream = town.ask("POST", "/api/generate", "{\"model\":\"" + std::string(name) + "\",\"prompt\":\"hi\"}");
    REQUIRE(!stream.chunks.empty());
    for (const std::string& line : stream.chunks) CHECK(line.substr(0, echo.size()) == echo);
  }
}

TEST_CASE("case 16: show is answered by `name` when `model` is empty") {
  Town town;
  const Answer a = town.ask("POST", "/api/show", R"({"model":"","name":"qwen3:1.7b"})");
  CHECK(a.status == 200);
  CHECK(a.body.find("\"capabilities\"") != std::string::npos);
  CHECK(town.ask("POST", "/api/show", R"({"name":"coder"})").status == 200);
}

TEST_CASE("case 17: no trick with member names gets around a role") {
  Town town;
  const std::vector<std::string> tricks{
      R"("Model":"qwen3:1.7b")",
      R"("model":"coder","model":"qwen3:1.7b")",
      R"("model":"coder","MODEL":"qwen3:1.7b")",
      R"("model":"coder","keep_alive":0,"Keep_Alive":-1)",
      "\"model\":\"coder\",\"\xE2\x84\xAA" "eep_alive\":-1",   // the Kelvin sign folds to k
      "\"model\":\"coder\",\"\xC5\xBFtream\":true",            // long s folds to s
      R"("model":"coder","mod\u0065l":"qwen3:1.7b")",
      R"("model":"coder","options":{"num_ctx":1},"options":{"num_gpu":2})",
      R"("model":"coder","options":{"num_ctx":1,"num_ctx":2})"};
  for (const std::string& trick : tricks) {
    CAPTURE(trick);
    const Answer a = town.ask("POST", "/api/chat", chat(trick));
    CHECK(a.status == 400);
    CHECK(a.body.find("\"error\"") != std::string::npos);
  }
  CHECK(town.inference(town.mini).empty());
  CHECK(town.inference(town.macbook).empty());
}

TEST_CASE("case 18: :local is dropped, cloud names are refused with the YAML key") {
  Town town;
  CHECK(town.ask("POST", "/api/chat", chat(R"("model":"qwen3:1.7b:local")")).status == 200);
  for (const char* name : {"gpt-oss:120b-cloud", "kimi:cloud"}) {
    CAPTURE(name);
    const Answer a = town.ask("POST", "/api/chat", chat("\"model\":\"" + std::string(name) + "\""));
    CHECK(a.status == 403);
    CHECK(a.body.find("cloud") != std::string::npos);
  }
}

}  // namespace naming_test
