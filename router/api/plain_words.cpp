#include "api/plain_words.hpp"

#include "api/role_names.hpp"

#include <algorithm>
#include <array>

namespace rr::api {
namespace {

bool hangul(std::string_view text, std::size_t at) {  // a syllable begins or ends here: E1, EA..ED
  const auto c = at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
  return c >= 0xEA && c <= 0xED;
}
bool hangul_before(std::string_view text, std::size_t at) { return at >= 3 && hangul(text, at - 3); }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (static_cast<unsigned char>(c) & 0x80); }
bool ascii_letter(char c) { return letter(c) && !(static_cast<unsigned char>(c) & 0x80); }

// Blocks that a harness adds to what a person wrote.
constexpr std::array<std::string_view, 8> added{"system-reminder", "environment_details", "environment_context", "chat_history",
                                                "open_files", "user_info", "context", "file_contents"};

// Takes out ``` blocks and the blocks above; one that never ends reaches to the end.
std::string without_payload(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto next = text.find_first_of("`<");
    out += text.substr(0, next);
    if (next == text.npos) break;
    text.remove_prefix(next);
    std::string end;
    if (text.starts_with("```")) end = "```";
    for (const auto name : added)
      if (text.starts_with("<" + std::string(name) + ">")) end = "</" + std::string(name) + ">";
    if (end.empty()) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto close = text.find(end, 3);
    out += "\n\n";
    text = close == text.npos ? std::string_view{} : text.substr(close + end.size());
  }
  return out;
}

class Writer {  // puts words and marks down, never two marks or spaces in a row
 public:
  void letters(std::string_view bytes) {
    if (!out_.empty() && (mark_ || space_)) out_ += ' ';
    space_ = mark_ = false;
    out_ += bytes;
  }
  void space() { space_ = true; }
  void put_mark(char c) {
    if (out_.empty()) return;
    if (mark_) {
      if (c == '.') out_.back() = '.';
      return;
    }
    out_ += ' ';
    out_ += c;
    mark_ = true;
    space_ = false;
  }
  std::string take() {
    put_mark('.');
    return " " + std::move(out_) + " ";
  }

 private:
  std::string out_;
  bool space_ = false, mark_ = false;
};

// A word of the list at `at`, then the rest: two words before one, and "파이썬으로" begins with "파이썬".
std::size_t match_list(std::string_view text, std::size_t at, std::string_view rest, const WordLists& lists,
                       const std::set<std::string, std::less<>>& list) {
  std::array<std::size_t, 16> ends{};
  std::size_t count = 0;
  for (std::size_t end = at, spaces = 0; end < text.size() && count < ends.size() && end < at + 40; ++end) {
    if (end > at && (text[end] == ' ' || hangul(text, end))) ends[count++] = end;
    if (mark(text[end]) || (text[end] == ' ' && ++spaces == 2)) break;
  }
  while (count > 0) {
    const auto end = ends[--count];
    if (list.find(text.substr(at, end - at)) == list.end()) continue;
    if (const auto found = match(text, end, rest, lists); found != text.npos) return found;
  }
  return text.npos;
}

// A line break ends a sentence unless the next line only goes on.
bool goes_on(std::string_view rest) {
  if (rest.empty() || rest.front() == '\n') return false;
  const auto c = rest.front();
  return ascii_letter(c) && !(c >= '0' && c <= '9');  // case is folded by now: see plain()
}

char punctuation(std::string_view three) {  // of UTF-8, three bytes
  if (three == "\xE2\x80\x93" || three == "\xE2\x80\x94" || three == "\xE2\x80\xA6" || three == "\xE3\x80\x81") return ',';
  if (three == "\xE3\x80\x82" || three == "\xE2\x80\xA2") return '.';
  if (three.starts_with("\xE2\x80") || three.starts_with("\xE3\x80")) return ' ';  // quotation marks
  return 0;
}

}  // namespace

bool mark(char c) { return c == '.' || c == ',' || c == ':'; }

std::string plain(std::string_view text) {
  // A line that begins with a capital letter begins a sentence; folding would hide that.
  std::string lines;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\n';
    lines += text[i];
    if (text[i] == '\n' && next >= 'A' && next <= 'Z') lines += '\n';
  }
  const std::string in = without_payload(fold_name(lines));
  Writer out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const char c = in[i];
    const auto rest = std::string_view(in).substr(i + 1);
    if (i + 3 <= in.size() && (c == '\xE2' || c == '\xE3')) {
      const auto three = std::string_view(in).substr(i, 3);
      if (three == "\xE2\x80\x99") {  // an apostrophe
        i += 2;
        continue;
      }
      if (const char p = punctuation(three)) {
        p == ' ' ? out.space() : out.put_mark(p);
        i += 2;
        continue;
      }
    }
    if (letter(c)) out.letters(std::string_view(&in[i], 1));
    else if (c == '\'' && rest.starts_with("s ")) out.space();
    else if (c == '\'' && i > 0 && letter(in[i - 1])) continue;
    else if ((c == '+' || c == '#') && i > 0 && (letter(in[i - 1]) || in[i - 1] == '+')) out.letters(std::string_view(&in[i], 1));
    else if (c == '\n') goes_on(rest) ? out.space() : out.put_mark('.');
    else if (c == '!' || c == '?' || (c == '.' && (rest.empty() || !letter(rest[0])))) out.put_mark('.');
    else if (c == ':') out.put_mark(':');
    else if (c == ',' || c == ';' || c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}') out.put_mark(',');
    else if (c == '<' && rest.find('>') < 40) i += rest.find('>') + 1, out.put_mark('.');
    else out.space();
  }
  return out.take();
}

std::size_t match(std::string_view text, std::size_t at, std::string_view pattern, const WordLists& lists) {
  while (!pattern.empty() && at < text.size() && text[at] == pattern.front() && pattern.front() != ' ') ++at, pattern.remove_prefix(1);
  if (pattern.empty()) {
    const bool inside = at < text.size() && at > 0 && ascii_letter(text[at - 1]) && ascii_letter(text[at]);
    return inside ? text.npos : at;
  }
  const auto rest = pattern.substr(1);
  switch (pattern.front()) {
    case 1: case 2: case 3: return match_list(text, at, rest, lists, lists[static_cast<std::size_t>(pattern.front()) - 1]);
    case '*':
      for (std::size_t end = at;; ++end) {
        if (const auto found = match(text, end, rest, lists); found != text.npos) return found;
        if (end >= text.size() || !letter(text[end])) return text.npos;
      }
    case '~': {  // the space behind it is part of it
      const auto after = rest.substr(std::min<std::size_t>(1, rest.size()));
      for (int words = 0; words <= 3 && at < text.size() && !mark(text[at]); ++words) {
        if (const auto found = match(text, at, after, lists); found != text.npos) return found;
        at = text.find(' ', at);
        if (at == text.npos) return text.npos;
        ++at;
      }
      return text.npos;
    }
    case ' ':
      if (at < text.size() && text[at] == ' ') return match(text, at + 1, rest, lists);
      if (hangul(text, at) || hangul_before(text, at)) return match(text, at, rest, lists);
      return text.npos;
    default: return text.npos;
  }
}

}  // namespace rr::api
