// Recorded answers of Ollama's own translations beside the native answer of the same script of the engine.
#pragma once

#include "town.hpp"

namespace rr::api::test {

// The node's answer with stream:false, put together from its stream as Ollama does, with Go's escapes.
inline std::string put_together(const Json& pieces) {
  Json whole;
  std::string content, thinking;
  Json calls = Json::array(), logprobs = Json::array();
  for (const auto& piece : pieces) {
    auto line = Json::parse(piece[1].get<std::string>());
    if (line.contains("message")) {
      const auto& message = line["message"];
      content += message["content"].get<std::string>();
      thinking += message.value("thinking", "");
      if (message.contains("tool_calls")) for (const auto& call : message["tool_calls"]) calls.push_back(call);
    } else if (line.contains("response")) {
      content += line["response"].get<std::string>();
    }
    if (line.contains("logprobs")) for (const auto& entry : line["logprobs"]) logprobs.push_back(entry);
    whole = line;
  }
  if (whole.contains("message")) whole["message"]["content"] = content;
  if (whole.contains("response")) whole["response"] = content;
  if (!thinking.empty()) whole["message"]["thinking"] = thinking;
  if (!calls.empty()) whole["message"]["tool_calls"] = calls;
  if (!logprobs.empty()) whole["logprobs"] = logprobs;
  std::string out;
  for (const char c : whole.dump()) out += c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : c == '&' ? "\\u0026" : std::string(1, c);
  return out;
}

}  // namespace rr::api::test
