// Watches a node's native answer as it passes: is it whole, did it fail, how many tokens. Alters nothing.
// A full parse is done only for the line that can be the last ("done":true) or an error; others cost a prefix look.
#pragma once

#include "domain/values.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rr::api {

struct Usage {
  std::int64_t prompt_tokens = 0, output_tokens = 0;
  Duration prompt_time{}, output_time{}, load_time{}, total_time{};
  std::string done_reason{};
};

class AnswerWatch {
 public:
  void see(std::string_view lines);             // whole NDJSON lines, or a whole JSON object
  bool done() const { return done_; }           // a done:true was seen
  bool content() const { return content_; }     // a line with content, thinking or tool calls was seen
  std::int64_t pieces() const { return pieces_; }  // lines since the first with content: about as many tokens
  const std::optional<std::string>& error() const { return error_; }  // text of an {"error":...} line
  const Usage& usage() const { return usage_; }

 private:
  bool done_ = false, content_ = false;
  std::int64_t pieces_ = 0;
  std::optional<std::string> error_;
  Usage usage_;
};

// `{"model":"<name>"` at the start of a native line, and only there, becomes the client's spelling. Other lines are copied
// unchanged and counted.
class Rename {
 public:
  Rename(std::string_view node_name, std::string_view client_name);
  void apply(std::string_view lines, std::string& out);
  std::int64_t unchanged() const { return unchanged_; }

 private:
  std::string from_, to_;
  std::int64_t unchanged_ = 0;
};

}  // namespace rr::api
