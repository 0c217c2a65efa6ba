#include "app/log.hpp"

#include "app/lines.hpp"
#include "app/stamp.hpp"

#include <memory>

#include <unistd.h>

namespace rr::app::log {

namespace {

std::unique_ptr<Lines> lines;

void add(std::string_view level, std::string_view text) {
  if (!lines) return;
  std::string line = stamp(std::chrono::system_clock::now());
  line.append(" ").append(level).append(" ").append(text);
  lines->add(line);
}

std::string escaped(const std::string& value) {
  bool plain = true;
  for (const char c : value) plain = plain && static_cast<unsigned char>(c) > 0x20 && c != '"' && c != '\\' && c != 0x7f;
  if (plain) return value;
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : value) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\', out += c;
    else if (u < 0x20 || u == 0x7f) out += "\\x", out += hex[u >> 4], out += hex[u & 15];
    else out += c;
  }
  return out + "\"";
}

}  // namespace

void start(wire::Executor executor) {
  if (!lines) lines = std::make_unique<Lines>(executor, STDERR_FILENO);
}

void stop() { lines.reset(); }

std::string complaint() { return lines ? lines->complaint("the log") : ""; }

void info(std::string_view text) { add("info", text); }
void warn(std::string_view text) { add("warn", text); }

std::string pairs(const std::vector<std::pair<std::string_view, std::string>>& all) {
  std::string out;
  for (const auto& [name, value] : all) {
    if (value.empty()) continue;
    if (!out.empty()) out += ' ';
    out.append(name);
    out += '=';
    out += escaped(value);
  }
  return out;
}

}  // namespace rr::app::log
