// A request of another dialect, said to a node in Ollama's own API, and the node's answer said to the client in the dialect of
// its path. One object an attempt at a node: it holds how far the answer has come. The body is given back at the first byte of an
// answer: what the answer needs of it is read when the object is made.
#pragma once

#include "api/members.hpp"
#include "api/splice.hpp"
#include "domain/ask.hpp"

#include <memory>

namespace rr::api {

struct Answer {              // what an answer says of itself
  std::string unique{};      // of this request and this process; a dialect puts its prefix before it: "chatcmpl-"
  std::int64_t created = 0;  // seconds since 1970
  std::string model{};       // the client's spelling
  std::int64_t tokens = 0;   // estimate of the prompt
};

class Translation {
 public:
  virtual ~Translation() = default;

  virtual Dialect dialect() const { return Dialect::openai; }
  // The native path: /api/chat, /api/generate or /api/embed.
  virtual std::string_view path() const = 0;
  // Spans of the body are copied raw where the shape is the same. 400 unsupported_member names what cannot be honoured.
  virtual Result<Pieces> to_native(const Members&, const Ask&, const Edits&) = 0;

  // A streamed answer: whole native lines in, events out; finish() comes once, after a whole answer.
  virtual void take(std::string_view lines, std::string& out) = 0;
  virtual void finish(std::string& out) = 0;
  // What a client reads when the answer breaks off; the caller then cuts the connection.
  virtual void broken(const Refusal&, std::string_view request_id, std::string& out);
  // A whole native answer as one object. One without done:true is a node failure (node_not_whole 502).
  virtual Result<std::string> whole(std::string_view native) = 0;
};

bool translated(Kind);  // a node never hears this route as it is
// For the routes that are translated.
std::unique_ptr<Translation> translation(Kind, const Members&, Answer);

}  // namespace rr::api
