#include "api/prompt_text.hpp"

#include "api/json_scan.hpp"
#include "api/raw_json.hpp"

#include <algorithm>
#include <charconv>

namespace rr::api {
namespace {

void append(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6)), out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12)), out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// After "\u": the code, or nothing where the digits are cut off or stand for half a pair (an emoji decides no role).
bool take_code(std::string_view text, std::size_t& at, std::string& out) {
  if (text.size() - at < 4) return false;
  unsigned code = 0;
  if (std::from_chars(text.data() + at, text.data() + at + 4, code, 16).ptr != text.data() + at + 4) return false;
  at += 4;
  if (code < 0xD800 || code > 0xDFFF) append(out, code);
  return true;
}

// What the text between two quotes of JSON means.
std::string meaning(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (c != '\\') {
      out += c;
      continue;
    }
    if (at == text.size()) break;
    const char escaped = text[at++];
    if (escaped == 'u') {
      if (!take_code(text, at, out)) break;
    } else {
      out += escaped == 'n' || escaped == 'r' ? '\n' : escaped == 't' || escaped == 'b' || escaped == 'f' ? ' ' : escaped;
    }
  }
  return out;
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::string_view between_quotes(std::string_view raw) { return raw.size() < 2 ? std::string_view{} : raw.substr(1, raw.size() - 2); }

// The last bytes, from a space on: never half an escape, never half a character.
std::string ending_of(std::string_view raw, std::size_t most) {
  const auto text = between_quotes(raw);
  if (text.size() <= most) return meaning(text);
  const auto tail = text.substr(text.size() - most);
  return meaning(tail.substr(std::min(tail.find(' '), tail.size())));
}

std::string joined(std::string_view body, const std::vector<Span>& parts, std::size_t most, std::size_t& looked) {
  std::string out;
  for (const Span part : parts) {
    if (most == 0) break;
    if (!out.empty()) out += "\n\n";
    out += beginning_of(part.in(body), most);
    const auto size = std::min(part.size, most);
    looked += size;
    most -= size;
  }
  return out;
}

// A request stands at the beginning or at the end of what a user sends along with it.
std::string user(std::string_view body, const std::vector<Span>& parts, std::size_t& looked) {
  std::string out = joined(body, parts, most_user, looked);
  std::size_t all = 0;
  for (const Span part : parts) all += part.size;
  if (all <= most_user) return out;
  looked += std::min(parts.back().size, most_tail);
  return out + "\n\n" + ending_of(parts.back().in(body), most_tail);
}

std::vector<std::string> tool_names(std::string_view tools, std::size_t& looked) {
  std::vector<std::string> out;
  tools = tools.substr(0, most_tools);
  looked += tools.size();
  for (const auto tool : raw_elements(tools)) {
    const auto function = raw_member(tool, "function");
    const auto name = raw_member(function.empty() ? tool : function, "name");
    if (name.size() > 2 && name.front() == '"') out.push_back(meaning(between_quotes(name)));
  }
  return out;
}

}  // namespace

std::string beginning_of(std::string_view raw, std::size_t most) {
  auto text = between_quotes(raw);
  if (text.size() > most) {
    while (most > 0 && continues(text[most])) --most;
    text = text.substr(0, most);
  }
  return meaning(text);
}

PromptText prompt_text(const Members& members) {
  const auto body = members.body;
  PromptText out;
  out.system = joined(body, members.system_said, most_system, out.looked);
  out.first = user(body, members.first_said, out.looked);
  out.last = user(body, members.last_said, out.looked);
  out.tools = tool_names(members.value("tools").in(body), out.looked);
  return out;
}

}  // namespace rr::api
