// Every request that real clients were recorded to send to the routes served here is accepted and answered, as it stands:
// target, fields and body of the recording, through the router to simulated nodes.
#include "api/json.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

namespace clients_test {

using namespace rr::test;
using rr::api::Json;

namespace {

// A coder that can all that the recordings ask for, and the embedding model they name.
struct Recorded : Town {
  Recorded() : Town("", 2000, [](rr::sim::NodeSpec& spec) {
    for (auto& model : spec.models)
      if (model.name == "qwen3-coder:30b") model.capabilities = {"completion", "tools", "vision", "thinking", "insert"};
  }) {}
};

std::string expected_status(const Json& r, const Answer& a) {
  const std::string scenario = r.value("scenario", ""), client = r.value("client", "");
  if (client == "curl" && scenario == "bad_json") return a.status == 400 ? "" : "400";
  if (scenario == "cors_preflight") return a.status == 204 ? "" : "204";
  const std::string body = r.value("body", "");
  if (scenario == "recover_503") return a.status == 503 || (a.status == 200 && a.clean) ? "" : "the node's 503, then its answer";
  if (body.find("[[fault:status-") != std::string::npos) return a.status >= 400 ? "" : "the node's error";
  if (body.find("[[fault:") != std::string::npos) return (a.status == 200 && !a.clean) || a.status >= 500 ? "" : "a failure that shows";
  // The llm client asks /api/show for every name of its own list: those that no node has are Ollama's 404.
  if (r.value("target", "").ends_with("/api/show") && a.status == 404) return "";
  return a.status == 200 && a.clean ? "" : "a clean 200";
}

}  // namespace

TEST_CASE("every recorded request to a served route is accepted and answered") {
  Recorded town;
  int asked = 0;
  std::map<std::string, std::map<std::string, std::string>> table;  // client, scenario
  for (const auto& file : std::filesystem::directory_iterator(RR_SOURCE_DIR "/tests/conformance/clients")) {
    if (file.path().extension() != ".jsonl") continue;
    std::ifstream lines(file.path());
    for (std::string line; std::getline(lines, line);) {
      const Json r = Json::parse(line);
      rr::Fields fields;
      for (const auto& f : r["headers"]) {
        const std::string name = f[0];
        if (rr::same_name(name, "Content-Length") || rr::same_name(name, "Transfer-Encoding") || rr::same_name(name, "Expect")) continue;
        if (rr::same_name(name, "Host")) continue;
        fields.push_back({name, f[1]});
      }
      const std::string method = r.value("method", "POST"), body = r.contains("body") && r["body"].is_string() ? r["body"].get<std::string>() : "";
      const Answer a = town.ask(method, r["target"].get<std::string>(), body, fields);
      CAPTURE(line.substr(0, 300));
      CAPTURE(a.status);
      CAPTURE(a.body.substr(0, 300));
      const std::string wrong = expected_status(r, a);
      CHECK(wrong == "");
      ++asked;
      std::string& cell = table[r.value("client", "")][r.value("scenario", "")];
      if (!wrong.empty()) cell = "FAILS";
      else if (cell.empty()) cell = "ok";
    }
  }
  CHECK(asked > 600);
  CHECK(table.size() > 40);
  const std::string told = std::to_string(asked) + " of " + std::to_string(asked) + " recorded requests of " + std::to_string(table.size()) + " clients were answered";
  MESSAGE(told);
  for (const auto& [client, scenarios] : table) {
    std::string row = client + ":";
    for (const auto& [scenario, how] : scenarios) row += " " + scenario + (how == "ok" ? "" : " " + how);
    MESSAGE(row);
  }
}

}  // namespace clients_test
