#include "api/say_no.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace say_no_test {

using namespace rr;
using namespace rr::api;

namespace {

const Refusal full{.code = "line_full", .status = 503, .sentence = "256 requests wait: try again in 5 s", .retry_after_s = 5};
const Refusal unknown{.code = "role_unknown", .side = Side::client, .status = 400, .sentence = "role \"x\" is not known"};
const Refusal missing{.code = "model_missing", .side = Side::client, .status = 404, .sentence = "model 'nope:1b' not found", .ollama_text = true};

}  // namespace

TEST_CASE("a refusal is said in the envelope of each dialect, with its code") {
  const auto ollama = say_no(unknown, Dialect::ollama, "r-000001");
  CHECK(ollama.head.status == 400);
  CHECK(ollama.head.reason == "Bad Request");
  CHECK(find(ollama.head.fields, "Content-Type") == "application/json; charset=utf-8");
  CHECK(ollama.body == R"({"error":"role \"x\" is not known","code":"role_unknown"})");
  const auto openai = say_no(unknown, Dialect::openai, "r-000001");
  CHECK(find(openai.head.fields, "Content-Type") == "application/json");
  CHECK(openai.body == R"({"error":{"message":"role \"x\" is not known","type":"invalid_request_error","param":null,"code":"role_unknown"}})" "\n");
  CHECK(say_no(unknown, Dialect::anthropic, "r-000001").body ==
        R"({"type":"error","error":{"type":"invalid_request_error","message":"role \"x\" is not known"},"request_id":"r-000001"})" "\n");
  CHECK(say_no(unknown, Dialect::own, "r-000001").body == ollama.body);
}

TEST_CASE("Ollama's own words stand as Ollama says them") {
  CHECK(say_no(missing, Dialect::ollama, "r-000001").body == test::reply_text(test::transcript("error-chat-unknown-model")));
  CHECK(say_no(missing, Dialect::openai, "r-000001").body == test::reply_text(test::transcript("error-v1chat-unknown-model")));
}

TEST_CASE("clients that try again by themselves are told when not to") {
  CHECK(find(say_no(unknown, Dialect::openai, "").head.fields, "x-should-retry") == "false");
  CHECK(find(say_no({.code = "node_down", .status = 503, .sentence = "x"}, Dialect::openai, "").head.fields, "x-should-retry") == "false");
  const auto later = say_no(full, Dialect::openai, "");
  CHECK_FALSE(has(later.head.fields, "x-should-retry"));
  CHECK(find(later.head.fields, "Retry-After") == "5");
  CHECK(find(say_no(full, Dialect::ollama, "").head.fields, "Retry-After") == "5");
  CHECK_FALSE(has(say_no(unknown, Dialect::ollama, "").head.fields, "x-should-retry"));
}

TEST_CASE("a broken stream ends with one line or event that its clients understand") {
  const Refusal broken{.code = "node_lost", .side = Side::node, .status = 502, .sentence = "mac-mini was lost"};
  CHECK(in_band(broken, Dialect::ollama, "r-000001") == "{\"error\":\"mac-mini was lost\",\"code\":\"node_lost\"}\n");
  CHECK(in_band(broken, Dialect::openai, "r-000001") ==
        "data: {\"error\":{\"message\":\"mac-mini was lost\",\"type\":\"api_error\",\"param\":null,\"code\":\"node_lost\"}}\n\n");
  CHECK(in_band(broken, Dialect::anthropic, "r-000001") ==
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"mac-mini was lost\"},\"request_id\":\"r-000001\"}\n\n");
}

TEST_CASE("a node's error goes on with its status, in the caller's envelope") {
  for (const auto& [native, v1] : {std::pair{"error-chat-embedding-model", "error-v1chat-embedding-model"},
                                   std::pair{"error-chat-think-unsupported", "error-v1chat-think-unsupported"},
                                   std::pair{"error-chat-tools-unsupported", "error-v1chat-tools-unsupported"}}) {
    CAPTURE(native);
    const auto from = test::transcript(native), to = test::transcript(v1);
    const int status = from["reply"]["status"];
    CHECK(pass_error(status, test::reply_text(from), Dialect::ollama, "").body == test::reply_text(from));
    const auto openai = pass_error(status, test::reply_text(from), Dialect::openai, "");
    CHECK(openai.body + "\n" == test::reply_text(to));
    CHECK(openai.head.status == to["reply"]["status"]);
    CHECK(find(openai.head.fields, "x-should-retry") == "false");
  }
  CHECK(Json::parse(pass_error(500, "plain text", Dialect::openai, "").body)["error"]["message"] == "plain text");
}

}  // namespace say_no_test
