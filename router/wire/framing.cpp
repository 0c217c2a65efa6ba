#include "wire/framing.hpp"

#include "wire/bytes.hpp"
#include "wire/head_parse.hpp"
#include "wire/target.hpp"

#include <algorithm>
#include <array>

namespace rr::wire {

namespace {

using namespace std::string_view_literals;

Refusal bad(std::string sentence) { return clients_fault(400, "bad_request", std::move(sentence)); }
Refusal too_large(const HeadLimits& limits) {
  return clients_fault(431, "head_too_large", "the request's head is larger than " + std::to_string(limits.bytes) + " bytes or " +
                                                  std::to_string(limits.fields) + " fields; send fewer or shorter header fields");
}
Refusal garbage(std::string sentence) {
  return {.code = "node_garbage", .side = Side::node, .status = 502, .sentence = std::move(sentence)};
}

// Field names as they may stand in a sentence: they are tokens by then.
std::string named(std::string_view name) { return "the field " + std::string(name.substr(0, 60)); }

// ---- the lines of a head

struct RequestLine {
  std::string_view method, target;
  int version = 11;
};

Result<RequestLine> request_line(std::string_view line) {
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  const std::string_view method = line.substr(0, first);
  if (!token(method)) return bad("this is not an HTTP request: it must begin with a method, as in \"POST /api/chat HTTP/1.1\"");
  if (first == std::string_view::npos || last == first)
    return bad("the request line must be method, path and version, as in \"POST /api/chat HTTP/1.1\"");
  const std::string_view version = line.substr(last + 1), target = line.substr(first + 1, last - first - 1);
  if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || !digit(version[5]) || version[6] != '.' || !digit(version[7]))
    return bad("the request line must be method, path and version, as in \"POST /api/chat HTTP/1.1\"");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return clients_fault(505, "http_version", std::string(version) + " is not spoken here: use HTTP/1.1");
  if (method == "TRACE" || method == "CONNECT")
    return clients_fault(405, "method_refused", std::string(method) + " is not allowed: use GET, HEAD, POST or OPTIONS");
  static constexpr std::array known{"GET"sv, "HEAD"sv, "POST"sv, "OPTIONS"sv, "PUT"sv, "DELETE"sv, "PATCH"sv};
  if (std::find(known.begin(), known.end(), method) == known.end())
    return clients_fault(501, "method_unknown", "the method " + std::string(method.substr(0, 20)) + " is not known: use GET, HEAD, POST or OPTIONS");
  if (const auto wrong = wrong_target(target); !wrong.empty()) return bad("the request's path is refused: " + std::string(wrong));
  return RequestLine{method, target, version == "HTTP/1.1" ? 11 : 10};
}

// "" = good; else what is wrong with a field line.
std::string_view field_line(std::string_view line, std::string_view& name, std::string_view& value) {
  if (line.front() == ' ' || line.front() == '\t') return "a folded header line is not allowed: write each field on one line";
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return "a header line has no colon";
  name = line.substr(0, colon);
  if (!token(name)) return "a field name holds a character that is not allowed (space before the colon?)";
  value = trim(line.substr(colon + 1));
  for (const char c : value)
    if (!text_char(c)) return "a field value holds a control character";
  return {};
}

// What the fields say about framing; the same for both directions.
struct Said {
  int hosts = 0, lengths = 0, encodings = 0, expects = 0;
  std::string_view host, length, encoding, expect;
  bool close = false, keep_alive = false;
};

void note(Said& said, std::string_view name, std::string_view value) {
  const auto once = [&](std::string_view wanted, int& count, std::string_view& kept) {
    if (!same_name(name, wanted)) return;
    ++count;
    kept = value;
  };
  once("host", said.hosts, said.host);
  once("content-length", said.lengths, said.length);
  once("transfer-encoding", said.encodings, said.encoding);
  once("expect", said.expects, said.expect);
  if (same_name(name, "connection"))
    each_element(value, [&](std::string_view option) {
      said.close = said.close || same_name(option, "close");
      said.keep_alive = said.keep_alive || same_name(option, "keep-alive");
    });
}

// Content_Length and the like: servers behind other servers read them as the real one.
bool disguised(std::string_view name) {
  if (name.find('_') == std::string_view::npos) return false;
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '_', '-');
  static constexpr std::array guarded{"content-length"sv, "transfer-encoding"sv, "host"sv, "connection"sv, "expect"sv, "content-type"sv,
                                      "authorization"sv, "cookie"sv, "origin"sv, "via"sv, "x-agent-role"sv, "x-session-id"sv,
                                      "x-api-key"sv, "x-forwarded-for"sv, "x-forwarded-host"sv, "x-forwarded-proto"sv};
  return std::any_of(guarded.begin(), guarded.end(), [&](std::string_view g) { return same_name(plain, g); });
}

