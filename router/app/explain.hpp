// What would happen to a request, and why: role and rule, model, machine, what is sent, memory sum. No request is sent.
#pragma once

#include "app/call.hpp"

namespace rr::app {

struct Explanation {
  struct Row {
    NodeName node;
    std::string can;       // "ready", "load", "swap", "no"
    std::string resident;  // "coder 21.6, tester 12.2"
    std::string room;      // "21.6 of 56.0"
    std::string how;
  };
  std::string headline;    // "coder -> qwen3-coder:30b on mac-mini"
  std::string now;         // "ready", "after a swap, about 12 s", "refused: ..."
  std::optional<Duration> expected{};  // to the first token, when it would have to wait
  std::string role, rule;  // "coder", "by path (rule 2 of 9)"
  std::string model, model_from;
  std::string sends, ignored;
  std::string link;
  std::vector<Row> nodes;
  std::string memory;
  std::string if_busy;
};

Explanation explain(const Ask&, const Settings&, const Dispatch&, Time now);
std::string text(const Explanation&);
std::string json(const Explanation&);

void answer_explain(Call&);  // POST /explain: JSON, or text/plain when Accept asks for it

// The command: asks the running router; when none answers, explains from the file alone and says so. Exit status.
int command_explain(const std::string& config, const std::string& role, const std::string& request);

}  // namespace rr::app
