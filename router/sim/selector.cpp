// Selector prompts: "select the next role from ['architect', 'coder', 'tester'] to play. Only return the role."
#include "sim/voice.hpp"

#include <algorithm>

namespace rr::sim {

namespace {

std::vector<std::string> names_in_last_list(std::string_view text) {
  std::vector<std::string> names;
  for (auto close = text.rfind(']'); close != std::string_view::npos; close = close ? text.rfind(']', close - 1) : close) {
    const auto open = text.rfind('[', close);
    if (open == std::string_view::npos) break;
    std::string one;
    for (char c : text.substr(open + 1, close - open - 1)) {
      if (c == ',') {
        if (!one.empty()) names.push_back(one);
        one.clear();
      } else if (c != '\'' && c != '"' && c != ' ') {
        one += c;
      }
    }
    if (!one.empty()) names.push_back(one);
    if (!names.empty() || close == 0) break;
  }
  return names;
}

// Every "name:" at the start of a line of the conversation, in order.
std::vector<std::string> speakers(std::string_view text) {
  auto from = text.find("conversation");
  if (from == std::string_view::npos) from = 0;
  std::vector<std::string> out;
  for (auto at = text.find('\n', from); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    const auto colon = text.find(':', at);
    if (colon == std::string_view::npos) break;
    const std::string_view name = text.substr(at + 1, colon - at - 1);
    if (!name.empty() && name.size() < 64 && name.find_first_of(" \n\t") == std::string_view::npos) out.emplace_back(name);
  }
  return out;
}

}  // namespace

std::optional<std::string> select_name(std::string_view prompt) {
  const std::string low = lower(prompt);
  const bool asked = low.find("only return the role") != std::string::npos || low.find("only return the name") != std::string::npos ||
                     low.find("select the next role") != std::string::npos || low.find("select the next speaker") != std::string::npos;
  if (!asked) return {};
  const auto names = names_in_last_list(prompt);
  if (names.empty()) return {};
  auto offered = [&](std::string_view n) { return std::find(names.begin(), names.end(), n) != names.end(); };

  static const std::vector<std::string> team{"architect", "coder", "tester"};
  std::string last;
  for (auto& s : speakers(prompt)) {
    if (offered(s) || std::find(team.begin(), team.end(), s) != team.end()) last = s;
  }
  // Design first; then code and test take turns.
  const std::string next = last.empty() ? "architect" : last == "coder" ? "tester" : "coder";
  if (offered(next)) return next;
  const auto here = std::find(names.begin(), names.end(), last);
  if (here == names.end()) return names.front();
  return here + 1 == names.end() ? names.front() : *(here + 1);
}

std::string role_of(std::string_view system) {
  const std::string low = lower(system);
  std::string found;
  std::size_t first = std::string::npos;
  for (const char* role : {"architect", "coder", "tester", "reviewer", "planner", "router"}) {
    const auto at = low.find(role);
    if (at < first) {
      first = at;
      found = role;
    }
  }
  return found;
}

}  // namespace rr::sim
