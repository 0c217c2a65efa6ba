#include "api/usage.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace usage_test {

using namespace rr;
using namespace rr::api;

TEST_CASE("a native stream is whole with its done line, and its figures are read from there") {
  const auto recorded = test::transcript("v1chat-text-stream")["native"];
  AnswerWatch watch;
  for (std::size_t i = 0; i < recorded["reply"]["pieces"].size(); ++i) {
    CHECK_FALSE(watch.done());
    watch.see(recorded["reply"]["pieces"][i][1].get<std::string>());
    CHECK(watch.content());
  }
  CHECK(watch.done());
  CHECK_FALSE(watch.error());
  CHECK(watch.usage().prompt_tokens == 31);
  CHECK(watch.usage().output_tokens == 6);
  CHECK(watch.usage().prompt_time == std::chrono::milliseconds(40));
  CHECK(watch.usage().load_time == Duration{900753});
  CHECK(watch.usage().done_reason == "stop");
}

TEST_CASE("figures that no node can mean are held within bounds, so that what is added up later stays a number") {
  AnswerWatch watch;
  watch.see("{\"done\":true,\"prompt_eval_count\":9223372036854775807,\"eval_count\":-4,\"eval_duration\":9223372036854775807}");
  CHECK(watch.usage().prompt_tokens == std::int64_t{1} << 50);
  CHECK(watch.usage().output_tokens == 0);
  CHECK(watch.usage().output_time == Duration{std::int64_t{1} << 50});
}

TEST_CASE("an answer that only looks done is not whole") {
  const auto done = [](std::string_view text) {
    AnswerWatch watch;
    watch.see(text);
    return watch.done();
  };
  CHECK_FALSE(done(R"({"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"done":true}}}]},"done":false})" "\n"));
  CHECK_FALSE(done(R"({"model":"m","message":{"role":"assistant","content":"he said \"done\":true"},"done":false})" "\n"));
  CHECK_FALSE(done(R"({"model":"","created_at":"0001-01-01T00:00:00Z","message":{"role":"","content":""},"done":false})"));
  CHECK_FALSE(done(R"({"model":"m","message":{"role":"assistant","content":"x"},"done":true)"));  // cut short
  CHECK(done(R"({"model":"m","message":{"role":"assistant","content":"x"},"done": true})"));
  CHECK_FALSE(done(test::reply_text(test::transcript("engine-eof-mid-chat"))));
}

TEST_CASE("an error line is told") {
  AnswerWatch watch;
  watch.see(test::reply_text(test::transcript("engine-error-mid-chat-stream")));
  CHECK(watch.content());
  CHECK_FALSE(watch.done());
  REQUIRE(watch.error());
  CHECK_FALSE(watch.error()->empty());
  AnswerWatch quiet;
  quiet.see(R"({"model":"m","message":{"role":"assistant","content":"{\"error\":\"x\"}"},"done":false})" "\n");
  CHECK_FALSE(quiet.error());
}

TEST_CASE("content begins with text, thinking or a tool call, not with an empty line") {
  const auto content = [](std::string_view text) {
    AnswerWatch watch;
    watch.see(text);
    return watch.content();
  };
  CHECK_FALSE(content(R"({"model":"m","message":{"role":"assistant","content":""},"done":false})"));
  CHECK(content(R"({"model":"m","message":{"role":"assistant","content":"","thinking":"h"},"done":false})"));
  CHECK(content(R"({"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{}}]},"done":false})"));
  CHECK(content(R"({"model":"m","response":"x","done":false})"));
  CHECK_FALSE(content(R"({"model":"m","response":"","done":true,"done_reason":"load"})"));
}

TEST_CASE("embedding answers are whole without a done member") {
  for (const char* name : {"embed-one", "embeddings-one"}) {
    CAPTURE(name);
    const auto text = test::reply_text(test::transcript(name));
    AnswerWatch watch;
    watch.see(text);
    CHECK(watch.done());
    CHECK(watch.usage().prompt_tokens == (std::string(name) == "embed-one" ? 5 : 0));
    AnswerWatch cut;
    cut.see(std::string_view(text).substr(0, text.size() / 2));
    CHECK_FALSE(cut.done());
  }
}

TEST_CASE("the client's spelling replaces the node's at the head of a line, and nowhere else") {
  Rename rename("qwen3-coder:30b", "코더");
  std::string out;
  rename.apply("{\"model\":\"qwen3-coder:30b\",\"message\":{\"content\":\"{\\\"model\\\":\\\"qwen3-coder:30b\\\"\"}}\n{\"model\":\"qwen3-coder:30b\"}\n", out);
  CHECK(out == "{\"model\":\"코더\",\"message\":{\"content\":\"{\\\"model\\\":\\\"qwen3-coder:30b\\\"\"}}\n{\"model\":\"코더\"}\n");
  CHECK(rename.unchanged() == 0);
  out.clear();
  rename.apply("{\"error\":\"x\"}\n{\"model\":\"qwen3-coder:30b-q8\"}", out);
  CHECK(out == "{\"error\":\"x\"}\n{\"model\":\"qwen3-coder:30b-q8\"}");
  CHECK(rename.unchanged() == 2);
}

}  // namespace usage_test
