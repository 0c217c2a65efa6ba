#include "sim/names.hpp"

#include "domain/values.hpp"

#include <cctype>

namespace rr::sim {

namespace {

bool ends_in(std::string_view s, std::string_view tail) {
  return s.size() >= tail.size() && lower(s.substr(s.size() - tail.size())) == tail;
}

bool valid_part(std::string_view s, std::string_view also, std::size_t most) {
  if (s.empty() || s.size() > most) return false;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const auto c = static_cast<unsigned char>(s[i]);
    if (std::isalnum(c) || c == '_') continue;
    if (i == 0 || also.find(s[i]) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

std::string Name::full() const { return host + "/" + space + "/" + model + ":" + tag; }

std::string Name::shown() const {
  std::string out;
  if (lower(host) != "registry.ollama.ai") {
    out = host + "/" + space + "/";
  } else if (lower(space) != "library") {
    out = space + "/";
  }
  return out + model + ":" + tag;
}

bool Name::same(const Name& o) const { return lower(full()) == lower(o.full()); }

NameAsked read_name(std::string_view spelt) {
  NameAsked out;
  while (!spelt.empty() && std::isspace(static_cast<unsigned char>(spelt.front()))) spelt.remove_prefix(1);
  while (!spelt.empty() && std::isspace(static_cast<unsigned char>(spelt.back()))) spelt.remove_suffix(1);
  auto cut = [&](std::string_view tail) {
    if (!ends_in(spelt, tail)) return false;
    spelt.remove_suffix(tail.size());
    return true;
  };
  bool local = cut(":local");
  out.cloud = cut(":cloud");
  if (!out.cloud && spelt.rfind(':') != std::string_view::npos && spelt.rfind(':') > spelt.rfind('/') + 1) out.cloud = cut("-cloud");
  if (out.cloud) local = cut(":local") || local;
  out.both = local && out.cloud;

  Name n;
  std::string_view rest = spelt;
  const auto colon = rest.rfind(':'), slash = rest.rfind('/');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    n.tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  if (const auto at = rest.rfind('/'); at != std::string_view::npos) {
    n.model = rest.substr(at + 1);
    rest = rest.substr(0, at);
    const auto before = rest.rfind('/');
    n.space = before == std::string_view::npos ? rest : rest.substr(before + 1);
    if (before != std::string_view::npos) n.host = rest.substr(0, before);
  } else {
    n.model = rest;
  }
  const bool valid = valid_part(n.host, "-.:", 350) && valid_part(n.space, "-", 80) && valid_part(n.model, "-.", 80) &&
                     valid_part(n.tag, "-.", 80);
  if (valid) out.name = n;
  return out;
}

}  // namespace rr::sim
