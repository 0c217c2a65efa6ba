#include "wire/head_text.hpp"

#include "wire/bytes.hpp"

#include <ctime>

namespace rr::wire {

namespace {

void append_clean(std::string& out, std::string_view text) {
  const std::size_t from = out.size();
  out += text;
  for (std::size_t i = from; i < out.size(); ++i)
    if (!text_char(out[i])) out[i] = ' ';
}

std::string_view date() {  // RFC 9110 5.6.7; made once a second
  static thread_local std::time_t made = -1;
  static thread_local char text[32];
  static thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != made) {
    static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    gmtime_r(&now, &utc);
    char rest[24];
    std::strftime(rest, sizeof rest, " %Y %H:%M:%S GMT", &utc);
    const std::string made_text = std::string(days[utc.tm_wday]) + ", " + (utc.tm_mday < 10 ? "0" : "") +
                                  std::to_string(utc.tm_mday) + " " + months[utc.tm_mon] + rest;
    size = made_text.copy(text, sizeof text);
    made = now;
  }
  return {text, size};
}

void append_fields(std::string& out, const Fields& fields) {
  for (const Field& field : fields)
    if (!framing_field(field.name)) append_field(out, field.name, field.value);
}

}  // namespace

bool framing_field(std::string_view name) {
  return same_name(name, "content-length") || same_name(name, "transfer-encoding") || same_name(name, "connection") ||
         same_name(name, "keep-alive");
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (!token(name)) return;
  out += name;
  out += ": ";
  append_clean(out, value);
  out += "\r\n";
}

void append_head(std::string& out, const RequestHead& head) {
  append_clean(out, head.method);
  out += ' ';
  append_clean(out, head.target);
  out += " HTTP/1.1\r\n";
  append_fields(out, head.fields);
}

void append_head(std::string& out, const ReplyHead& head) {
  out += "HTTP/1.1 ";
  out += std::to_string(head.status);
  out += ' ';
  append_clean(out, head.reason.empty() ? reason_phrase(head.status) : std::string_view(head.reason));
  out += "\r\n";
  append_fields(out, head.fields);
  if (!has(head.fields, "date")) append_field(out, "Date", date());
}

}  // namespace rr::wire
