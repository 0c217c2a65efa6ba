#include "domain/door.hpp"

#include <doctest/doctest.h>

namespace door_test {

using namespace rr;

namespace {

Settings two() {
  Settings s;
  s.nodes = {{.name = "macbook", .addresses = {{"127.0.0.1", 1}}}, {.name = "mac-mini", .addresses = {{"127.0.0.1", 2}}}};
  s.roles = {{.name = "coder", .nodes = {"mac-mini"}, .model = ModelName("qwen3-coder:30b")}};
  return s;
}

Fleet having(std::vector<std::string> macbook, std::vector<std::string> mini) {
  Fleet fleet;
  fleet.nodes = {{.name = "macbook", .inventory_known = true}, {.name = "mac-mini", .inventory_known = true}};
  for (const auto& m : macbook) fleet.nodes[0].installed.push_back({.name = ModelName(m)});
  for (const auto& m : mini) fleet.nodes[1].installed.push_back({.name = ModelName(m)});
  return fleet;
}

}  // namespace

TEST_CASE("a request for one node goes where it says, where the YAML says, to the only node, or to the model's only owner") {
  const Settings settings = two();
  const Fleet fleet = having({"a:1b", "both"}, {"b:1b", "both:latest"});
  const Door open{.open = true}, named{.open = true, .node = "macbook"};
  const auto to = [&](const Door& door, const char* said, const char* model) {
    auto node = destination({.key = "management", .door = door, .path = "/api/delete", .said = said, .model = ModelName(model)}, fleet, settings);
    return node ? *node : node.error().code;
  };
  CHECK(to(named, "mac-mini", "a:1b") == "mac-mini");
  CHECK(to(named, "", "b:1b") == "macbook");
  CHECK(to(open, "", "B:1B") == "mac-mini");
  CHECK(to(open, "", "a:1b") == "macbook");
  CHECK(to(open, "", "both") == "node_unsaid");
  CHECK(to(open, "", "nope") == "node_unsaid");
  CHECK(to(open, "", "") == "node_unsaid");
  CHECK(to(open, "typo", "a:1b") == "node_unknown");
  Settings one = two();
  one.nodes.pop_back();
  CHECK(*destination({.key = "cloud", .door = open, .path = "/x"}, fleet, one) == "macbook");
}

TEST_CASE("who does not say the node is told the nodes, who has the model, and the three ways to say it") {
  const Settings settings = two();
  const Door open{.open = true};
  const Errand errand{.key = "management", .door = open, .path = "/api/delete", .said = "", .model = ModelName("both")};
  const Refusal unsaid = destination(errand, having({"both"}, {"both"}), settings).error();
  CHECK(unsaid.status == 400);
  CHECK(unsaid.sentence == "/api/delete is for one node, and it is not said which of macbook, mac-mini: both is on macbook and mac-mini. Say it by "
                           "path (/node/macbook/api/delete), by header (X-Router-Node: macbook) or in the YAML (management: macbook)");
  CHECK(destination(errand, having({}, {}), settings).error().sentence.find("both is on none of them") != std::string::npos);
  const Refusal unknown = node_unknown("typo", settings);
  CHECK(unknown.status == 400);
  CHECK(unknown.sentence == "node \"typo\" is not known. The nodes: macbook, mac-mini");
}

TEST_CASE("closed doors are 403 and name their key; a role's model on its node is in use, elsewhere it is not") {
  CHECK(management_closed("/api/pull").status == 403);
  CHECK(management_closed("/api/pull").sentence.find("`management`") != std::string::npos);
  CHECK(management_closed("/api/copy").sentence.find("run `ollama cp SOURCE TARGET` on the node itself") != std::string::npos);
  CHECK(cloud_closed("kimi:cloud").status == 403);
  CHECK(cloud_closed("kimi:cloud").sentence.find("`cloud`") != std::string::npos);
  CHECK(role_may_not("coder", "/api/pull").status == 403);
  const auto used = in_use(ModelName("Qwen3-Coder:30B"), "mac-mini", two());
  REQUIRE(used);
  CHECK(used->status == 409);
  CHECK(used->sentence.find("role coder") != std::string::npos);
  CHECK_FALSE(in_use(ModelName("qwen3-coder:30b"), "macbook", two()));
  CHECK_FALSE(in_use(ModelName("other"), "mac-mini", two()));
}

TEST_CASE("what only the operator may is open to a peer on this machine that is no web page and came through no proxy or tunnel") {
  const auto code = [](const Fields& fields, bool loopback) {
    const auto refusal = admin_only("/admin/drain", fields, loopback);
    return refusal ? refusal->code + " " + std::to_string(refusal->status) : "";
  };
  CHECK(code({{"Host", "localhost:8000"}, {"User-Agent", "curl/8"}, {"Accept", "*/*"}, {"Sec-Other", "1"}, {"Cfx", "1"}}, true) == "");
  CHECK(code({{"Host", "localhost:8000"}}, false) == "admin_only 403");
  for (const char* name : {"Origin", "origin", "Sec-Fetch-Site", "SEC-FETCH-mode", "X-Forwarded-For", "x-forwarded-proto", "X-Forwarded-Host", "Cf-Ray",
                           "CF-Connecting-IP", "Tailscale-User-Login", "tailscale-headers-info", "Forwarded"}) {
    CAPTURE(name);
    CHECK(code({{"Host", "localhost:8000"}, {name, "http://localhost"}}, true) == "admin_only 403");
    CHECK(admin_only("/admin/drain", {{name, ""}}, true)->sentence.find(name) != std::string::npos);
  }
  CHECK(forwarded({{"X-Forwarded-For", "1.2.3.4"}}));
  CHECK_FALSE(forwarded({{"Origin", "http://localhost"}}));
}

TEST_CASE("with an api_key, who is not on this machine must send it") {
  const std::string key = "0123456789abcdef0";
  const auto asked = [&](const Fields& fields, bool here, const std::string& wanted) {
    const auto refusal = key_required(fields, here, wanted);
    return refusal ? refusal->code : "in";
  };
  CHECK(asked({}, false, "") == "in");  // no key is set
  CHECK(asked({}, true, key) == "in");
  CHECK(asked({}, false, key) == "key_required");
  CHECK(asked({{"Tailscale-Funnel-Request", "?1"}}, true, key) == "key_required");  // a tunnel ends on this machine
  CHECK(asked({{"X-Forwarded-For", "203.0.113.9"}, {"Authorization", "Bearer " + key}}, true, key) == "in");
  CHECK(asked({{"authorization", "bearer " + key}}, false, key) == "in");
  CHECK(asked({{"x-api-key", key}}, false, key) == "in");
  for (const std::string& wrong : {std::string("0123456789abcdef1"), key + key, std::string("0"), key.substr(1)}) {
    CAPTURE(wrong);
    CHECK(asked({{"x-api-key", wrong}}, false, key) == "key_required");
  }
  CHECK(key_required({}, false, key)->status == 401);
}

}  // namespace door_test
