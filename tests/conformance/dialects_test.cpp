// The other vendors' dialects at sockets: each is spoken natively to the node with the role's policy, answered in its own form, and
// an answer that breaks off says so in its own form before the connection is cut.
#include "api/json.hpp"
#include "support/town.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

namespace dialects_test {

using namespace rr::test;
using rr::api::Json;

namespace {

struct Dialect {
  std::string path, body;       // without the closing brace
  std::string native;           // path at the node
  std::string whole, last;      // of a whole answer; the last event of a stream
  std::string broken;           // the start of what a broken stream says last
};

std::vector<Dialect> dialects(const std::string& say) {
  return {{"/v1/chat/completions", R"({"model":"coder","messages":[{"role":"user","content":")" + say + R"("}])", "/api/chat", "\"object\":\"chat.completion\"", "data: [DONE]",
           "data: {\"error\":{\"message\":"},
          {"/v1/completions", R"({"model":"coder","prompt":")" + say + "\"", "/api/generate", "\"object\":\"text_completion\"", "data: [DONE]", "data: {\"error\":{\"message\":"},
          {"/v1/responses", R"({"model":"coder","input":")" + say + "\"", "/api/chat", "\"object\":\"response\"", "event: response.completed",
           "event: error\ndata: {\"type\":\"error\",\"sequence_number\":"},
          {"/v1/messages", R"({"model":"coder","max_tokens":999999,"messages":[{"role":"user","content":[{"type":"text","text":")" + say + R"("}]}])", "/api/chat", "\"type\":\"message\"",
           "event: message_stop", "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":"}};
}

std::string last_event(const std::string& sse) {
  const auto end = sse.rfind("\n\n", sse.size() - 3);
  return end == std::string::npos ? sse : sse.substr(end + 2);
}

}  // namespace

TEST_CASE("every dialect is spoken natively to the node, with the role's keep_alive and the model's num_ctx, streamed and whole, on every path") {
  Town town;
  for (const Dialect& d : dialects("hi"))
    for (const std::string prefix : {"", "/role/coder", "/role/coder/session/s"})
      for (const bool twin : {false, true}) {
        const std::string path = prefix + (twin ? d.path.substr(3) : d.path);
        CAPTURE(path);
        const Answer whole = town.ask("POST", path + "?beta=true", d.body + "}");
        CHECK(whole.status == 200);
        CHECK(whole.field("Content-Type") == "application/json");
        CHECK(whole.body.find(d.whole) != std::string::npos);
        CHECK(whole.body.find("\"model\":\"coder\"") != std::string::npos);
        CHECK(whole.field("X-Router-Model") == "qwen3-coder:30b");
        const Answer stream = town.ask("POST", path, d.body + R"(,"stream":true})");
        CHECK(stream.field("Content-Type") == "text/event-stream");
        CHECK(stream.clean);
        CHECK(stream.chunks.size() > 1);
        CHECK(last_event(stream.body).starts_with(d.last));
        const auto seen = town.inference(town.mini);
        REQUIRE(seen.size() >= 2);
        for (const auto& one : {seen[seen.size() - 2], seen.back()}) {
          CHECK(one.target == d.native);
          const Json sent = Json::parse(one.body);
          CHECK(sent["model"] == "qwen3-coder:30b");
          CHECK(sent["keep_alive"] == "2h");
          CHECK(sent["options"]["num_ctx"] == 32768);
        }
      }
}

TEST_CASE("a stream that breaks off ends with the dialect's own error and uncleanly; a whole answer that breaks off is an error status") {
  for (const std::string fault : {"cut", "noend", "error"}) {
    Town town;
    for (const Dialect& d : dialects("[[chunks:5]][[fault:" + fault + "]]")) {
      CAPTURE(fault);
      CAPTURE(d.path);
      const Answer stream = town.ask("POST", d.path, d.body + R"(,"stream":true})");
      CHECK(stream.status == 200);
      CHECK_FALSE(stream.clean);
      CHECK(last_event(stream.body).starts_with(d.broken));
      CHECK(stream.body.find(d.last) == std::string::npos);
      const Answer whole = town.ask("POST", d.path, d.body + "}");
      CHECK(whole.status >= 500);
      const Json said = Json::parse(whole.body);
      CHECK(said["error"]["message"].get<std::string>().size() > 5);
      if (d.path == "/v1/messages") CHECK(said["type"] == "error");
    }
  }
}

TEST_CASE("an embedding comes as numbers or as base64 of the same numbers") {
  Town town;
  const Answer numbers = town.ask("POST", "/v1/embeddings", R"({"model":"nomic-embed-text","input":["one","two"],"encoding_format":"float"})");
  CAPTURE(numbers.body.substr(0, 300));
  REQUIRE(numbers.status == 200);
  const Json list = Json::parse(numbers.body);
  CHECK(list["object"] == "list");
  REQUIRE(list["data"].size() == 2);
  CHECK(list["data"][1]["index"] == 1);
  CHECK(list["data"][1]["embedding"].size() > 4);
  CHECK(list["usage"]["prompt_tokens"] == list["usage"]["total_tokens"]);
  const Answer packed = town.ask("POST", "/role/coder/v1/embeddings", R"({"model":"nomic-embed-text","input":["one","two"],"encoding_format":"base64"})");
  REQUIRE(packed.status == 200);
  const std::string text = Json::parse(packed.body)["data"][0]["embedding"];
  CHECK(text.size() == (list["data"][0]["embedding"].size() * 4 + 2) / 3 * 4);
}

TEST_CASE("a missing model, message or limit is refused in the dialect's own words and envelope") {
  Town town;
  const struct { const char* path; const char* body; int status; const char* says; } table[] = {
      {"/v1/messages", R"({"messages":[{"role":"user","content":"x"}]})", 400, "model is required"},
      {"/v1/messages", R"({"model":"coder","messages":[{"role":"user","content":"x"}]})", 400, "max_tokens is required and must be positive"},
      {"/v1/messages", R"({"model":"coder","max_tokens":0,"messages":[{"role":"user","content":"x"}]})", 400, "max_tokens is required and must be positive"},
      {"/v1/messages", R"({"model":"coder","max_tokens":5,"messages":[]})", 400, "messages is required"},
      {"/v1/messages", R"({"model":"nope:1b","max_tokens":5,"messages":[{"role":"user","content":"x"}]})", 404, "model 'nope:1b' not found"},
      {"/v1/messages/count_tokens", R"({"model":"coder","messages":[]})", 400, "messages is required"},
      {"/v1/completions", R"({"prompt":"x"})", 404, "model '' not found"},
      {"/v1/embeddings", R"({"input":"x"})", 404, "model '' not found"},
      {"/v1/embeddings", R"({"model":"nope:1b","input":"x"})", 404, "model \"nope:1b\" not found, try pulling it first"},
      {"/v1/responses", R"({"input":"x"})", 400, "model is required"}};
  for (const auto& row : table) {
    CAPTURE(row.body);
    const Answer a = town.ask("POST", row.path, row.body);
    CHECK(a.status == row.status);
    CHECK(Json::parse(a.body)["error"]["message"] == row.says);
    CHECK(a.field("x-should-retry") == "false");
  }
}

TEST_CASE("tokens are counted for Anthropic's clients within 15 % after ten requests to the model, and said to be an estimate") {
  // The requests of real clients, big and small; the node's own prompt_eval_count is the truth. No images: their tokens are not of bytes.
  Town town("", 2000, [](rr::sim::NodeSpec& spec) {
    for (auto& model : spec.models)
      if (model.name == "qwen3-coder:30b") model.capabilities = {"completion", "tools", "vision", "thinking", "insert"};
  });
  std::vector<Json> bodies;
  for (const auto& file : std::filesystem::directory_iterator(RR_SOURCE_DIR "/tests/conformance/clients")) {
    std::ifstream lines(file.path());
    for (std::string line; std::getline(lines, line);) {
      const Json r = Json::parse(line);
      if (r["target"].get<std::string>().find("/v1/messages") == std::string::npos || r["target"].get<std::string>().find("count") != std::string::npos) continue;
      Json body = Json::parse(r["body"].get<std::string>());
      if (r["body"].get<std::string>().find("[[fault:") != std::string::npos || r["body"].get<std::string>().find("[[delay:") != std::string::npos) continue;
      body["model"] = "coder";
      body["stream"] = false;
      bodies.push_back(std::move(body));
    }
  }
  REQUIRE(bodies.size() > 40);
  const Answer unseen = town.ask("POST", "/v1/messages/count_tokens", bodies[0].dump());
  CHECK(unseen.status == 200);
  CHECK(unseen.field("X-Router-Estimate").find("no prompt") != std::string::npos);
  int asked = 0, near = 0, judged = 0;
  double worst = 0;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const Json& body = bodies[i * 7 % bodies.size()];  // small and big ones mixed
    const Answer guess = town.ask("POST", "/v1/messages/count_tokens", body.dump()), answer = town.ask("POST", "/v1/messages", body.dump());
    CAPTURE(answer.body.substr(0, 300));
    REQUIRE(answer.status == 200);
    if (++asked <= 10) continue;
    const double guessed = Json::parse(guess.body)["input_tokens"].get<double>(), actual = Json::parse(answer.body)["usage"]["input_tokens"].get<double>();
    const double off = std::abs(guessed - actual) / actual;
    worst = std::max(worst, off);
    ++judged;
    near += off <= 0.15;
  }
  CHECK(town.ask("POST", "/v1/messages/count_tokens", bodies[0].dump()).field("X-Router-Estimate").find("learnt from") == 0);
  MESSAGE(near << " of " << judged << " within 15 % after ten requests, the worst off by " << static_cast<int>(worst * 100) << " %");
  CHECK(judged > 30);
  CHECK(near == judged);
}

}  // namespace dialects_test
