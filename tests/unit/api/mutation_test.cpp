// Bodies that no client means to send: seeded mutations of good ones. Read or refused, never out of the body.
#include "api/dialects/openai_chat.hpp"
#include "api/splice.hpp"
#include "api/usage.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace rr;
using namespace rr::api;

namespace {

const std::string_view seeds[] = {
    R"({"model":"coder","messages":[{"role":"user","content":[{"type":"text","text":"a\"b\\"},{"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}}]},
      {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
      {"role":"tool","tool_call_id":"c1","content":"ok"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"stream":true,"stop":["a"],
      "response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}},"reasoning":{"effort":"low"},"max_tokens":5,"stream_options":{"include_usage":true}})",
    R"( {"model" : "코더" , "prompt":"x","options":{ "num_ctx":8192,"use_mmap":true,"stop":["\u00e9"] },"keep_alive":"5m","images":["aGk="],"metadata":{"role":"tester"}} )"};

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
    const auto members = read_members(view, openai, openai ? Kind::chat_completions : Kind::generate);
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
