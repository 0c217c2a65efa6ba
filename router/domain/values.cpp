#include "domain/values.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace rr {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Where the tag's colon stands: the last one behind the last slash.
std::size_t tag_colon(std::string_view name) {
  const auto slash = name.rfind('/');
  const auto colon = name.rfind(':');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash)) return std::string_view::npos;
  return colon;
}

std::string one_decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

bool among(const std::vector<ModelName>& names, const ModelName& name) { return std::find(names.begin(), names.end(), name) != names.end(); }

ModelName::ModelName(std::string_view spelt) : spelt_(trimmed(spelt)) {
  std::string key = lower(spelt_);
  if (key.ends_with(":local")) key.resize(key.size() - 6);
  for (const std::string_view prefix : {"registry.ollama.ai/", "library/"})
    if (key.starts_with(prefix)) key.erase(0, prefix.size());
  if (!key.empty() && tag_colon(key) == std::string_view::npos) key += ":latest";
  key_ = std::move(key);
}

bool ModelName::cloud() const {
  const auto colon = tag_colon(key_);
  if (colon == std::string_view::npos) return false;
  const std::string_view tag = std::string_view(key_).substr(colon + 1);
  return tag == "cloud" || tag.ends_with("-cloud");
}

std::string to_text(const Address& address) {
  const bool six = address.host.find(':') != std::string::npos;
  return (six ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::optional<Address> parse_address(std::string_view text, std::uint16_t default_port) {
  text = trimmed(text);
  Address out{.host = "", .port = default_port};
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    out.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':') return std::nullopt;
    if (!port.empty()) port.remove_prefix(1), port = port.empty() ? "x" : port;
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    const auto colon = text.find(':');
    out.host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.empty()) return std::nullopt;
  } else {
    out.host = text;  // a name, an IPv4 literal, or a bare IPv6 literal
  }
  if (out.host.empty()) return std::nullopt;
  for (const char c : out.host)
    if (static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '@') return std::nullopt;
  if (!port.empty()) {
    unsigned number = 0;
    if (port.size() > 5) return std::nullopt;
    for (const char c : port) {
      if (c < '0' || c > '9') return std::nullopt;
      number = number * 10 + static_cast<unsigned>(c - '0');
    }
    if (number > 65535) return std::nullopt;
    out.port = static_cast<std::uint16_t>(number);
  }
  return out;
}

bool longer(KeepAlive a, KeepAlive b) {
  if (a.forever() || b.forever()) return a.forever() && !b.forever();
  return a.value > b.value;
}

std::string to_text(KeepAlive keep) {
  if (keep.forever()) return "-1";
  if (keep.zero()) return "0";
  using namespace std::chrono;
  const auto ms = duration_cast<milliseconds>(keep.value).count();
  if (ms < 1000) return std::to_string(ms) + "ms";
  const auto total = ms / 1000, rest = ms % 1000;
  std::string out;
  if (total >= 3600) out += std::to_string(total / 3600) + "h";
  if (total / 60 % 60) out += std::to_string(total / 60 % 60) + "m";
  if (rest) {
    std::string fraction = std::to_string(1000 + rest).substr(1);
    while (fraction.back() == '0') fraction.pop_back();
    out += std::to_string(total % 60) + "." + fraction + "s";
  } else if (total % 60) {
    out += std::to_string(total % 60) + "s";
  }
  return out;
}

std::string to_text(Duration d) {
  using namespace std::chrono;
  if (d < Duration::zero()) return "-" + to_text(-d);
  const auto ms = duration_cast<milliseconds>(d).count();
  if (ms < 1000) return std::to_string(ms) + "ms";
  if (ms < 10'000) {
    std::string text = one_decimal(static_cast<double>(ms) / 1000.0);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text + "s";
  }
  const auto s = ms / 1000;
  if (s < 60) return std::to_string(s) + "s";
  if (s < 3600) return std::to_string(s / 60) + "m" + (s % 60 ? std::to_string(s % 60) + "s" : "");
  return std::to_string(s / 3600) + "h" + (s / 60 % 60 ? std::to_string(s / 60 % 60) + "m" : "");
}

std::string to_gib(Bytes bytes) { return one_decimal(static_cast<double>(bytes) / static_cast<double>(gib)); }

}  // namespace rr
