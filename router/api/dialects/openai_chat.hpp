// /v1/chat/completions spoken to a node as native /api/chat, and the answer rendered as Ollama's own shim renders it
// (reference/ollama-api.md 1.4, transcripts v1chat-*), better where the shim is worse than the standard: unique ids,
// errors told, [DONE] only after a whole answer.
#pragma once

#include "api/members.hpp"
#include "api/splice.hpp"
#include "api/usage.hpp"
#include "domain/ask.hpp"

#include <memory>

namespace rr::api::openai_chat {

// messages, tools, tool_choice "none", response_format (json_object, json_schema), temperature, top_p, max_tokens,
// max_completion_tokens, stop, seed, penalties, reasoning_effort, images as data URLs. Absent temperature and top_p become 1.0, as
// the shim's. Spans are copied raw where the shape is the same (contents, tool schemas, json_schema).
// A body of the Responses API's shape (`input` and no `messages`, flat and custom tools: Cursor) is understood as such.
// 400 unsupported_member names what cannot be honoured (n > 1, remote image URLs, audio).
Result<Pieces> to_native(std::string_view body, const Members&, const Ask&, const Edits&);

struct Shape {              // of the answer
  std::string id{};           // chatcmpl-<unique>
  std::int64_t created = 0; // seconds since 1970
  std::string model{};        // the client's spelling
  bool include_usage = false;
};
bool include_usage(std::string_view body, const Members&);

class Stream {              // native NDJSON in, SSE out
 public:
  explicit Stream(Shape);
  ~Stream();
  Stream(Stream&&) noexcept;
  void take(std::string_view lines, std::string& out);  // one or more data events
  void finish(std::string& out);                        // after a whole answer: data: [DONE]

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A whole native answer as one chat.completion object. A body without done:true is a node failure (node_not_whole 502).
Result<std::string> whole(std::string_view native, const Shape&);

}  // namespace rr::api::openai_chat
