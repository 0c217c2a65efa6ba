// What the model says: deterministic text that depends on prompt, role and seed; names for selector prompts, tool calls,
// JSON for `format`, and the directives that a user text may hold: [[say:TEXT]] [[tool:NAME {json}]] [[chunks:N]] [[delay:MS]]
// [[fault:cut|noend|error|status-503]]. Pure.
#pragma once

#include "sim/requests.hpp"

namespace rr::sim {

struct Answer {
  std::vector<std::string> thinking, pieces;  // one token each
  std::vector<ToolCall> calls;
  int prompt_n = 0;                 // tokens
  int eval_n = 0;
  std::string done_reason = "stop";
  std::string role;                 // it spoke as: architect, coder, tester, router, ...
  std::optional<Duration> pace;     // between pieces, instead of the model's rate
  std::string directed_fault;       // cut, noend, error, status-503
  EngineFault fault = EngineFault::none;
  int after = 0, status = 500;
  std::string text;                 // the engine's last words
  std::string top_alternative = " or";
};

Answer speak(const Asked&, const Sampling&, const ModelSpec&);
Answer recite(const Script&, const Asked&, const Sampling&, const ModelSpec&);

std::string rendered(const Asked&, Rendering);    // the prompt as the engine gets it
int tokens(std::string_view text);                // four bytes each
bool thinks(const Asked&, const ModelSpec&);      // thinking is shown in the answer
bool can(const ModelSpec&, std::string_view capability);

// For a prompt that lists names and wants one of them back; nothing = not such a prompt.
std::optional<std::string> select_name(std::string_view prompt);
std::string role_of(std::string_view system);     // "" = none of the known words

std::vector<std::string> word_pieces(std::string_view text);  // "The", " coder", ...

}  // namespace rr::sim