// Walks the field lines behind the first line. `take(name, value)` may end the walk with a sentence.
template <class Take>
std::string_view each_field(std::string_view raw, std::size_t at, const HeadLimits& limits, bool& too_many, Take take) {
  std::size_t count = 0;
  while (at + 2 < raw.size()) {
    const std::size_t end = raw.find("\r\n", at);
    std::string_view name, value;
    if (const auto wrong = field_line(raw.substr(at, end - at), name, value); !wrong.empty()) return wrong;
    if (++count > limits.fields) {
      too_many = true;
      return "there are too many fields";
    }
    take(name, value);
    at = end + 2;
  }
  return {};
}

// 1*DIGIT without leading zeros, below 2^63.
bool parse_length(std::string_view text, std::uint64_t& length) {
  if (text.empty() || text.size() > 18 || (text.size() > 1 && text.front() == '0')) return false;
  length = 0;
  for (const char c : text) {
    if (!digit(c)) return false;
    length = length * 10 + static_cast<unsigned>(c - '0');
  }
  return true;
}

std::optional<Refusal> request_framing(const Said& said, CheckedRequest& out) {
  const bool modern = out.head.version == 11;
  if (said.hosts > 1) return bad("the field Host stands twice");
  if (said.hosts == 0 && modern) return bad("the field Host is missing");
  if (said.hosts == 1 && !good_host(said.host)) return bad("the field Host is not a valid host name and port");
  if (said.encodings > 0) {
    if (said.lengths > 0) return bad("Content-Length and Transfer-Encoding stand together: send one of them");
    if (said.encodings > 1) return bad("the field Transfer-Encoding stands twice");
    if (!modern) return bad("HTTP/1.0 has no Transfer-Encoding: send Content-Length");
    if (!same_name(said.encoding, "chunked"))
      return clients_fault(501, "transfer_encoding", "this Transfer-Encoding is not supported: send \"chunked\" or a Content-Length");
    out.framing = Framing::chunked;
  } else if (said.lengths > 0) {
    if (said.lengths > 1) return bad("the field Content-Length stands twice");
    if (!parse_length(said.length, out.length)) return bad("Content-Length must be a plain decimal number");
    out.framing = out.length > 0 ? Framing::length : Framing::none;
  }
  if (said.expects > 0 && modern) {
    if (said.expects > 1 || !same_name(said.expect, "100-continue"))
      return clients_fault(417, "expectation", "only \"Expect: 100-continue\" is understood: send the request without Expect");
    out.expects_continue = out.framing != Framing::none;
  }
  out.keep_alive = modern ? !said.close : said.keep_alive && !said.close;
  return std::nullopt;
}

}  // namespace

std::size_t head_end(std::string_view bytes) {
  const std::size_t at = bytes.find("\r\n\r\n");
  return at == std::string_view::npos ? 0 : at + 4;
}

std::optional<Refusal> hopeless(std::string_view bytes, const HeadLimits& limits) {
  if (bytes.empty()) return std::nullopt;
  if (bytes.size() > limits.bytes) return too_large(limits);
  const std::size_t line_end = bytes.find("\r\n");
  if (line_end != std::string_view::npos) {
    if (auto line = request_line(bytes.substr(0, line_end)); !line) return line.error();
  } else if (!token_char(bytes.front())) {
    return request_line(bytes.substr(0, 1)).error();
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == '\r' && (i + 1 == bytes.size() || bytes[i + 1] == '\n')) ++i;
    else if (!text_char(c)) return bad("the request's head holds a control character (lines must end with CR LF)");
  }
  return std::nullopt;
}

