#include "api/go_words.hpp"

#include <cstdio>

namespace rr::api {
namespace {

// A strict reader of one JSON value that remembers the first fault in Go's words.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::string fault() {
    value();
    return fault_;
  }

 private:
  bool end() const { return at_ >= text_.size(); }
  bool failed() const { return !fault_.empty(); }

  void bad(std::string_view context) {
    if (failed()) return;
    if (end()) {
      fault_ = "unexpected EOF";
      return;
    }
    fault_ = "invalid character " + shown(text_[at_]) + " " + std::string(context);
  }

  static std::string shown(char c) {  // strconv.Quote of the byte as a rune
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '\'': return "'\\''";
      case '"': return "'\"'";
      case '\\': return "'\\\\'";
      case '\n': return "'\\n'";
      case '\r': return "'\\r'";
      case '\t': return "'\\t'";
      case '\a': return "'\\a'";
      case '\b': return "'\\b'";
      case '\f': return "'\\f'";
      case '\v': return "'\\v'";
      default: break;
    }
    if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && byte < 0xA1) || byte == 0xAD) {
      char hex[16];
      std::snprintf(hex, sizeof hex, byte < 0x80 ? "'\\x%02x'" : "'\\u%04x'", static_cast<unsigned>(byte));
      return hex;
    }
    if (byte < 0x80) return std::string("'") + c + "'";
    return std::string("'") + static_cast<char>(0xC0 | (byte >> 6)) + static_cast<char>(0x80 | (byte & 0x3F)) + "'";
  }

  void space() {
    while (!end() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) ++at_;
  }

  void value() {
    space();
    if (end()) return bad("");
    const char c = text_[at_];
    if (c == '{') return object();
    if (c == '[') return array();
    if (c == '"') return string();
    if (c == 't') return literal("true");
    if (c == 'f') return literal("false");
    if (c == 'n') return literal("null");
    if (c == '-' || (c >= '0' && c <= '9')) return number();
    bad("looking for beginning of value");
  }

  void object() {
    ++at_;
    space();
    if (!end() && text_[at_] == '}') {
      ++at_;
      return;
    }
    while (!failed()) {
      space();
      if (end() || text_[at_] != '"') return bad("looking for beginning of object key string");
      string();
      space();
      if (failed()) return;
      if (end() || text_[at_] != ':') return bad("after object key");
      ++at_;
      value();
      space();
      if (failed()) return;
      if (!end() && text_[at_] == ',') {
        ++at_;
        continue;
      }
      if (end() || text_[at_] != '}') return bad("after object key:value pair");
      ++at_;
      return;
    }
  }

  void array() {
    ++at_;
    space();
    if (!end() && text_[at_] == ']') {
      ++at_;
      return;
    }
    while (!failed()) {
      value();
      space();
      if (failed()) return;
      if (!end() && text_[at_] == ',') {
        ++at_;
        continue;
      }
      if (end() || text_[at_] != ']') return bad("after array element");
      ++at_;
      return;
    }
  }

  void string() {
    for (++at_; !end(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return;
      }
      if (static_cast<unsigned char>(c) < 0x20) return bad("in string literal");
      if (c != '\\') continue;
      ++at_;
      if (end()) return bad("");
      if (text_[at_] == 'u') {
        for (int i = 0; i < 4; ++i) {
          ++at_;
          if (end()) return bad("");
          const char h = static_cast<char>(text_[at_] | 0x20);
          if (!((text_[at_] >= '0' && text_[at_] <= '9') || (h >= 'a' && h <= 'f'))) return bad("in \\u hexadecimal character escape");
        }
      } else if (std::string_view("\"\\/bfnrt").find(text_[at_]) == std::string_view::npos) {
        return bad("in string escape code");
      }
    }
    bad("");
  }

  void literal(std::string_view word) {
    for (const char c : word) {
      if (end() || text_[at_] != c) return bad("in literal " + std::string(word) + " (expecting '" + c + "')");
      ++at_;
    }
  }

  bool digits() {
    const auto from = at_;
    while (!end() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > from;
  }

  void number() {
    if (text_[at_] == '-') ++at_;
    if (!end() && text_[at_] == '0') ++at_;
    else if (!digits()) return bad("in numeric literal");
    if (!end() && text_[at_] == '.') {
      ++at_;
      if (!digits()) return bad("after decimal point in numeric literal");
    }
    if (!end() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (!end() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!digits()) return bad("in exponent of numeric literal");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string fault_;
};

std::string_view request_type(Kind kind) {
  switch (kind) {
    case Kind::generate: return "api.GenerateRequest";
    case Kind::embed: return "api.EmbedRequest";
    case Kind::embeddings: return "api.EmbeddingRequest";
    case Kind::show: return "api.ShowRequest";
    case Kind::chat_completions: return "openai.ChatCompletionRequest";
    case Kind::completions: return "openai.CompletionRequest";
    case Kind::v1_embeddings: return "openai.EmbedRequest";
    case Kind::responses: return "openai.ResponsesRequest";
    case Kind::messages:
    case Kind::count_tokens: return "anthropic.MessagesRequest";
    default: return "api.ChatRequest";
  }
}

std::string_view go_type(Kind kind, std::string_view member) {
  if (member == "messages")
    return kind == Kind::chat_completions ? "[]openai.Message" : kind == Kind::messages ? "[]anthropic.MessageParam" : "[]api.Message";
  if (member == "options") return "map[string]interface {}";
  if (member == "stream") return "bool";
  return "string";
}

std::string_view json_type(std::string_view raw) {
  if (raw.empty()) return "null";
  switch (raw.front()) {
    case '{': return "object";
    case '[': return "array";
    case '"': return "string";
    case 't':
    case 'f': return "bool";
    case 'n': return "null";
    default: return "number";
  }
}

}  // namespace

std::string go_syntax_error(std::string_view body) { return Reader(body).fault(); }

bool go_reads_whole(std::string_view value) { return go_syntax_error("[" + std::string(value) + "]").empty(); }

std::string go_type_error(Kind kind, std::string_view raw, std::string_view member) {
  std::string out = "json: cannot unmarshal " + std::string(json_type(raw)) + " into Go ";
  std::string_view type = request_type(kind);
  if (member.empty()) return out + "value of type " + std::string(type);
  type.remove_prefix(type.find('.') + 1);
  return out + "struct field " + std::string(type) + "." + std::string(member) + " of type " +
         std::string(go_type(kind, member));
}

std::string not_found(Kind kind, std::string_view model) {
  const std::string name(model);
  if (kind == Kind::embed || kind == Kind::embeddings || kind == Kind::v1_embeddings)
    return name.empty() && kind != Kind::embeddings ? "model '' not found" : "model \"" + name + "\" not found, try pulling it first";
  if ((kind == Kind::show || kind == Kind::model) && name.find(':', name.rfind('/') + 1) == name.npos)
    return "model '" + name + ":latest' not found";
  return "model '" + name + "' not found";
}

}  // namespace rr::api
