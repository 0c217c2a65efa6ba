// Heads of requests and replies. What is accepted has exactly one reading: a second, independent reader that knows only RFC 9112
// finds the same method, target, fields and length; no beginning of it was hopeless; and written again it is read the same.
#include "fuzz/fuzz.hpp"

#include "wire/framing.hpp"
#include "wire/head_text.hpp"

#include <algorithm>
#include <vector>

using namespace rr;
using namespace rr::wire;
using rr::fuzz::promise;

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// The second reader: lines by CRLF, names up to the first colon, values without blanks around them.
struct Plain {
  std::vector<std::string> first{};  // the words of the first line
  Fields fields{};
  std::vector<std::string> of(std::string_view name) const {
    std::vector<std::string> out;
    for (const Field& field : fields)
      if (lower(field.name) == name) out.push_back(field.value);
    return out;
  }
};

Plain read(std::string_view raw, std::size_t words) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '\r') promise(i + 1 < raw.size() && raw[i + 1] == '\n', "a bare CR was accepted", raw);
    else if (c == '\n') promise(i > 0 && raw[i - 1] == '\r', "a bare LF was accepted", raw);
    else promise(c != '\0' && c != '\x7f' && (static_cast<unsigned char>(c) >= 0x20 || c == '\t'), "a control character was accepted", raw);
  }
  Plain out;
  bool first = true;
  while (!raw.empty()) {
    const std::size_t end = raw.find("\r\n");
    std::string_view line = raw.substr(0, end);
    raw.remove_prefix(end + 2);
    if (first) {
      while (out.first.size() + 1 < words && line.find(' ') != line.npos) {
        out.first.emplace_back(line.substr(0, line.find(' ')));
        line.remove_prefix(line.find(' ') + 1);
      }
      out.first.emplace_back(line);
      first = false;
    } else if (!line.empty()) {
      promise(line.front() != ' ' && line.front() != '\t', "a folded line was accepted", line);
      const std::size_t colon = line.find(':');
      promise(colon != line.npos && colon > 0, "a line without a name was accepted", line);
      const std::string_view name = line.substr(0, colon);
      promise(name.find_first_of(" \t\"(),/;<=>?@[\\]{}") == name.npos, "a name that is no token was accepted", line);
      std::string_view value = line.substr(colon + 1);
      const std::size_t from = value.find_first_not_of(" \t");
      value = from == value.npos ? std::string_view{} : value.substr(from, value.find_last_not_of(" \t") - from + 1);
      out.fields.push_back({std::string(name), std::string(value)});
    } else {
      promise(raw.empty(), "the head goes on behind an empty line", raw);
    }
  }
  return out;
}

// The framing that the fields say, or a broken promise when they say it twice or in another way.
void same_framing(const Plain& plain, Framing framing, std::uint64_t length, bool may_lack_body, std::string_view raw) {
  const auto lengths = plain.of("content-length"), encodings = plain.of("transfer-encoding");
  promise(lengths.size() + encodings.size() <= 1, "two framings were accepted", raw);
  if (!encodings.empty()) promise(lower(encodings.front()) == "chunked", "a strange Transfer-Encoding was accepted", raw);
  std::uint64_t said = 0;
  if (!lengths.empty()) {
    const std::string& text = lengths.front();
    promise(!text.empty() && text.size() < 19 && text.find_first_not_of("0123456789") == text.npos, "a strange Content-Length was accepted", raw);
    said = std::stoull(text);
    promise(std::to_string(said) == text, "a Content-Length with two spellings was accepted", raw);
  }
  if (may_lack_body && framing == Framing::none) return;
  if (!encodings.empty()) promise(framing == Framing::chunked, "chunked is read otherwise", raw);
  else if (said > 0) promise(framing == Framing::length && length == said, "the length is read otherwise", raw);
  else if (!lengths.empty()) promise(framing == Framing::none, "a length of 0 is read otherwise", raw);
  if (framing != Framing::length) promise(length == 0, "a length without its framing", raw);
}

void same_fields(const Fields& a, const Fields& b, std::string_view raw) {
  promise(a.size() == b.size(), "another number of fields", raw);
  for (std::size_t i = 0; i < a.size(); ++i) promise(a[i].name == b[i].name && a[i].value == b[i].value, "a field is read otherwise", raw);
}

