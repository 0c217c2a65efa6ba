// The prompt as the engine gets it, and its length in tokens.
#include "sim/voice.hpp"

#include <algorithm>

namespace rr::sim {

int tokens(std::string_view text) { return int((text.size() + 3) / 4); }

bool can(const ModelSpec& m, std::string_view capability) {
  return std::find(m.capabilities.begin(), m.capabilities.end(), capability) != m.capabilities.end();
}

bool thinks(const Asked& a, const ModelSpec& m) {
  // /api/generate of a model whose own template is rendered by the engine does not go through that template.
  if (a.route == Route::generate && m.rendering == Rendering::engine) return false;
  return can(m, "thinking") && a.think != Asked::Think::off;
}

std::string rendered(const Asked& a, Rendering how) {
  const bool chatml = how == Rendering::ollama;
  std::string out;
  auto turn = [&](std::string_view role, std::string_view text) {
    out += chatml ? "<|im_start|>" : "<|";
    out += role;
    out += chatml ? "\n" : "|>";
    out += text;
    out += chatml ? "<|im_end|>\n" : "\n";
  };
  if (a.route == Route::generate) {
    if (a.raw) return a.prompt;
    if (!a.suffix.empty()) return "<PRE>" + a.prompt + "<SUF>" + a.suffix + "<MID>";
    if (!a.system.empty()) turn("system", a.system);
    turn("user", a.prompt);
  } else {
    if (a.tools.is_array() && !a.tools.empty()) turn("system", a.tools.dump());
    for (auto& m : a.messages) turn(m.role, m.tool_calls.is_array() ? m.content + m.tool_calls.dump() : m.content);
  }
  return out + (chatml ? "<|im_start|>assistant\n" : "<|assistant|>");
}

std::vector<std::string> word_pieces(std::string_view text) {
  std::vector<std::string> out;
  std::size_t from = 0;
  for (std::size_t i = 1; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ' ' && text[i - 1] != ' ')) {
      out.emplace_back(text.substr(from, i - from));
      from = i;
    }
  }
  return out;
}

}  // namespace rr::sim
