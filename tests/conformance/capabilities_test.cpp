// What a model can is what /api/show says: for a model whose template stands in its weights /api/tags lists only `completion`
// (recorded: coder:30b in transport-tags against manage-show).
#include "support/town.hpp"

#include <doctest/doctest.h>

namespace capabilities_test {

using namespace rr::test;

namespace {

const std::string with_tools = R"({"model":"coder","stream":false,"messages":[{"role":"user","content":"hi"}],)"
                               R"("tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]})";

std::function<void(rr::sim::NodeSpec&)> engine_rendered(std::vector<std::string> capabilities) {
  return [capabilities](rr::sim::NodeSpec& spec) {
    for (auto& model : spec.models)
      if (model.name == "qwen3-coder:30b") model.rendering = rr::sim::Rendering::engine, model.capabilities = capabilities;
  };
}

}  // namespace

TEST_CASE("a model that can use tools gets them, though /api/tags does not say so") {
  Town town("", 400, engine_rendered({"completion", "tools"}));
  CHECK(town.ask("GET", "/api/tags").body.find("\"tools\"") != std::string::npos);  // of other models
  const Answer native = town.ask("POST", "/api/chat", with_tools);
  CAPTURE(native.body);
  CHECK(native.status == 200);
  CHECK(town.ask("POST", "/v1/chat/completions", with_tools).status == 200);
}

TEST_CASE("a model that cannot use tools is refused with the role that can, and no node hears of it") {
  Town town("", 400, engine_rendered({"completion"}));
  const Answer a = town.ask("POST", "/api/chat", with_tools);
  CHECK(a.status == 400);
  CHECK(a.body.find("capability_missing") != std::string::npos);
  CHECK(a.body.find("role ") != std::string::npos);
  CHECK(town.inference(town.mini).empty());
}

}  // namespace capabilities_test
