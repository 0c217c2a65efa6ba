#include "sim/voice.hpp"

#include "sim/schema.hpp"

#include <algorithm>

namespace rr::sim {

namespace {

std::uint64_t hash(std::string_view s, std::uint64_t h = 1469598103934665603ull) {
  for (char c : s) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return h;
}

// The inside of the first [[name:...]]; nothing = not there.
std::optional<std::string> directive(std::string_view text, std::string_view name) {
  const std::string opening = "[[" + std::string(name) + ":";
  const auto at = text.find(opening);
  if (at == std::string_view::npos) return {};
  const auto from = at + opening.size();
  const auto end = text.find("]]", from);
  if (end == std::string_view::npos) return {};
  auto last = end;
  while (last + 2 < text.size() && text[last + 2] == ']') ++last;  // "...]]]": the first bracket belongs to the text
  return std::string(text.substr(from, last - from));
}

int whole(const std::optional<std::string>& s, int otherwise, int most) {
  if (!s || s->empty() || s->find_first_not_of("0123456789") != std::string::npos || s->size() > 6) return otherwise;
  return std::min(std::stoi(*s), most);
}

struct Scene {
  std::string last_user, system, first_user, all;
  bool tool_answered = false;  // a tool's result came after the last user text
  std::size_t said = 0;        // messages that are not system
};

Scene look(const Asked& a) {
  Scene s;
  if (a.route == Route::generate) {
    s.last_user = s.first_user = s.all = a.prompt;
    s.system = a.system;
    s.said = 1;
    return s;
  }
  for (auto& m : a.messages) {
    if (m.role == "system") {
      s.system += m.content + "\n";
    } else {
      ++s.said;
    }
    if (m.role == "user") {
      if (s.first_user.empty()) s.first_user = m.content;
      s.last_user = m.content;
      s.tool_answered = false;
    }
    if (m.role == "tool") s.tool_answered = true;
    s.all += m.content + "\n";
  }
  return s;
}

std::string topic_of(const Scene& s) {
  std::string topic;
  int words = 0;
  for (auto& w : word_pieces(s.first_user)) {
    if (w.find("[[") != std::string::npos || ++words > 6) break;
    topic += w;
  }
  std::replace(topic.begin(), topic.end(), '\n', ' ');
  while (!topic.empty() && std::string_view(" .,:;!?").find(topic.back()) != std::string_view::npos) topic.pop_back();
  return topic.empty() ? "the task" : topic;
}

std::string prose(const std::string& role, const std::string& topic, std::uint64_t h) {
  static const std::vector<std::string> parts{"a queue", "a token bucket", "a small state machine", "a ring buffer", "a sorted index"};
  static const std::vector<std::string> edges{"empty input", "a full buffer", "two callers at once", "a clock that jumps", "a very long line"};
  const std::string& part = parts[h % parts.size()];
  const std::string& edge = edges[(h >> 8) % edges.size()];
  const std::string n = std::to_string(2 + (h >> 16) % 7);
  if (role == "architect" || role == "planner") {
    return "Design for \"" + topic + "\": one module with " + part + ", one interface of " + n +
           " functions, no shared state. The coder starts with the core; the tester looks at " + edge + " first.";
  }
  if (role == "coder") {
    return "Here is the code for \"" + topic + "\", built on " + part + ":\n```python\ndef step(items):\n    return [i for i in items if i is not None][:" +
           n + "]\n```\nIt handles " + edge + ".";
  }
  if (role == "tester" || role == "reviewer") {
    return "Ran " + n + " cases on \"" + topic + "\". One fails: " + edge + ". The rest pass; " + part + " behaves as designed.";
  }
  return "About \"" + topic + "\": " + part + " is enough, mind " + edge + ", and keep it under " + n + "0 lines.";
}

bool asked_to_conclude(const Scene& s) {
  const std::string last = lower(s.last_user);
  for (const char* word : {"conclude", "finish", "wrap up", "terminate"}) {
    if (last.find(word) != std::string::npos) return true;
  }
  // A standing order ("when done, say TERMINATE") is followed once there was a conversation.
  return s.system.find("TERMINATE") != std::string::npos && s.said >= 12;
}

const Json* tool_named(const Json& tools, const std::string& text) {
  const std::string low = lower(text);
  for (auto& t : tools) {
    if (!t.is_object() || !t.contains("function")) continue;
    std::string name = lower(t["function"].value("name", std::string()));
    std::string spaced = name;
    std::replace(spaced.begin(), spaced.end(), '_', ' ');
    if (!name.empty() && (low.find(name) != std::string::npos || low.find(spaced) != std::string::npos)) return &t;
  }
  return nullptr;
}

bool has_word(const std::string& low, std::string_view word) {
  for (auto at = low.find(word); at != std::string::npos; at = low.find(word, at + 1)) {
    auto letter = [&](std::size_t i) { return i < low.size() && low[i] >= 'a' && low[i] <= 'z'; };
    if (!(at && letter(at - 1)) && !letter(at + word.size())) return true;
  }
  return false;
}

std::optional<ToolCall> tool_call(const Asked& a, const Scene& s, const ModelSpec& m) {
  if (!a.tools.is_array() || a.tools.empty() || s.tool_answered || !can(m, "tools")) return {};
  if (auto d = directive(s.last_user, "tool")) {
    const auto space = d->find(' ');
    std::string arguments = space == std::string::npos ? "{}" : d->substr(space + 1);
    if (Json::parse(arguments, nullptr, false).is_discarded()) arguments = "{}";
    return ToolCall{"", d->substr(0, space), arguments};
  }
  if (directive(s.last_user, "say")) return {};
  const Json* tool = tool_named(a.tools, s.last_user);
  const std::string low = lower(s.last_user);
  if (!tool && (has_word(low, "call") || has_word(low, "use"))) tool = &a.tools.front();
  if (!tool || !tool->is_object() || !tool->contains("function")) return {};
  const Json& f = (*tool)["function"];
  const Json arguments = f.contains("parameters") ? minimal_instance(f["parameters"]) : Json::object();
  return ToolCall{"", f.value("name", std::string("tool")), arguments.is_object() ? arguments.dump() : "{}"};
}

std::vector<std::string> split(std::string_view text, std::size_t each) {  // never inside a character
  std::vector<std::string> out;
  std::size_t from = 0;
  while (from < text.size()) {
    std::size_t to = std::min(from + each, text.size());
    while (to < text.size() && (static_cast<unsigned char>(text[to]) & 0xC0u) == 0x80u) ++to;
    out.emplace_back(text.substr(from, to - from));
    from = to;
  }
  return out;
}

std::vector<std::string> in_chunks(const std::string& text, std::size_t n) {  // exactly n, as long as there is a text
  auto words = word_pieces(text);
  if (words.empty()) return words;
  std::vector<std::string> out;
  if (words.size() <= n) {
    for (std::size_t i = 0; i < n; ++i) out.push_back(i < words.size() ? words[i] : " " + std::to_string(i));
    return out;
  }
  for (std::size_t i = 0; i < n; ++i) {
    std::string one;
    for (std::size_t w = i * words.size() / n; w < (i + 1) * words.size() / n; ++w) one += words[w];
    out.push_back(one);
  }
  return out;
}

void apply(const Sampling& how, Answer& a) {
  std::string joined;
  for (auto& p : a.pieces) joined += p;
  std::size_t cut = std::string::npos;
  for (auto& s : how.stop) cut = std::min(cut, joined.find(s));
  if (cut != std::string::npos) {
    std::vector<std::string> kept;
    for (auto& p : a.pieces) {
      if (!cut) break;
      kept.push_back(p.substr(0, cut));
      cut -= std::min(cut, p.size());
    }
    a.pieces = std::move(kept);
  }
  if (how.num_predict < 0) return;
  const auto most = std::size_t(how.num_predict);
  if (a.thinking.size() + a.pieces.size() <= most) return;
  if (a.thinking.size() > most) a.thinking.resize(most);
  a.pieces.resize(most - a.thinking.size());
  a.calls.clear();
  a.done_reason = "length";
}

int call_tokens(const std::vector<ToolCall>& calls) {
  std::size_t n = 0;
  for (auto& c : calls) n += 1 + (c.arguments.size() + 11) / 12;
  return int(n);
}

}  // namespace

Answer speak(const Asked& a, const Sampling& how, const ModelSpec& m) {
  const Scene s = look(a);
  Answer out;
  out.role = role_of(s.system);
  const std::string seed = s.all + "\n" + out.role + "\n" + std::to_string(how.seed);
  const std::uint64_t h = hash(seed);
  if (thinks(a, m)) out.thinking = word_pieces("The question is \"" + topic_of(s) + "\".");
  const auto chunks = directive(s.last_user, "chunks");
  if (auto ms = directive(s.last_user, "delay")) out.pace = std::chrono::milliseconds(whole(ms, 0, 60000));
  if (auto f = directive(s.last_user, "fault")) out.directed_fault = *f;

  if (auto name = select_name(s.all)) {
    out.role = "router";
    out.pieces = {*name};
  } else if (auto call = tool_call(a, s, m)) {
    out.calls.push_back(std::move(*call));
  } else if (a.format.is_object()) {
    out.pieces = split(minimal_instance(a.format).dump(), 6);
  } else if (a.format == "json") {
    out.pieces = split(Json{{"ok", true}, {"about", topic_of(s)}}.dump(), 6);
  } else {
    const auto said = directive(s.last_user, "say");
    const auto then = s.tool_answered ? directive(s.last_user, "then") : std::nullopt;
    std::string text = said ? *said : then ? *then : prose(out.role, topic_of(s), h);
    if (s.tool_answered && !said) text = "The tool answered. " + text;
    if (!said && asked_to_conclude(s)) text += " That is all.\n\nTERMINATE";
    out.pieces = chunks ? in_chunks(text, std::size_t(std::max(whole(chunks, 1, 100000), 1))) : word_pieces(text);
  }
  apply(how, out);
  out.prompt_n = tokens(rendered(a, m.rendering));
  out.eval_n = int(out.thinking.size() + out.pieces.size()) + call_tokens(out.calls);
  return out;
}

Answer recite(const Script& script, const Asked& a, const Sampling& how, const ModelSpec& m) {
  Answer out;
  if (thinks(a, m)) out.thinking = script.thinking;
  out.pieces = script.pieces;
  out.calls = script.calls;
  apply(how, out);
  out.prompt_n = script.prompt_n ? *script.prompt_n : tokens(rendered(a, m.rendering));
  out.eval_n = script.eval_n ? *script.eval_n : int(out.thinking.size() + out.pieces.size()) + call_tokens(out.calls);
  if (script.done_reason) out.done_reason = *script.done_reason;
  out.fault = script.fault;
  out.after = script.after;
  out.status = script.status;
  out.text = script.text;
  if (!script.top_alternative.empty()) out.top_alternative = script.top_alternative;
  return out;
}

}  // namespace rr::sim
