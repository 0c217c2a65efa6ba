#include "sim/go_json.hpp"

#include "domain/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace rr::sim {

namespace {

template <class F, class Parse>
std::string shortest(F value, int most, Parse parse) {
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  char b[64];
  int digits = 1;
  for (; digits <= most; ++digits) {
    std::snprintf(b, sizeof b, "%.*e", digits - 1, double(value));
    if (parse(b) == value) break;
  }
  const std::string e(b);
  const auto at = e.find('e');
  std::string mantissa = e.substr(0, at);
  const int exponent = std::atoi(e.c_str() + at + 1);
  const bool negative = mantissa[0] == '-';
  if (negative) mantissa.erase(0, 1);
  mantissa.erase(std::remove(mantissa.begin(), mantissa.end(), '.'), mantissa.end());
  std::string out;
  if (exponent < -6 || exponent >= 21) {
    out = mantissa.substr(0, 1);
    if (mantissa.size() > 1) out += "." + mantissa.substr(1);
    out += exponent < 0 ? "e-" : "e+";
    if (exponent > -10 && exponent < 0) {
      out += std::to_string(-exponent);
    } else {
      out += std::to_string(std::abs(exponent));
    }
  } else if (exponent < 0) {
    out = "0." + std::string(std::size_t(-exponent - 1), '0') + mantissa;
  } else {
    if (mantissa.size() <= std::size_t(exponent)) mantissa.append(std::size_t(exponent) + 1 - mantissa.size(), '0');
    out = mantissa.substr(0, std::size_t(exponent) + 1);
    if (mantissa.size() > out.size()) out += "." + mantissa.substr(out.size());
  }
  return (negative ? "-" : "") + out;
}

// Length of the well-formed UTF-8 sequence at `at`; 0 = not one.
std::size_t utf8(std::string_view s, std::size_t at) {
  auto b = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  auto tail = [&](std::size_t i) { return (b(i) & 0xC0u) == 0x80u; };
  const unsigned c = b(at);
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return tail(at + 1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    if (!tail(at + 1) || !tail(at + 2)) return 0;
    if (c == 0xE0 && b(at + 1) < 0xA0) return 0;
    if (c == 0xED && b(at + 1) > 0x9F) return 0;
    return 3;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    if (!tail(at + 1) || !tail(at + 2) || !tail(at + 3)) return 0;
    if (c == 0xF0 && b(at + 1) < 0x90) return 0;
    if (c == 0xF4 && b(at + 1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

// ASCII case, and the two letters that fold into ASCII: long s (C5 BF) and the Kelvin sign (E2 84 AA).
std::string fold(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s.substr(i, 2) == "\xC5\xBF") {
      out += 's';
      i += 1;
    } else if (s.substr(i, 3) == "\xE2\x84\xAA") {
      out += 'k';
      i += 2;
    } else {
      out += lower(s[i]);
    }
  }
  return out;
}

}  // namespace

std::string number(double v) {
  return shortest(v, 17, [](const char* s) { return std::strtod(s, nullptr); });
}

std::string number(float v) {
  return shortest(v, 9, [](const char* s) { return std::strtof(s, nullptr); });
}

std::string json_text(std::string_view s) {
  static const char* hex = "0123456789abcdef";
  std::string out = "\"";
  for (std::size_t i = 0; i < s.size();) {
    const auto c = static_cast<unsigned char>(s[i]);
    if (c < 0x80) {
      switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\b': out += "\\b"; break;
        case '\f': out += "\\f"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
          if (c < 0x20 || c == '<' || c == '>' || c == '&') {
            out += "\\u00";
            out += hex[c >> 4];
            out += hex[c & 15];
          } else {
            out += char(c);
          }
      }
      ++i;
      continue;
    }
    const std::size_t n = utf8(s, i);
    if (n == 0) {
      out += "\\ufffd";
      ++i;
    } else if (n == 3 && (s.substr(i, 3) == "\xE2\x80\xA8" || s.substr(i, 3) == "\xE2\x80\xA9")) {
      out += s[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 3;
    } else {
      out.append(s.substr(i, n));
      i += n;
    }
  }
  return out + "\"";
}

std::string go_quoted(std::string_view s) {
  std::string out = "\"";
  for (char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string through_any(const Json& v, bool keep_order) {
  if (v.is_string()) return json_text(v.get_ref<const std::string&>());
  if (v.is_number()) return number(v.get<double>());
  if (v.is_array()) {
    std::string out = "[";
    for (auto& e : v) out += (out.size() > 1 ? "," : "") + through_any(e, false);
    return out + "]";
  }
  if (v.is_object()) {
    std::vector<const std::string*> names;
    for (auto& [name, value] : v.items()) names.push_back(&name);
    if (!keep_order) std::sort(names.begin(), names.end(), [](auto* a, auto* b) { return *a < *b; });
    std::string out = "{";
    for (auto* name : names) out += (out.size() > 1 ? "," : "") + json_text(*name) + ":" + through_any(v.at(*name), false);
    return out + "}";
  }
  return v.dump();
}

const Json* member(const Json& object, std::string_view name) {
  const Json* found = nullptr;
  for (auto& [key, value] : object.items()) {
    if (key == name || fold(key) == name) found = &value;
  }
  return found && !found->is_null() ? found : nullptr;
}

std::string_view kind(const Json& v) {
  if (v.is_string()) return "string";
  if (v.is_number()) return "number";
  if (v.is_array()) return "array";
  if (v.is_object()) return "object";
  return "bool";
}

}  // namespace rr::sim
