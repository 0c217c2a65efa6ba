// read_first(): finds the end of the first value and says in Go's words why there is none.
#include "sim/go_json.hpp"

namespace rr::sim {

namespace {

std::string shown(char c) {  // the character as Go quotes it: a byte is a rune
  if (c == '\'') return "'\\''";
  if (c == '"') return "'\"'";
  const auto b = static_cast<unsigned char>(c);
  static const char* hex = "0123456789abcdef";
  std::string s;
  switch (c) {
    case '\n': s = "\\n"; break;
    case '\t': s = "\\t"; break;
    case '\r': s = "\\r"; break;
    case '\\': s = "\\\\"; break;
    default:
      if (b < 0x20 || b == 0x7f) {
        s = std::string("\\x") + hex[b >> 4] + hex[b & 15];
      } else if (b >= 0x80 && b < 0xA1) {
        s = std::string("\\u00") + hex[b >> 4] + hex[b & 15];
      } else if (b >= 0x80) {
        s = {char(0xC0 | (b >> 6)), char(0x80 | (b & 0x3F))};
      } else {
        s = c;
      }
  }
  return "'" + s + "'";
}

class Scan {
 public:
  explicit Scan(std::string_view in) : in_(in) {}
  std::string clean, error;

  bool value(int depth = 0) {
    blank();
    if (at_ >= in_.size()) return fail_eof();
    if (depth > 10000) return fail("exceeded max depth");
    const char c = in_[at_];
    if (c == '{') return object(depth);
    if (c == '[') return array(depth);
    if (c == '"') return string();
    if (c == 't') return word("true");
    if (c == 'f') return word("false");
    if (c == 'n') return word("null");
    if (c == '-' || (c >= '0' && c <= '9')) return digits();
    return bad("looking for beginning of value");
  }

 private:
  void blank() {
    while (at_ < in_.size() && (in_[at_] == ' ' || in_[at_] == '\t' || in_[at_] == '\r' || in_[at_] == '\n')) ++at_;
  }
  bool fail(std::string text) {
    error = std::move(text);
    return false;
  }
  bool fail_eof() { return fail(clean.empty() ? "EOF" : "unexpected EOF"); }
  bool bad(const std::string& where) { return fail("invalid character " + shown(in_[at_]) + " " + where); }
  void keep() { clean += in_[at_++]; }

  bool object(int depth) {
    keep();
    blank();
    if (at_ < in_.size() && in_[at_] == '}') return keep(), true;
    while (true) {
      blank();
      if (at_ >= in_.size()) return fail_eof();
      if (in_[at_] != '"') return bad("looking for beginning of object key string");
      if (!string()) return false;
      blank();
      if (at_ >= in_.size()) return fail_eof();
      if (in_[at_] != ':') return bad("after object key");
      keep();
      if (!value(depth + 1)) return false;
      blank();
      if (at_ >= in_.size()) return fail_eof();
      if (in_[at_] == '}') return keep(), true;
      if (in_[at_] != ',') return bad("after object key:value pair");
      keep();
    }
  }
  bool array(int depth) {
    keep();
    blank();
    if (at_ < in_.size() && in_[at_] == ']') return keep(), true;
    while (true) {
      if (!value(depth + 1)) return false;
      blank();
      if (at_ >= in_.size()) return fail_eof();
      if (in_[at_] == ']') return keep(), true;
      if (in_[at_] != ',') return bad("after array element");
      keep();
    }
  }
  bool word(std::string_view w) {
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (at_ >= in_.size()) return fail_eof();
      if (in_[at_] != w[i]) return bad("in literal " + std::string(w) + " (expecting '" + w[i] + "')");
      keep();
    }
    return true;
  }
  bool digit() const { return at_ < in_.size() && in_[at_] >= '0' && in_[at_] <= '9'; }
  bool some_digits(const char* where) {
    if (at_ >= in_.size()) return fail_eof();
    if (!digit()) return bad(where);
    while (digit()) keep();
    return true;
  }
  bool digits() {
    if (in_[at_] == '-') keep();
    if (at_ >= in_.size()) return fail_eof();
    if (in_[at_] == '0') {
      keep();
    } else if (!some_digits("in numeric literal")) {
      return false;
    }
    if (at_ < in_.size() && in_[at_] == '.') {
      keep();
      if (!some_digits("after decimal point in numeric literal")) return false;
    }
    if (at_ < in_.size() && (in_[at_] == 'e' || in_[at_] == 'E')) {
      keep();
      if (at_ < in_.size() && (in_[at_] == '+' || in_[at_] == '-')) keep();
      if (!some_digits("in exponent of numeric literal")) return false;
    }
    return true;
  }
  int hex4(std::size_t at) const {
    if (at + 4 > in_.size()) return -1;
    int v = 0;
    for (std::size_t i = at; i < at + 4; ++i) {
      const char c = in_[i];
      const int d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (d < 0) return -1;
      v = v * 16 + d;
    }
    return v;
  }
  bool escape() {
    if (at_ + 1 >= in_.size()) {
      at_ = in_.size();
      return fail_eof();
    }
    const char c = in_[at_ + 1];
    if (std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos) return keep(), keep(), true;
    if (c != 'u') return ++at_, bad("in string escape code");
    const int code = hex4(at_ + 2);
    if (code < 0) {
      if (at_ + 6 > in_.size()) return fail_eof();
      at_ += 2;
      while (hex4(at_) < 0 && std::string_view("0123456789abcdefABCDEF").find(in_[at_]) != std::string_view::npos) ++at_;
      return bad("in \\u hexadecimal character escape");
    }
    const bool high = code >= 0xD800 && code < 0xDC00;
    const int next = high && in_.substr(at_ + 6, 2) == "\\u" ? hex4(at_ + 8) : -1;
    if (high && next >= 0xDC00 && next < 0xE000) {
      clean.append(in_.substr(at_, 12));
      at_ += 12;
    } else {
      clean += code >= 0xD800 && code < 0xE000 ? std::string("\\ufffd") : std::string(in_.substr(at_, 6));
      at_ += 6;
    }
    return true;
  }
  bool string() {
    keep();
    while (true) {
      if (at_ >= in_.size()) return fail_eof();
      const auto c = static_cast<unsigned char>(in_[at_]);
      if (c == '"') return keep(), true;
      if (c == '\\') {
        if (!escape()) return false;
      } else if (c < 0x20) {
        return bad("in string literal");
      } else if (c < 0x80) {
        keep();
      } else {
        text();
      }
    }
  }
  void text() {  // one character beyond ASCII
    const auto c = static_cast<unsigned char>(in_[at_]);
    const std::size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    const std::string_view s = in_.substr(at_, n);
    if (Json::parse("\"" + std::string(s) + "\"", nullptr, false).is_discarded()) {
      clean += "\xEF\xBF\xBD";
      ++at_;
    } else {
      clean += s;
      at_ += s.size();
    }
  }

  std::string_view in_;
  std::size_t at_ = 0;
};

}  // namespace

FirstValue read_first(std::string_view body) {
  Scan scan(body);
  FirstValue out;
  if (!scan.value()) {
    out.error = std::move(scan.error);
    return out;
  }
  out.value = Json::parse(scan.clean, nullptr, false);
  if (out.value.is_discarded()) out.error = "json: cannot unmarshal number into Go value of type float64";
  return out;
}

}  // namespace rr::sim