// Written for the next reader and read again: the same head, less what frames it.
template <class Head>
std::string written(const Head& head) {
  std::string out;
  append_head(out, head);
  return out + "\r\n";
}
Fields without_framing(Fields fields) {
  std::erase_if(fields, [](const Field& f) { return framing_field(f.name); });
  return fields;
}

void request(std::string_view raw) {
  const HeadLimits limits;
  const auto checked = check_request(raw, limits);
  if (!checked) {
    const int status = checked.error().status;
    promise(status == 400 || status == 405 || status == 417 || status == 431 || status == 501 || status == 505, "a strange status", raw);
    promise(!checked.error().sentence.empty() && !checked.error().code.empty(), "a refusal without words", raw);
    return;
  }
  const Plain plain = read(raw, 3);
  promise(plain.first.size() == 3, "a request line without three words", raw);
  const RequestHead& head = checked->head;
  promise(head.method == plain.first[0] && head.target == plain.first[1], "the request line is read otherwise", raw);
  promise(plain.first[2] == (head.version == 11 ? "HTTP/1.1" : "HTTP/1.0"), "the version is read otherwise", raw);
  promise(head.target.front() == '/' && head.target.find("//") >= head.target.find('?'), "a strange target", raw);
  same_fields(head.fields, plain.fields, raw);
  same_framing(plain, checked->framing, checked->length, false, raw);
  if (plain.of("content-length").empty() && plain.of("transfer-encoding").empty())
    promise(checked->framing == Framing::none, "a body that nobody announced", raw);
  promise(checked->framing != Framing::until_close, "a request until the connection closes", raw);
  promise(plain.of("host").size() == 1 || (head.version == 10 && plain.of("host").empty()), "not one Host", raw);

  const std::size_t step = raw.size() / 64 + 1;
  for (std::size_t size = 0; size < raw.size(); size += step)
    promise(!hopeless(raw.substr(0, size), limits), "the beginning of a good head was hopeless", raw.substr(0, size));

  const std::string again = written(head);
  const auto second = check_request(again, {limits.bytes * 2, limits.fields});
  promise(second.has_value() || head.version == 10, "what we write is refused", again);
  if (!second) return;
  promise(second->head.method == head.method && second->head.target == head.target && second->framing == Framing::none, "what we write is read otherwise", again);
  same_fields(second->head.fields, without_framing(head.fields), again);
}

void reply(std::string_view raw, bool to_head) {
  const auto checked = check_reply(raw, to_head, {64 * 1024, 200});
  if (!checked) {
    promise(checked.error().status == 502 && checked.error().side == Side::node, "a node's garbage is told otherwise", raw);
    return;
  }
  const Plain plain = read(raw, 3);
  promise(plain.first.size() >= 2 && plain.first[1] == std::to_string(checked->head.status), "the status is read otherwise", raw);
  same_fields(checked->head.fields, plain.fields, raw);
  same_framing(plain, checked->framing, checked->length, true, raw);
  promise(checked->framing != Framing::until_close || !checked->keep_alive, "kept alive until it closes", raw);

  const std::string again = written(checked->head);
  const auto second = check_reply(again, to_head, {256 * 1024, 202});
  promise(second.has_value() && second->head.status == checked->head.status, "what we write is refused or read otherwise", again);
  Fields kept = without_framing(checked->head.fields);
  if (!has(kept, "date")) kept.push_back({"Date", std::string(find(second->head.fields, "date"))});
  same_fields(second->head.fields, kept, again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = rr::fuzz::text_of(data, size);
  (void)hopeless(bytes, HeadLimits{});
  const std::size_t end = head_end(bytes);
  if (end == 0) return 0;
  const std::string_view raw = bytes.substr(0, end);
  if (raw.starts_with("HTTP")) {
    reply(raw, false);
    reply(raw, true);
  } else {
    const bool good = check_request(raw, HeadLimits{}).has_value();
    if (hopeless(raw, HeadLimits{})) promise(!good, "a good head was hopeless", raw);
    request(raw);
  }
  return 0;
}
