// A message head as plain text, so that api/ can read what wire/ received without knowing wire/.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rr {

constexpr const char* json_utf8 = "application/json; charset=utf-8";  // the Content-Type that Ollama's JSON has

struct Field {
  std::string name{};  // letter case as received
  std::string value{};
};

using Fields = std::vector<Field>;

bool same_name(std::string_view a, std::string_view b);                       // ASCII case-insensitive
std::string_view find(const Fields&, std::string_view name);                  // first value, "" when absent
bool has(const Fields&, std::string_view name);
void set(Fields&, std::string_view name, std::string value);                  // replace or append

struct RequestHead {
  std::string method{};   // "GET", "POST", ...
  std::string target{};   // origin-form as received: "/role/coder/api/chat?ts=1"
  int version = 11;     // 10 or 11
  Fields fields{};
};

struct ReplyHead {
  int status = 0;
  std::string reason{};
  int version = 11;
  Fields fields{};
};

std::string_view reason_phrase(int status);  // RFC 9110 section 15

}  // namespace rr
