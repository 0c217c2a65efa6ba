#include "api/listing.hpp"
#include "api/node_speech.hpp"
#include "api/rfc3339.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace node_speech_test {

using namespace rr;
using namespace rr::api;

TEST_CASE("dates are read to the nanosecond's neighbourhood, in any offset") {
  CHECK(*seconds_since_1970("1970-01-01T00:00:00Z") == 0);
  CHECK(*seconds_since_1970("2026-11-20T10:19:55.5Z") == doctest::Approx(1795169995.5));
  CHECK(*seconds_since_1970("2026-11-20T19:19:55.5+09:00") == doctest::Approx(1795169995.5));
  CHECK(*seconds_since_1970("2026-11-20T06:49:55.5-03:30") == doctest::Approx(1795169995.5));
  CHECK_FALSE(seconds_since_1970("yesterday"));
  CHECK_FALSE(seconds_since_1970("2026-13-20T10:19:55Z"));
}

TEST_CASE("/api/ps is read: sizes, context, lease; a year beyond 2200 is for ever") {
  const Time now{};
  const auto one = parse_ps(test::reply_text(test::transcript("ps-infinite")), now, 1795170000.0);
  REQUIRE(one.has_value());
  REQUIRE(one->size() == 1);
  CHECK((*one)[0].name == ModelName("router-s:8b"));
  CHECK((*one)[0].size == 134457472);
  CHECK((*one)[0].digest.size() == 64);
  CHECK((*one)[0].num_ctx > 0);
  CHECK_FALSE((*one)[0].expires);
  const auto lease = parse_ps(R"({"models":[{"name":"m","size":2,"size_vram":1,"context_length":4096,"expires_at":"2026-11-20T10:20:55Z"}]})", now, 1795169995.0);
  CHECK(*(*lease)[0].expires - now == std::chrono::seconds(60));
  CHECK(parse_ps(R"({"models":[]})", now, 0)->empty());
}

TEST_CASE("/api/tags and /api/version are read, and an entry keeps its JSON") {
  const auto text = test::reply_text(test::transcript("transport-tags"));
  const auto models = parse_tags(text);
  REQUIRE(models.has_value());
  const auto recorded = Json::parse(text)["models"];
  REQUIRE(models->size() == recorded.size());
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    CHECK((*models)[i].name.spelt() == recorded[i]["name"]);
    CHECK((*models)[i].size == recorded[i]["size"]);
    CHECK((*models)[i].raw == recorded[i].dump());
    CHECK((*models)[i].capabilities.size() == recorded[i]["capabilities"].size());
  }
  CHECK(*parse_version(R"({"version":"0.33.0"})") == "0.33.0");
}

TEST_CASE("what is no answer of Ollama's is a node failure, not a crash") {
  for (const char* text : {"", "null", "[]", "{}", "<html>", R"({"models":null})", R"({"models":[1]})", R"({"models":[{}]})", "{\"models\":[{\"name\":\"\xff\"}]"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_ps(text, {}, 0).has_value());
    CHECK_FALSE(parse_tags(text).has_value());
    CHECK_FALSE(parse_version(text).has_value());
    CHECK(parse_tags(text).has_error());
    CHECK(parse_error(text) == text);
  }
  CHECK(parse_tags("x").error().side == Side::node);
  CHECK(parse_error(R"({"error":"no"})") == "no");
  CHECK(parse_error(R"({"error":{"message":"no"}})") == "no");
  CHECK(parse_error(std::string(500, 'x')).size() == 200);
  CHECK(*parse_done_reason(test::reply_text(test::transcript("preload-generate"))) == "load");
  CHECK(*parse_done_reason(test::reply_text(test::transcript("unload-chat"))) == "unload");
  CHECK_FALSE(parse_done_reason("{}"));
}

