// The access log: one JSON line per request that ended, one per change of the fleet, never a prompt or a key.
#include "api/json.hpp"
#include "support/scripted_node.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace access_log_test {

using namespace rr::test;
using rr::api::Json;

namespace {

struct LogFile {
  std::string path = (std::filesystem::temp_directory_path() / ("role-router-access-" + std::to_string(::getpid()) + ".jsonl")).string();
  LogFile() { std::filesystem::remove(path); }
  ~LogFile() { std::filesystem::remove(path); }
  std::string yaml() const { return "access_log: " + path + "\n"; }
  std::vector<Json> lines(const std::string& what) const {  // every line must be a whole object
    std::vector<Json> out;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line) && !in.eof();) {  // the last one may be half written
      Json value = Json::parse(line);
      CHECK(value.value("at", "").size() == 29);
      if (value["what"] == what) out.push_back(std::move(value));
    }
    return out;
  }
};

std::vector<Json> requests(const LogFile& log, Town& town, std::size_t wanted) {
  town.on_loop([&] { town.router->house().access->hand_over(); });
  town.until([&] { return log.lines("request").size() >= wanted; });
  return log.lines("request");
}

}  // namespace

TEST_CASE("each request leaves one line that can be replayed, and no prompt") {
  LogFile log;
  {
    Town town(log.yaml());
    const Answer a = town.ask("POST", "/role/coder/session/team-7/api/chat?key=query-secret", R"({"model":"auto","messages":[{"role":"user","content":"hidden words"}]})",
                              {{"Authorization", "Bearer header-secret"}});
    CHECK(a.status == 200);
    CHECK(town.ask("POST", "/v1/chat/completions", R"({"model":"nobody","messages":[{"role":"user","content":"x"}]})").status == 404);
    CHECK(town.ask("GET", "/api/tags").status == 200);
    CHECK(town.ask("GET", "/nowhere").status == 404);
    const auto lines = requests(log, town, 4);
    REQUIRE(lines.size() == 4);
    const Json& chat = lines[0];
    CAPTURE(chat.dump());
    CHECK(chat["id"] == std::string(a.field("X-Router-Request")));
    CHECK(chat["method"] == "POST");
    CHECK(chat["path"] == "/api/chat");
    CHECK(chat["role"] == "coder");
    CHECK(chat["source"] == "path");
    CHECK(chat["session"] == "team-7");
    CHECK(chat["asked"] == "auto");
    CHECK(chat["model"] == "qwen3-coder:30b");
    CHECK(chat["node"] == "mac-mini");
    CHECK(chat["link"] == "127.0.0.1:" + std::to_string(town.mini->port()));
    CHECK(chat["stream"] == true);
    CHECK(chat["status"] == 200);
    CHECK(chat["outcome"] == "ok");
    CHECK(!chat.contains("code"));
    CHECK(chat["prompt_tokens"].get<int>() > 0);
    CHECK(chat["output_tokens"].get<int>() > 0);
    CHECK(chat["first_byte_ms"].get<double>() <= chat["took_ms"].get<double>());
    CHECK(chat["swapped_ms"].get<double>() <= chat["queued_ms"].get<double>());
    CHECK(lines[1]["outcome"] == "refused");
    CHECK(lines[1]["code"] == "model_missing");
    CHECK(lines[1]["side"] == "client");
    CHECK(lines[2]["outcome"] == "ok");
    CHECK(lines[3]["path"] == "/nowhere");
    CHECK(lines[3]["status"] == 404);
  }
  std::ifstream in(log.path);
  const std::string all((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (const char* secret : {"hidden", "secret", "Bearer"}) CHECK(all.find(secret) == std::string::npos);
}

TEST_CASE("a load is a line of the fleet") {
  LogFile log;
  Town town(log.yaml());
  CHECK(town.ask("POST", "/api/chat", R"({"model":"coder","messages":[{"role":"user","content":"x"}]})").status == 200);
  requests(log, town, 1);
  std::string texts;
  for (const Json& line : log.lines("fleet")) texts += line["text"].get<std::string>() + "\n";
  CAPTURE(texts);
  CHECK(texts.find("mac-mini: loaded qwen3-coder:30b in ") != std::string::npos);
}

TEST_CASE("a stream that the node breaks is a broken line whose fault is the node's; one that the client leaves is the client's") {
  LogFile log;
  Town town(log.yaml());
  town.on_loop([&] { town.mini->fault({.what = rr::sim::Fault::What::die_mid}); });
  CHECK(!town.ask("POST", "/api/chat", R"({"model":"coder","messages":[{"role":"user","content":"x"}]})").clean);
  {
    RawClient client(town.router->port());
    client.send(request_text("POST", "/api/chat", R"({"model":"coder","messages":[{"role":"user","content":"[[chunks:100000]]"}]})"));
    Answer begun = client.head();
    CHECK(client.chunk(begun));
  }
  CHECK(town.until([&] { return town.router->house().answering == 0; }));
  const auto lines = requests(log, town, 2);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["status"] == 200);
  CHECK(lines[0]["outcome"] == "broken");
  CHECK(lines[0]["side"] == "node");
  CHECK(lines[0]["code"] == "node_lost");
  CHECK(lines[1]["outcome"] == "client_left");
  CHECK(lines[1]["side"] == "client");
}

TEST_CASE("a reload opens another access log; one that cannot be written changes nothing") {
  LogFile log;
  Town town(log.yaml());
  auto& house = town.router->house();
  CHECK(town.on_loop([&] { return house.open_access_log("/proc/nowhere/a.jsonl").value_or(""); }) ==
        "access_log: /proc/nowhere/a.jsonl cannot be written: No such file or directory");
  CHECK(town.ask("GET", "/api/tags").status == 200);
  CHECK(requests(log, town, 1).size() == 1);
}

TEST_CASE("what a full disk swallows stands in /health, and requests are not the worse for it") {
  Town town("access_log: /dev/full\n");
  CHECK(town.ask("GET", "/api/tags").status == 200);
  town.on_loop([&] { town.router->house().access->hand_over(); });
  CHECK(town.until([&] { return town.router->house().access->lost() > 0; }));
  const Answer a = town.ask("GET", "/health");
  CHECK(a.status == 200);
  CHECK(a.body.find("access_log /dev/full lost 1 lines: No space left on device") != std::string::npos);
}

}  // namespace access_log_test
