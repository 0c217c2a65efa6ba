// What a server of the OpenAI API answers, said in Ollama's own lines: an event stream as NDJSON, a whole answer as one object. It ends with
// done:true only when the server said how it ended (finish_reason); its errors become {"error": ...}.
#pragma once

#include "api/engines/openai_order.hpp"
#include "api/json.hpp"
#include "domain/refusal.hpp"

#include <functional>

namespace rr::api {

class OpenAiReply {
 public:
  using Clock = std::function<Time()>;
  // `created_at`: RFC 3339, of every line. The clock measures prompt and answer where the server does not (llama.cpp: `timings`).
  OpenAiReply(NativeShape, std::string model, std::string created_at, Clock);

  void take(std::string_view lines, std::string& native);  // whole lines of the stream
  void finish(std::string& native);                        // the stream is over: what is still due
  Result<std::string> whole(std::string_view body);        // node_garbage 502: it is no answer of this API
  std::int64_t pieces() const { return pieces_; }          // events with something of the answer so far, also of a call that is not whole yet
  std::string loaded() const;                              // the answer to a request that only loads: nothing is sent for it

 private:
  struct Call {
    std::size_t index = 0;
    std::string id{}, name{}, arguments{};
  };
  struct Heard;  // what one event says
  Heard hear(std::string_view json);
  void hear_call(const Json& part, std::size_t unsaid, Heard&);
  std::string words(const Heard&, const std::string& calls) const;  // a native line up to its `done`
  std::string calls(std::string& trouble);
  std::string ending() const;
  Result<std::string> embeddings(std::string_view body) const;

  NativeShape shape_;
  std::string head_;  // {"model":"...","created_at":"..."
  Clock now_;
  Time began_{};
  std::optional<Time> first_{};
  std::vector<Call> calls_{};
  std::string reason_{};   // "" = not ended yet
  std::int64_t pieces_ = 0, prompt_tokens_ = 0, output_tokens_ = 0;
  Duration prompt_time_{}, output_time_{};
  bool timed_ = false;     // by the server
  bool closed_ = false;
};

}  // namespace rr::api