TEST_CASE("a load names the model's own options, so that no reload follows; an unload is an empty prompt with 0") {
  const auto load = load_order(ModelName("qwen3-coder:30b"), 32768, {std::chrono::hours(2)}, false, false);
  CHECK(load.path == "/api/generate");
  CHECK(load.body == R"({"model":"qwen3-coder:30b","prompt":"","keep_alive":"2h","options":{"num_ctx":32768,"use_mmap":false},"stream":false})");
  const auto embed = load_order(ModelName("nomic-embed-text"), 2048, for_ever, std::nullopt, true);
  CHECK(embed.path == "/api/embed");
  CHECK(embed.body == R"({"model":"nomic-embed-text","input":[],"keep_alive":-1,"options":{"num_ctx":2048},"stream":false})");
  const auto unload = unload_order(ModelName("qwen3-coder:30b"));
  CHECK(unload.path == "/api/generate");
  CHECK(unload.body == R"({"model":"qwen3-coder:30b","prompt":"","keep_alive":0,"stream":false})");
}

TEST_CASE("tags list every model of the fleet once, then the roles with their model's digest") {
  const auto list = Json::parse(tags(test::two_nodes(), test::two_macs()))["models"];
  std::string names;
  for (const auto& entry : list) {
    names += entry["name"].get<std::string>() + " ";
    CHECK(entry["name"] == entry["model"]);
    CHECK(entry["digest"].get<std::string>().size() >= 12);
    CHECK(entry.contains("details"));
  }
  CHECK(names == "qwen3:1.7b qwen2.5-coder:14b nomic-embed-text:latest qwen3-coder-next:q4_K_M qwen3-coder:30b llama3.2:3b router architect coder tester ");
  CHECK(tags({}, test::two_macs()) == R"({"models":[]})");
  auto fleet = test::two_nodes();
  fleet.nodes[1].installed.push_back(test::installed("coder:latest"));  // the role hides it
  CHECK(Json::parse(tags(fleet, test::two_macs()))["models"].size() == list.size());
}

TEST_CASE("ps lists what is loaded, with its node") {
  auto fleet = test::two_nodes();
  CHECK(ps(fleet) == R"({"models":[]})");
  fleet.nodes[0].residents = *parse_ps(test::reply_text(test::transcript("ps-infinite")), {}, 0);
  fleet.nodes[1].residents = fleet.nodes[0].residents;
  const auto list = Json::parse(ps(fleet))["models"];
  REQUIRE(list.size() == 2);
  CHECK(list[0]["node"] == "macbook");
  CHECK(list[1]["node"] == "mac-mini");
  auto entry = list[0];
  entry.erase("node");
  CHECK(entry == Json::parse(test::reply_text(test::transcript("ps-infinite")))["models"][0]);
}

TEST_CASE("/v1/models and one model have the shape that Ollama gives them") {
  const auto models = parse_tags(test::reply_text(test::transcript("transport-tags")));
  Fleet fleet;
  fleet.nodes = {{.name = "n", .inventory_known = true, .installed = *models}};
  const auto ours = Json::parse(v1_models(fleet, {}));
  const auto recorded = Json::parse(test::reply_text(test::transcript("transport-v1-models")));
  CHECK(ours["object"] == recorded["object"]);
  REQUIRE(ours["data"].size() == recorded["data"].size());
  for (const auto& entry : ours["data"]) CHECK(std::find(recorded["data"].begin(), recorded["data"].end(), entry) != recorded["data"].end());
  CHECK(*v1_model("coder:30b", fleet, {}) == test::reply_text(test::transcript("transport-v1-model-one")));
  const auto missing = v1_model("nope", fleet, {});
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().sentence == "model 'nope:latest' not found");
  CHECK(Json::parse(v1_models({}, {}))["data"] == Json::array());
  CHECK(Json::parse(*v1_model("설계자", test::two_nodes(), test::two_macs()))["id"] == "설계자");
  CHECK(Json::parse(*v1_model("library/llama3.2:3b", test::two_nodes(), test::two_macs()))["id"] == "library/llama3.2:3b");
}

TEST_CASE("the version is that of the oldest node, else ours") {
  CHECK(version(test::two_nodes()) == R"({"version":"0.24.1"})");
  auto fleet = test::two_nodes();
  fleet.nodes[1].version = "0.100.0";
  CHECK(version(fleet) == R"({"version":"0.33.0"})");
  CHECK(version({}) == std::string(R"({"version":")") + RR_VERSION + "\"}");
}

}  // namespace node_speech_test
