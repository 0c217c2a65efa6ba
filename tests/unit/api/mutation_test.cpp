// Bodies that no client means to send: seeded mutations of good ones. Read or refused, never out of the body.
#include "api/dialects/openai_chat.hpp"
#include "api/dialects/translation.hpp"
#include "api/splice.hpp"
#include "api/usage.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

namespace mutation_test {

using namespace rr;
using namespace rr::api;

namespace {

const std::string_view seeds[] = {
    R"({"model":"coder","messages":[{"role":"user","content":[{"type":"text","text":"a\"b\\"},{"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}}]},
      {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
      {"role":"tool","tool_call_id":"c1","content":"ok"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"stream":true,"stop":["a"],
      "response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}},"reasoning":{"effort":"low"},"max_tokens":5,"stream_options":{"include_usage":true}})",
    R"( {"model" : "코더" , "prompt":"x","options":{ "num_ctx":8192,"use_mmap":true,"stop":["\u00e9"] },"keep_alive":"5m","images":["aGk="],"metadata":{"role":"tester"}} )"};

const std::pair<Kind, std::string_view> dialects[] = {
    {Kind::messages, R"({"model":"coder","max_tokens":5,"system":[{"type":"text","text":"a\"b"}],"messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"image","source":{"type":"base64","data":"aGk="}}]},
      {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":""},{"type":"tool_use","id":"c1","name":"f","input":{"a":[1]}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","is_error":true,"content":[{"type":"text","text":"ok"}]}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}],
      "stop_sequences":["a"],"thinking":{"type":"enabled"},"tool_choice":{"type":"tool","name":"f"},"stream":true,"metadata":{"user_id":"u"}})"},
    {Kind::responses, R"({"model":"coder","instructions":"i","input":[{"role":"developer","content":"d"},{"type":"message","role":"user","content":[{"type":"input_text","text":"a\"b"},{"type":"input_image","image_url":"data:image/png;base64,aGk="}]},
      {"type":"reasoning","summary":[{"type":"summary_text","text":"t"}]},{"type":"function_call","call_id":"1","name":"f","arguments":"{\"a\":1}"},{"type":"custom_tool_call","call_id":"2","name":"g","input":"raw"},
      {"type":"function_call_output","call_id":"1","output":"ok"}],"tools":[{"type":"function","name":"f","parameters":{"type":"object"}},{"type":"custom","name":"g"},{"type":"namespace","name":"n","tools":[{"type":"function","name":"h"}]}],
      "text":{"format":{"type":"json_schema","schema":{"type":"object"}}},"reasoning":{"effort":"low"},"max_output_tokens":5,"stream":true})"},
    {Kind::completions, R"({"model":"coder","prompt":["a\"b"],"suffix":"s","max_tokens":5,"stop":["a"],"logprobs":2,"stream":true,"stream_options":{"include_usage":true}})"},
    {Kind::v1_embeddings, R"({"model":"coder","input":["a","b\"c"],"encoding_format":"base64","dimensions":3})"}};

std::string mutated(std::string text, std::mt19937& random) {
  const std::string_view bits[] = {"\"", "\\", "{", "}", "[", "]", ",", ":", "null", "1e400", "\\u", "\xff", "\xE2\x84\xAA", " ", "\"model\":1,", "-", "\0"};
  for (auto n = random() % 4 + 1; n > 0; --n) {
    const auto at = random() % (text.size() + 1);
    switch (random() % 3) {
      case 0: text.insert(at, bits[random() % std::size(bits)]); break;
      case 1: text.erase(at, random() % 5); break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random() % 256);
    }
    if (text.empty()) text = "{";
  }
  return text;
}

}  // namespace

TEST_CASE("20000 mutated bodies are read or refused; what is read lies inside the body and can be sent") {
  std::mt19937 random(7);
  int read = 0, refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    const bool openai = i % 2 == 0;
    const test::Body body(mutated(std::string(seeds[openai ? 0 : 1]), random));
    const std::string_view view = body;
    const auto members = read_members(view, openai ? Kind::chat_completions : Kind::generate);
    if (!members) {
      if (members.error().status != 400 || members.error().sentence.empty()) FAIL(std::string(view));
      ++refused;
      continue;
    }
    ++read;
    for (const auto& member : members->all)
      if (member.value.size == 0 || member.value.at + member.value.size > members->close || member.key.at < members->open) FAIL(std::string(view));
    const Edits edits{.model = "m", .num_ctx = 1, .keep_alive = "-1"};
    Ask ask;
    const auto sent = openai ? openai_chat::to_native(view, *members, ask, edits) : Result<Pieces>(splice(view, *members, edits));
    if (sent && sent->size() == 0) FAIL(std::string(view));
    openai_chat::include_usage(view, *members);
  }
  CHECK(read > 1000);
  CHECK(refused > 1000);
}

