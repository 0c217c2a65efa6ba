#include "api/report.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace report_test {

using namespace rr;
using namespace rr::api;
using namespace std::chrono_literals;

namespace {

const Time now{1000s};

Picture picture() {
  Picture p;
  p.roles = {{.name = "coder", .state = "ready", .model = ModelName("qwen3-coder:30b"), .node = "mac-mini", .why = "", .expected = {}},
             {.name = "architect", .state = "after_swap", .model = ModelName("qwen3-coder-next:q4_K_M"), .node = "mac-mini",
              .why = "coder leaves when idle, then 52 GB load", .expected = 26s}};
  p.nodes = {{.belief = {.name = "mac-mini", .state = NodeState::up, .heard = now - 400ms, .rtt = 620us, .version = "0.33.0"},
              .limit = 56 * gib, .used = Bytes{23'192'823'398},
              .models = {{.model = ModelName("qwen3-coder:30b"), .roles = {"coder"}, .bytes = Bytes{23'192'823'398}, .vram = Bytes{23'192'823'398},
                          .num_ctx = 32768, .in_flight = 1, .lease = 2h}}},
             {.belief = {.name = "macbook", .state = NodeState::down, .why = "connection refused at 127.0.0.1:11434"}}};
  Links& links = p.nodes[0].belief.links;
  links = Links({{"169.254.19.104", 11434}, {"10.0.0.2", 11434}, {"100.101.102.103", 11434}}, now);
  links.heard({"169.254.19.104", 11434}, 620us, now);
  links.failed({"100.101.102.103", 11434}, "100.101.102.103:11434 refused the connection", Links::Evidence::certain, now - 6s);
  p.waiting = {{.id = 414, .role = "architect", .for_what = "coder r-000412 to finish, then a swap", .place = 1, .waited = 7s, .expected = 26s}};
  p.in_flight = 1;
  return p;
}

Json told(const Picture& p, const Settings& settings = test::two_macs()) {
  return Json::parse(health(p, settings, {.file = "router.yaml", .generation = 7, .adopted = "2026-11-20T14:02:11+09:00"}, 2h + 13min, now).body);
}

std::string keys(const Json& object) {
  std::string out;
  for (const auto& [key, value] : object.items()) out += key + " ";
  return out;
}

}  // namespace

TEST_CASE("/health has the members of the contract, in their order") {
  const auto said = told(picture());
  CHECK(keys(said) == "status version demo up config policy roles nodes waiting in_flight warnings ");
  CHECK(keys(said["config"]) == "file generation adopted refused ");
  CHECK(keys(said["roles"]["coder"]) == "state model node ");
  CHECK(keys(said["roles"]["architect"]) == "state model node why expected_s ");
  const auto& mini = said["nodes"]["mac-mini"];
  CHECK(keys(mini) == "state ollama heard_s_ago links memory models swap ");
  CHECK(keys(mini["links"][0]) == "address state in_use rtt_ms ");
  CHECK(keys(mini["memory"]) == "limit_gib used_gib ");
  CHECK(keys(mini["models"][0]) == "name role gib num_ctx on_gpu in_flight lease_s ");
  CHECK(keys(said["waiting"][0]) == "id role for place waited_s expected_s ");
}

TEST_CASE("/health gives numbers in the units of their names") {
  const auto said = told(picture());
  const auto& mini = said["nodes"]["mac-mini"];
  CHECK(said["up"] == "2h13m");
  CHECK(said["policy"] == "smart");
  CHECK(said["config"]["refused"].is_null());
  CHECK(mini["heard_s_ago"] == 0.4);
  CHECK(mini["links"][0]["rtt_ms"] == 0.6);
  CHECK(mini["links"][0]["address"] == "169.254.19.104:11434");
  CHECK(mini["links"][0]["in_use"] == true);
  CHECK(mini["links"][1] == Json{{"address", "10.0.0.2:11434"}, {"state", "unknown"}, {"in_use", false}});
  CHECK(mini["links"][2] == Json{{"address", "100.101.102.103:11434"}, {"state", "down"}, {"in_use", false},
                                 {"why", "100.101.102.103:11434 refused the connection, next try in 4 s"}});
  CHECK(mini["memory"] == Json{{"limit_gib", 56.0}, {"used_gib", 21.6}});
  CHECK(mini["models"][0]["gib"] == 21.6);
  CHECK(mini["models"][0]["on_gpu"] == 1.0);
  CHECK(mini["models"][0]["lease_s"] == 7200);
  CHECK(mini["swap"].is_null());
  CHECK(said["waiting"][0]["id"] == "r-000414");
  CHECK(said["nodes"]["macbook"]["why"] == "connection refused at 127.0.0.1:11434");
  CHECK(said["nodes"]["macbook"]["memory"]["limit_gib"].is_null());
  CHECK(said["nodes"]["macbook"]["ollama"].is_null());
}

TEST_CASE("/health is indented and ends with a newline") {
  const auto body = health(picture(), test::two_macs(), {}, 0s, now).body;
  CHECK(body.starts_with("{\n  \"status\": "));
  CHECK(body.ends_with("}\n"));
}

TEST_CASE("503 only when a required role has been unavailable for over 10 s") {
  auto p = picture();
  const auto status = [&] { return health(p, test::two_macs(), {}, 0s, now).status; };
  CHECK(status() == 200);
  CHECK(told(p)["status"] == "degraded");  // a node is down
  p.nodes.pop_back();
  CHECK(told(p)["status"] == "ok");
  p.roles[0].state = "unavailable";
  p.roles[0].in_state = 10s;
  CHECK(status() == 200);
  CHECK(told(p)["status"] == "degraded");
  p.roles[0].in_state = 11s;
  CHECK(status() == 503);
  CHECK(told(p)["status"] == "unavailable");
  p.roles[0].required = false;
  CHECK(status() == 200);
  p.roles[0].required = true;
  p.roles[0].state = "after_swap";
  CHECK(status() == 200);
}

TEST_CASE("a swap under way is told") {
  auto p = picture();
  p.nodes[0].swap = SwapPicture{.phase = SwapPhase::draining, .model = ModelName("qwen3-coder-next:q4_K_M"), .victims = {ModelName("qwen3-coder:30b")},
                                .because = "architect r-000414 waits", .since = 3s};
  const auto swap = told(p)["nodes"]["mac-mini"]["swap"];
  CHECK(keys(swap) == "phase model victims because since_s ");
  CHECK(swap["phase"] == "draining");
  CHECK(swap["victims"] == Json::array({"qwen3-coder:30b"}));
}

}  // namespace report_test
