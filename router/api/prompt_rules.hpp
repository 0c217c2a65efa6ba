// Rule 8: which role a prompt speaks to, for model `auto` (design section 4). The operator's own phrases first; then built-in
// rules over the words of prompt_words.hpp, English and Korean, in this order:
//   1. the system prompt: what it says its reader is, then what it tells them to do; the first sentences weigh most
//   2. where that leaves it open: the first, then the last user message, which must speak more plainly
// The best notion must lead the second by a margin. `router`, whose model is the smallest, must have twice the evidence, and
// tools that edit files speak for the coder. Nothing certain enough: no verdict, and rule 9 decides.
// It reads at most most_looked bytes of a body (prompt_text.hpp). A prompt chooses a model here and grants nothing.
#pragma once

#include "api/prompt_text.hpp"
#include "api/role_notion.hpp"

namespace rr::api {

struct Verdict {
  Notion notion = Notion::none;  // none: no rule is certain
  std::string because{};         // "\"code reviewer\" in the system prompt"
};

Verdict judge(const PromptText&);

struct PromptRole {
  const RoleSettings* role = nullptr;  // nullptr: nothing certain, or no role of the YAML does that
  std::string because{};
};

PromptRole prompt_role(const Members&, const Settings&);

}  // namespace rr::api
