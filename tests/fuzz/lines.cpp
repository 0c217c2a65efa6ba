// A node's native stream. However its bytes are cut into pieces, the lines that go on are the same, and so is what is made of
// them: what the watch saw, the renamed lines, the events of the OpenAI dialect.
#include "fuzz/fuzz.hpp"

#include "api/dialects/openai_chat.hpp"
#include "api/usage.hpp"
#include "wire/whole_lines.hpp"

using namespace rr;
using rr::fuzz::Cuts;
using rr::fuzz::promise;

namespace {

struct Made {
  std::string lines{}, rest{}, renamed{}, events{}, error{}, done_reason{};
  bool done = false, content = false;
  std::int64_t unchanged = 0, prompt_tokens = 0, output_tokens = 0;
  std::int64_t times = 0;
  bool operator==(const Made&) const = default;
};

Made make(std::string_view bytes, Cuts::Kind kind) {
  Made out;
  wire::WholeLines lines(std::size_t{1} << 30);
  api::AnswerWatch watch;
  api::Rename rename("m", "coder\"1");
  api::openai_chat::Stream stream({.id = "chatcmpl-1", .created = 1, .model = "coder", .include_usage = true});
  Cuts cuts(bytes, kind);
  for (std::string_view piece; cuts.next(piece);) {
    const std::string_view ready = lines.add(piece);
    if (ready.empty()) continue;
    promise(ready.back() == '\n', "a line went on before its end", bytes);
    out.lines += ready;
    watch.see(ready);
    rename.apply(ready, out.renamed);
    stream.take(ready, out.events);
  }
  out.rest = lines.rest();
  out.done = watch.done();
  out.content = watch.content();
  out.error = watch.error().value_or("none");
  out.unchanged = rename.unchanged();
  const api::Usage& usage = watch.usage();
  out.done_reason = usage.done_reason;
  out.prompt_tokens = usage.prompt_tokens;
  out.output_tokens = usage.output_tokens;
  out.times = (usage.prompt_time.count() ^ usage.output_time.count()) ^ (usage.load_time.count() ^ usage.total_time.count());
  promise(out.lines + out.rest == bytes, "bytes were lost or invented", bytes);
  promise(out.rest.find('\n') == std::string::npos, "a whole line was held back", bytes);
  return out;
}

std::string renamed(std::string_view lines) {  // slowly
  const std::string from = "{\"model\":\"m\"", to = "{\"model\":\"coder\\\"1\"";
  std::string out;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n') + 1;
    std::string line(lines.substr(0, end));
    if (line.compare(0, from.size(), from) == 0) line.replace(0, from.size(), to);
    out += line;
    lines.remove_prefix(end);
  }
  return out;
}

void in_parts(std::string_view bytes) {  // lines beyond the limit: nothing is lost, nothing is held
  wire::WholeLines lines(16);
  std::string out;
  Cuts cuts(bytes, Cuts::Kind::some);
  for (std::string_view piece; cuts.next(piece);) {
    out += lines.add(piece);
    promise(lines.rest().size() <= 16, "more is held than the limit", bytes);
  }
  promise(out.append(lines.rest()) == bytes, "bytes were lost in parts", bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = rr::fuzz::text_of(data, size);
  const Made whole = make(bytes, Cuts::Kind::whole);
  promise(whole == make(bytes, Cuts::Kind::bytes), "byte by byte it becomes something else", bytes);
  promise(whole == make(bytes, Cuts::Kind::some), "in pieces it becomes something else", bytes);
  promise(whole.renamed == renamed(whole.lines), "the second renaming is another", bytes);
  for (std::size_t at = 0; at < whole.events.size();) {
    promise(std::string_view(whole.events).substr(at).starts_with("data: "), "an event that does not begin as one", whole.events);
    const std::size_t end = whole.events.find("\n\n", at);
    promise(end != std::string::npos, "an event that does not end", whole.events);
    at = end + 2;
  }
  in_parts(bytes);
  (void)api::openai_chat::whole(bytes, {.id = "chatcmpl-1", .model = "coder"});
  return 0;
}
