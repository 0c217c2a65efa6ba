// A node that speaks the OpenAI API. Whatever it streams, what is read back are whole lines of JSON, at most one of them done, and none without a
// reason; however its bytes are cut into lines, no more is said. Whatever a client asks in Ollama's API, the node gets JSON.
#include "fuzz/fuzz.hpp"

#include "api/engines/openai_reply.hpp"
#include "api/json.hpp"
#include "api/members.hpp"
#include "api/usage.hpp"

using namespace rr;
using namespace rr::api;
using rr::fuzz::promise;

namespace {

OpenAiReply fresh(NativeShape shape) {
  return OpenAiReply(shape, "m", "2026-01-01T00:00:00Z", [] { return Time{}; });
}

void read_back(std::string_view bytes, NativeShape shape) {
  OpenAiReply at_once = fresh(shape), by_line = fresh(shape);
  std::string native, slowly;
  at_once.take(bytes, native);
  at_once.finish(native);
  for (std::size_t at = 0; at < bytes.size();) {
    const auto end = std::min(bytes.find('\n', at), bytes.size() - 1);
    by_line.take(bytes.substr(at, end + 1 - at), slowly);
    at = end + 1;
  }
  by_line.finish(slowly);
  promise(native == slowly, "line by line it says something else", bytes);
  int done = 0;
  for (std::size_t at = 0; at < native.size();) {
    const auto end = native.find('\n', at);
    promise(end != std::string::npos, "a line without its end", bytes);
    const Json line = Json::parse(native.substr(at, end - at), nullptr, false);
    promise(line.is_object() && (line.contains("error") || line.contains("done")), "a line that is none of Ollama's", bytes);
    done += line.contains("done") && line["done"] == true;
    promise(done == 0 || end + 1 == native.size(), "something behind the last line", bytes);
    at = end + 1;
  }
  promise(done == 0 || bytes.find("finish_reason") != std::string_view::npos, "whole, and nobody said so", bytes);
  AnswerWatch watch;
  watch.see(native);
  promise(watch.done() == (done == 1), "the watch sees another end", bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = rr::fuzz::text_of(data, size);
  for (const auto shape : {NativeShape::chat, NativeShape::generate}) read_back(bytes, shape);
  for (const auto shape : {NativeShape::chat, NativeShape::generate, NativeShape::embed, NativeShape::embedding})
    if (const auto whole = fresh(shape).whole(bytes); whole.has_value()) promise(Json::parse(*whole, nullptr, false).is_object(), "a whole answer that is no JSON", bytes);
  for (const auto& [kind, path] : {std::pair{Kind::chat, "/api/chat"}, std::pair{Kind::generate, "/api/generate"}, std::pair{Kind::embed, "/api/embed"}}) {
    const rr::fuzz::Body body(bytes);
    const auto members = read_members(body.view(), kind);
    if (!members.has_value()) continue;
    const Pieces native = splice(body.view(), *members, {.model = "m"});
    if (!Json::accept(native.joined())) continue;  // the node would refuse it as well
    const EngineOrder order = openai_order(path, native.joined());
    promise(Json::accept(order.body.joined()), "what the node gets is no JSON", bytes);
  }
  return 0;
}
