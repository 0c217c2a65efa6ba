#include "api/dialects/request.hpp"

#include "api/dialects/native_line.hpp"
#include "api/go_words.hpp"
#include "api/json_scan.hpp"
#include "api/quote.hpp"
#include "api/raw_json.hpp"

#include <array>

namespace rr::api {

Refusal shim_refusal(std::string sentence) {
  return {.code = "unsupported_member", .side = Side::client, .status = 400, .sentence = std::move(sentence), .ollama_text = true};
}

Refusal unsupported(std::string sentence) {
  return {.code = "unsupported_member", .side = Side::client, .status = 400, .sentence = std::move(sentence)};
}

std::optional<Refusal> fault(std::string_view raw) {
  auto words = raw.empty() ? std::string() : go_syntax_error(raw);
  if (words.empty()) return std::nullopt;
  return Refusal{.code = "json_invalid", .side = Side::client, .status = 400, .sentence = std::move(words), .ollama_text = true};
}

bool is_string(std::string_view raw) { return raw.starts_with('"'); }

bool is_object(std::string_view text) {
  const auto extent = first_value(text);
  return extent.depth > 0 && extent.depth <= max_depth && extent.end != 0 && text[extent.at] == '{' &&
         text.find_first_not_of(" \t\r\n", extent.end) == text.npos && go_syntax_error(text).empty();
}

std::string_view value_of(const Members& members, std::string_view name) {
  const auto raw = members.value(name).in(members.body);
  return raw == "null" ? std::string_view{} : raw;
}

Result<std::string_view> image_data(std::string_view url, std::string& plain) {
  if (url.substr(0, 40).find('\\') != url.npos) {
    plain = quote(unescaped(url).value_or(""));
    url = plain;
  }
  if (url.starts_with("\"http://") || url.starts_with("\"https://"))
    return shim_refusal("image URLs are not currently supported, please use base64 encoded data instead");
  constexpr std::array<std::string_view, 5> prefixes{"\"data:;base64,", "\"data:image/jpeg;base64,", "\"data:image/jpg;base64,",
                                                     "\"data:image/png;base64,", "\"data:image/webp;base64,"};
  for (const auto prefix : prefixes)
    if (url.starts_with(prefix)) return url.substr(prefix.size());
  return shim_refusal("invalid image input");
}

Result<std::string_view> native_effort(std::string_view effort) {
  if (effort == "\"none\"") return std::string_view("false");
  if (effort == "\"minimal\"" || effort == "\"low\"") return std::string_view("\"low\"");
  if (effort == "\"medium\"" || effort == "\"high\"" || effort == "\"max\"") return effort;
  if (effort == "\"xhigh\"" || effort == "\"ultra\"") return std::string_view("\"max\"");
  return unsupported("reasoning_effort is " + std::string(effort.substr(0, 40)) +
                     ": none, minimal, low, medium, high, xhigh, max and ultra are known");
}

void write_keep_alive(const Edits& edits, PiecesWriter& write) {
  if (edits.keep_alive) write.text(",\"keep_alive\":").text(*edits.keep_alive);
}

void write_option(std::string_view name, std::string_view raw, bool& first, PiecesWriter& write) {
  if (raw.empty()) return;
  write.text(first ? "\"" : ",\"").text(name).text("\":").raw(raw);
  first = false;
}

void write_granted_options(const Edits& edits, bool& first, PiecesWriter& write) {
  if (edits.num_ctx > 0) {
    write.text(first ? "" : ",").text("\"num_ctx\":" + std::to_string(edits.num_ctx));
    first = false;
  }
  if (!edits.use_mmap) return;
  write.text(first ? "" : ",").text(*edits.use_mmap ? "\"use_mmap\":true" : "\"use_mmap\":false");
  first = false;
}

void JoinedText::add(std::string_view raw) {
  if (const auto text = inside(raw); !text.empty()) parts_.push_back(text);
}

void JoinedText::write(PiecesWriter& write) const {
  write.text("\"");
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (i > 0) write.text(between_);
    write.raw(parts_[i]);
  }
  write.text("\"");
}

}  // namespace rr::api
