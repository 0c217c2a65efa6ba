// A scripted engine instead of the voice: what it says and how it breaks, so that a recorded exchange can be replayed.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rr::sim {

struct ToolCall {
  std::string id;         // empty: the node invents one
  std::string name;
  std::string arguments;  // JSON text of an object
};

// How an engine fails; the words that reach the client differ with the rendering (who reads the engine's stream).
enum class EngineFault { none, status, crash, eof, error, garble, reset, hang };

struct Script {
  std::string contains, model;            // applies to prompts with this text, to this model; empty = all
  std::vector<std::string> thinking, pieces;
  std::vector<ToolCall> calls;
  std::optional<int> prompt_n, eval_n;    // token counts as the engine tells them
  std::optional<std::string> done_reason;
  EngineFault fault = EngineFault::none;
  int after = 0;                          // pieces before it strikes
  int status = 500;
  std::string text;                       // the engine's error body, or its last words before a crash
  std::string top_alternative;            // second candidate told in log probabilities
};

}  // namespace rr::sim