TEST_CASE("20000 mutated answers are watched and translated without harm") {
  std::mt19937 random(8);
  const std::string line = R"({"model":"m","message":{"role":"assistant","content":"a\"b","thinking":"t","tool_calls":[{"id":"c","function":{"index":0,"name":"f","arguments":{"a":[1]}}}]},"logprobs":[{"token":"a"}],"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":4})" "\n";
  int done = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto text = mutated(line, random);
    AnswerWatch watch;
    watch.see(text);
    done += watch.done();
    openai_chat::Stream stream({.id = "i", .model = "m"});
    std::string out;
    stream.take(text, out);
    if (!out.empty() && (!out.starts_with("data: ") || !out.ends_with("\n\n"))) FAIL(text);
    (void)openai_chat::whole(text, {.id = "i", .model = "m"});
  }
  CHECK(done > 1000);
  CHECK(done < 20'000);
}

TEST_CASE("20000 mutated bodies of the other dialects are refused, or become a native body that is JSON when they were") {
  std::mt19937 random(9);
  std::map<Kind, int> sent_of;
  for (int i = 0; i < 20'000; ++i) {
    const auto& [kind, seed] = dialects[static_cast<std::size_t>(i) % std::size(dialects)];
    const std::string text = mutated(std::string(seed), random);
    const test::Body body(text);
    const auto members = read_members(body, kind);
    if (!members) continue;
    const auto other = translation(kind, *members, {.unique = "1", .created = 1, .model = "m"});
    const auto sent = other->to_native(*members, Ask{}, {.model = "m", .num_ctx = 1, .keep_alive = "-1"});
    if (!sent && sent.error().status != 400) FAIL(text);
    if (!sent) continue;
    ++sent_of[kind];
    if (Json::accept(text) && !Json::accept(sent->joined())) FAIL(text << " BECAME " << sent->joined());
  }
  for (const auto& [kind, seed] : dialects) CHECK(sent_of[kind] > 300);
}

TEST_CASE("20000 mutated answers become events of every dialect, or nothing, and an answer that was JSON stays JSON") {
  std::mt19937 random(10);
  const std::string chat = R"({"model":"m","message":{"role":"assistant","content":"a\"b","thinking":"t","tool_calls":[{"id":"c","function":{"index":0,"name":"f","arguments":{"input":"x"}}}]},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":4})" "\n";
  const std::string generate = R"({"model":"m","response":"a\"b","logprobs":[{"token":"a","logprob":-1,"top_logprobs":[{"token":"b","logprob":-2}]}],"done":true,"done_reason":"stop","prompt_eval_count":3})" "\n";
  const std::string embed = R"({"model":"m","embeddings":[[1,2.5,-3e-2],[4]],"total_duration":5,"prompt_eval_count":3})";
  int whole = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto& [kind, seed] = dialects[static_cast<std::size_t>(i) % std::size(dialects)];
    const test::Body body(seed);
    const auto members = read_members(body, kind);
    REQUIRE(members.has_value());
    const auto fresh = [&] { return translation(kind, *members, {.unique = "1", .created = 1, .model = "m"}); };
    const auto text = mutated(kind == Kind::completions ? generate : kind == Kind::v1_embeddings ? embed : chat, random);
    std::string out;
    const auto stream = fresh();
    stream->take(text, out);
    stream->finish(out);
    if (!out.empty() && !out.ends_with("\n\n")) FAIL(text);
    const auto answer = fresh()->whole(text);
    whole += answer.has_value();
    if (answer && Json::accept(text) && !Json::accept(*answer)) FAIL(text << " BECAME " << *answer);
  }
  CHECK(whole > 3000);
}

}  // namespace mutation_test
