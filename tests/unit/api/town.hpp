// What the tests of this room share: a padded body, the two Macs' settings and fleet, recorded files.
#pragma once

#include "api/classify.hpp"
#include "api/json.hpp"
#include "api/members.hpp"

#include <fstream>
#include <sstream>

namespace rr::api::test {

class Body {  // with the readable bytes behind it that the reader is promised
 public:
  explicit Body(std::string_view text) : size_(text.size()), bytes_(text) { bytes_.append(64, '\0'); }
  operator std::string_view() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  std::size_t size_;
  std::string bytes_;
};

inline Settings two_macs() {
  Settings s;
  s.roles = {{.name = "router", .nodes = {"macbook"}, .model = ModelName("qwen3:1.7b"), .keep_alive = for_ever},
             {.name = "architect", .nodes = {"mac-mini"}, .model = ModelName("qwen3-coder-next:q4_K_M"),
              .keep_alive = {}, .also_called = {"planner", "설계자"}},
             {.name = "coder", .nodes = {"mac-mini"}, .model = ModelName("qwen3-coder:30b"),
              .keep_alive = {std::chrono::hours(2)}, .also_called = {"developer", "코더"}},
             {.name = "tester", .nodes = {"mac-mini", "macbook"}, .model = ModelName("qwen2.5-coder:14b"),
              .keep_alive = {std::chrono::minutes(30)}, .also_called = {"reviewer"}}};
  s.default_role = "coder";
  s.nodes = {{.name = "macbook", .addresses = {{"127.0.0.1", 11434}}}, {.name = "mac-mini", .addresses = {{"10.0.0.2", 11434}}}};
  s.models = {{.name = ModelName("qwen3:1.7b"), .num_ctx = 8192},
              {.name = ModelName("qwen3-coder-next:q4_K_M"), .num_ctx = 32768},
              {.name = ModelName("qwen3-coder:30b"), .num_ctx = 32768},
              {.name = ModelName("qwen2.5-coder:14b"), .num_ctx = 16384}};
  return s;
}

inline Installed installed(const std::string& name, std::set<std::string> capabilities = {"completion", "tools"}) {
  const std::string digest(64, name.empty() ? '0' : 'a');
  return {.name = ModelName(name), .size = 1'000'000'000, .digest = digest, .capabilities = std::move(capabilities),
          .raw = R"({"name":")" + name + R"(","model":")" + name +
                 R"(","modified_at":"2026-11-20T10:17:36.432387053Z","size":1000000000,"digest":")" + digest +
                 R"(","details":{"family":"qwen3"}})"};
}

inline Fleet two_nodes() {
  Fleet fleet;
  fleet.nodes = {{.name = "macbook", .state = NodeState::up, .version = "0.33.0", .inventory_known = true,
                  .installed = {installed("qwen3:1.7b"), installed("qwen2.5-coder:14b"), installed("nomic-embed-text:latest", {"embedding"})}},
                 {.name = "mac-mini", .state = NodeState::up, .version = "0.24.1", .inventory_known = true,
                  .installed = {installed("qwen3-coder-next:q4_K_M"), installed("qwen3-coder:30b"), installed("qwen2.5-coder:14b"),
                                installed("llama3.2:3b")}}};
  return fleet;
}

inline std::string file(const std::string& path) {
  std::ifstream in(std::string(RR_SOURCE_DIR) + "/" + path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

inline Json transcript(const std::string& name) {
  return Json::parse(file("tests/conformance/transcripts/0.33.0-rc2/" + name + ".json"));
}

inline std::string reply_text(const Json& exchange) {
  std::string out;
  for (const auto& piece : exchange["reply"]["pieces"]) out += piece[1].get<std::string>();
  return out;
}

inline RequestHead head(std::string method, std::string target, Fields fields = {}) {
  return {.method = std::move(method), .target = std::move(target), .version = 11, .fields = std::move(fields)};
}

// One request through route, read_members and classify.
inline Result<Ask> asked(const RequestHead& request, std::string_view text, const Settings& settings, const Fleet& fleet) {
  const RoleNames names(settings);
  const auto where = route(request);
  if (!where) return where.error();
  const Body body(text);
  const auto members = read_members(body, where->kind);
  if (!members) return members.error();
  return classify(request, *where, *members, {settings, names, fleet, "0123456789abcdef"});
}

}  // namespace rr::api::test
