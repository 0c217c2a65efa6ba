#include "wire/target.hpp"

#include "wire/bytes.hpp"

namespace rr::wire {

namespace {

constexpr bool unreserved_or_delim(char c) {
  return letter(c) || digit(c) || (c != '\0' && std::string_view("-._~!$&'()*+,=:@").find(c) != std::string_view::npos);
}

// "..", "%2e.", ".", "%2E": a segment that a later reader may take for a step.
bool dots(std::string_view segment) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < segment.size(); ++i, ++count) {
    if (segment[i] == '.') continue;
    if (segment.size() - i < 3 || segment[i] != '%' || segment[i + 1] != '2' || hex(segment[i + 2]) != 14) return false;
    i += 2;
  }
  return count == 1 || count == 2;
}

bool encoded_well(std::string_view text, std::size_t at) {  // text[at] is '%'
  if (text.size() - at < 3) return false;
  const int high = hex(text[at + 1]), low = hex(text[at + 2]);
  return high >= 0 && low >= 0 && high * 16 + low != 0;
}

}  // namespace

std::string_view wrong_target(std::string_view target) {
  if (target.empty() || target.front() != '/') return "it must be a path that begins with /";
  const std::size_t question = target.find('?');
  const std::string_view path = target.substr(0, question);
  for (std::size_t i = 0; i < target.size(); ++i) {
    const char c = target[i];
    const bool in_query = i >= path.size();
    if (c == '%') {
      if (!encoded_well(target, i)) return "% must be followed by two hexadecimal digits, not 00";
    } else if (c == '/') {
      if (!in_query && i > 0 && target[i - 1] == '/') return "an empty path segment (//) is not allowed";
    } else if (!unreserved_or_delim(c) && !(in_query && (c == '?' || c == ';'))) {
      return "it holds a character that must be percent-encoded or is not allowed";
    }
  }
  for (std::size_t from = 1; from <= path.size();) {
    std::size_t to = path.find('/', from);
    if (to == std::string_view::npos) to = path.size();
    if (dots(path.substr(from, to - from))) return "the path segments . and .. are not allowed";
    from = to + 1;
  }
  return {};
}

bool good_host(std::string_view host) {
  std::size_t end = 0;
  if (!host.empty() && host.front() == '[') {
    end = host.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    for (const char c : host.substr(1, end - 1))
      if (hex(c) < 0 && c != ':' && c != '.') return false;
    ++end;
  } else {
    while (end < host.size() && (letter(host[end]) || digit(host[end]) || host[end] == '-' || host[end] == '.' || host[end] == '_')) ++end;
    if (end == 0) return false;
  }
  std::string_view port = host.substr(end);
  if (port.empty()) return true;
  if (port.front() != ':' || port.size() < 2 || port.size() > 6) return false;
  unsigned value = 0;
  for (const char c : port.substr(1)) {
    if (!digit(c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= 65535;
}

}  // namespace rr::wire
