#include "api/prompt_rules.hpp"

#include "api/plain_words.hpp"
#include "api/prompt_score.hpp"
#include "api/role_names.hpp"

#include <algorithm>

namespace rr::api {
namespace {

constexpr int tools_speak = 4 * whole;

bool begins(const std::string& name, std::initializer_list<std::string_view> with) {
  return std::any_of(with.begin(), with.end(), [&](std::string_view w) { return name.starts_with(w); });
}

void hear_tools(const std::vector<std::string>& tools, Score& score) {
  int edits = 0, hands_over = 0, plans = 0, tests = 0;
  for (const auto& tool : tools) {
    const auto name = fold_name(tool);
    edits += begins(name, {"edit", "write", "apply_patch", "applypatch", "replace_in_file", "str_replace",
        "multiedit", "exec_command", "bash", "shell", "run_terminal", "execute_command", "insert_", "create_file",
        "patch"});
    hands_over += begins(name, {"route", "transfer_to", "handoff_to", "hand_off", "select_agent", "select_next",
        "choose_agent", "delegate_to"});
    plans += begins(name, {"plan_mode", "exitplanmode", "exit_plan_mode"});
    tests += begins(name, {"run_test", "run_pytest", "pytest", "run_jest", "execute_tests"});
  }
  if (plans > 0 && edits == 0) score.add(Notion::architect, Word::sign, tools_speak, "a tool to present a plan");
  else if (edits > 0) score.add(Notion::coder, Word::sign, tools_speak, "tools that edit files");
  if (tests > 0 && edits == 0) score.add(Notion::tester, Word::sign, tools_speak, "a tool that runs tests");
  if (hands_over > 0 && hands_over == static_cast<int>(tools.size()))
    score.add(Notion::router, Word::sign, tools_speak + 2 * whole, "tools that hand over");
}

Verdict verdict(const Score& score, std::string_view where) {
  const auto notion = score.decided();
  if (notion == Notion::none) return {};
  const auto& words = score.words[static_cast<std::size_t>(notion)];
  return {notion, "\"" + words + "\" in the " + std::string(where)};
}

// A system prompt beside which the user's words say what is to be done: none, a short one, or that of an assistant for everything.
bool general(std::string_view plain_system) {
  if (plain_system.size() < 60) return true;
  for (const std::string_view word : {"assistant", "helpful", "chatbot", "비서", "도우미", "어시스턴트", "챗봇"})
    if (plain_system.find(word) != plain_system.npos) return true;
  return false;
}

bool word_letter(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_'; }

// `phrase` in `text`, both folded; a phrase of letters stands as a word of its own.
bool stands(std::string_view text, std::string_view phrase) {
  if (phrase.empty()) return false;
  for (std::size_t at = text.find(phrase); at != text.npos; at = text.find(phrase, at + 1)) {
    const std::size_t end = at + phrase.size();
    const bool inside = (at > 0 && word_letter(text[at - 1]) && word_letter(phrase.front())) ||
                        (end < text.size() && word_letter(text[end]) && word_letter(phrase.back()));
    if (!inside) return true;
  }
  return false;
}

// The longest of the operator's phrases that the system prompt contains.
PromptRole by_phrase(const std::string& system, const Settings& settings) {
  PromptRole best;
  std::size_t longest = 0;
  std::string text;
  for (const RoleSettings& role : settings.roles)
    for (const std::string& phrase : role.phrases) {
      if (text.empty()) text = fold_name(system);
      if (phrase.size() <= longest || !stands(text, fold_name(phrase))) continue;
      longest = phrase.size();
      best = {&role, "the phrase \"" + phrase + "\" in the system prompt"};
    }
  return best;
}

}  // namespace

Verdict judge(const PromptText& text) {
  const auto system = plain(text.system);
  auto score = read_prompt(system, true);
  hear_tools(text.tools, score);
  if (auto found = verdict(score, "system prompt"); found.notion != Notion::none) return found;
  if (score.job || score.says_none() || !general(system)) return {};  // whoever has a job that is none of these is not asked by a user's words
  for (const auto& [said, where] : {std::pair{&text.first, "first message"}, std::pair{&text.last, "last message"}}) {
    if (said->empty()) continue;
    const auto user = plain(*said);
    auto found = verdict(read_prompt(user, false), where);
    if (found.notion != Notion::none) return found;
  }
  return {};
}

PromptRole prompt_role(const Members& members, const Settings& settings) {
  const auto text = prompt_text(members);
  if (auto said = by_phrase(text.system, settings); said.role) return said;
  auto found = judge(text);
  return {role_of(found.notion, settings), std::move(found.because)};
}

}  // namespace rr::api