Result<CheckedRequest> check_request(std::string_view raw, const HeadLimits& limits) {
  if (raw.size() > limits.bytes) return too_large(limits);
  const std::size_t line_end = raw.find("\r\n");
  auto line = request_line(raw.substr(0, line_end));
  if (!line) return line.error();
  CheckedRequest out;
  out.head.version = line->version;
  Said said;
  bool too_many = false;
  static constexpr std::array single{"authorization"sv, "origin"sv, "x-agent-role"sv};
  std::array<int, single.size()> seen{};
  std::optional<std::string> type;  // some Java clients say the same Content-Type twice
  std::string trouble;
  const auto wrong = each_field(raw, line_end + 2, limits, too_many, [&](std::string_view name, std::string_view value) {
    note(said, name, value);
    for (std::size_t i = 0; i < single.size(); ++i)
      if (same_name(name, single[i]) && ++seen[i] > 1 && trouble.empty()) trouble = named(name) + " stands twice";
    if (same_name(name, "content-type")) {
      if (type && *type != value && trouble.empty()) trouble = named(name) + " stands twice";
      type = std::string(value);
    }
    if (trouble.empty() && disguised(name)) trouble = named(name) + " is refused: write it with - instead of _";
  });
  if (too_many) return too_large(limits);
  if (!wrong.empty()) return bad("the request's head is refused: " + std::string(wrong));
  if (!trouble.empty()) return bad("the request's head is refused: " + trouble);
  if (auto refusal = request_framing(said, out)) return *refusal;
  if (!parse_head(raw, out.head)) return bad("the request's head is not valid HTTP");
  return out;
}

Result<CheckedReply> check_reply(std::string_view raw, bool to_head, const HeadLimits& limits) {
  if (raw.size() > limits.bytes) return garbage("the reply's head is larger than " + std::to_string(limits.bytes) + " bytes");
  const std::size_t line_end = raw.find("\r\n");
  const std::string_view line = raw.substr(0, line_end);
  const bool shaped = line.size() >= 13 && (line.substr(0, 9) == "HTTP/1.1 " || line.substr(0, 9) == "HTTP/1.0 ") &&
                      digit(line[9]) && digit(line[10]) && digit(line[11]) && line[12] == ' ' &&
                      std::all_of(line.begin() + 13, line.end(), text_char);
  if (!shaped) return garbage("the reply is not HTTP/1.1");
  const int status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (status < 100 || status > 599 || status == 101)
    return garbage("the reply's status " + std::to_string(status) + " is not one that may come");
  Said said;
  bool too_many = false;
  const auto wrong = each_field(raw, line_end + 2, limits, too_many,
                                [&](std::string_view name, std::string_view value) { note(said, name, value); });
  if (!wrong.empty()) return garbage("the reply's head is refused: " + std::string(wrong));
  CheckedReply out;
  const bool modern = line[7] == '1';
  if (said.encodings + said.lengths > 1) return garbage("the reply gives its length twice");
  if (said.encodings > 0 && (!modern || !same_name(said.encoding, "chunked")))
    return garbage("the reply's Transfer-Encoding is not supported");
  if (said.lengths > 0 && !parse_length(said.length, out.length)) return garbage("the reply's Content-Length is not a number");
  out.keep_alive = modern ? !said.close : said.keep_alive && !said.close;
  if (to_head || status < 200 || status == 204 || status == 304) out.framing = Framing::none;
  else if (said.encodings > 0) out.framing = Framing::chunked;
  else if (said.lengths > 0) out.framing = out.length > 0 ? Framing::length : Framing::none;
  if (out.framing != Framing::length) out.length = 0;
  if (out.framing == Framing::until_close) out.keep_alive = false;
  if (!parse_head(raw, out.head)) return garbage("the reply's head is not valid HTTP");
  return out;
}

}  // namespace rr::wire
