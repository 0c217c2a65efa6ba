// A second, slow reader of JSON (RFC 8259, UTF-8): every member of an object with the raw text of its value. It shares nothing
// with api/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rr::test {

struct PlainMember {
  std::string name{};  // unescaped; a lone surrogate as its three bytes
  std::string_view raw_name{}, value{};
};

class PlainJson {
 public:
  // The members of the object that is the first value of `text`, in order; nothing: it is no object or no JSON.
  // `end` gets where the value ends.
  static std::optional<std::vector<PlainMember>> object(std::string_view text, std::size_t* end = nullptr) {
    PlainJson reader(text);
    reader.space();
    std::vector<PlainMember> out;
    if (reader.at_ >= text.size() || text[reader.at_] != '{' || !reader.value(0, &out)) return std::nullopt;
    if (end) *end = reader.at_;
    return out;
  }

 private:
  explicit PlainJson(std::string_view text) : text_(text) {}
  bool is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (!is(c)) return false;
    ++at_;
    return true;
  }
  bool digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }
  void space() {
    while (is(' ') || is('\t') || is('\r') || is('\n')) ++at_;
  }

  bool value(int depth, std::vector<PlainMember>* members = nullptr) {
    if (depth > 1000 || at_ >= text_.size()) return false;
    switch (text_[at_]) {
      case '{': return object(depth, members);
      case '[': return array(depth);
      case '"': return string(nullptr);
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }
  bool word(std::string_view wanted) {
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  bool number() {
    take('-');
    if (!take('0')) {
      if (!digit()) return false;
      while (digit()) ++at_;
    }
    if (take('.')) {
      if (!digit()) return false;
      while (digit()) ++at_;
    }
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digit()) return false;
      while (digit()) ++at_;
    }
    return true;
  }
  bool array(int depth) {
    ++at_;
    space();
    if (take(']')) return true;
    for (;;) {
      space();
      if (!value(depth + 1)) return false;
      space();
      if (take(']')) return true;
      if (!take(',')) return false;
    }
  }
  bool object(int depth, std::vector<PlainMember>* members) {
    ++at_;
    space();
    if (take('}')) return true;
    for (;;) {
      space();
      PlainMember member;
      const std::size_t key = at_;
      if (!string(&member.name)) return false;
      member.raw_name = text_.substr(key, at_ - key);
      space();
      if (!take(':')) return false;
      space();
      const std::size_t from = at_;
      if (!value(depth + 1)) return false;
      member.value = text_.substr(from, at_ - from);
      if (members) members->push_back(std::move(member));
      space();
      if (take('}')) return true;
      if (!take(',')) return false;
    }
  }
  static void append(std::string& out, std::uint32_t c) {
    if (c < 0x80) out += static_cast<char>(c);
    else if (c < 0x800) out += static_cast<char>(0xC0 | (c >> 6)), out += static_cast<char>(0x80 | (c & 63));
    else if (c < 0x10000) out += static_cast<char>(0xE0 | (c >> 12)), out += static_cast<char>(0x80 | ((c >> 6) & 63)), out += static_cast<char>(0x80 | (c & 63));
    else out += static_cast<char>(0xF0 | (c >> 18)), out += static_cast<char>(0x80 | ((c >> 12) & 63)), out += static_cast<char>(0x80 | ((c >> 6) & 63)), out += static_cast<char>(0x80 | (c & 63));
  }
  bool hex(std::uint32_t& out) {
    out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ >= text_.size()) return false;
      const char c = text_[at_];
      const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (value < 0) return false;
      out = out * 16 + static_cast<std::uint32_t>(value);
    }
    return true;
  }
  bool string(std::string* out) {
    if (!take('"')) return false;
    std::string text;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        if (out) *out = std::move(text);
        return true;
      }
      if (c < 0x20) return false;
      if (c != '\\') {
        const std::size_t size = utf8();
        if (size == 0) return false;
        text += text_.substr(at_, size);
        at_ += size;
        continue;
      }
      ++at_;
      if (at_ >= text_.size()) return false;
      const char kind = text_[at_++];
      static constexpr std::string_view kinds = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
      if (kind == 'u') {
        std::uint32_t first = 0, second = 0;
        if (!hex(first)) return false;
        if (first >= 0xD800 && first < 0xDC00 && is('\\') && at_ + 1 < text_.size() && text_[at_ + 1] == 'u') {
          const std::size_t back = at_;
          at_ += 2;
          if (!hex(second)) return false;
          if (second >= 0xDC00 && second < 0xE000) first = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
          else at_ = back;
        }
        append(text, first);
      } else if (const auto at = kinds.find(kind); at != kinds.npos) {
        text += meant[at];
      } else {
        return false;
      }
    }
    return false;
  }
  std::size_t utf8() const {  // size of the character at at_; 0 = not UTF-8
    const auto byte = [&](std::size_t i) { return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0u; };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
    const unsigned a = byte(0), b = byte(1);
    if (a < 0x80) return 1;
    if (a >= 0xC2 && a <= 0xDF) return tail(1) ? 2 : 0;
    if (a >= 0xE0 && a <= 0xEF) {
      if (!tail(1) || !tail(2) || (a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F)) return 0;
      return 3;
    }
    if (a >= 0xF0 && a <= 0xF4) {
      if (!tail(1) || !tail(2) || !tail(3) || (a == 0xF0 && b < 0x90) || (a == 0xF4 && b > 0x8F)) return 0;
      return 4;
    }
    return 0;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace rr::test
