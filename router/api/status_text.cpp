#include "api/status_text.hpp"

#include "api/json.hpp"
#include "domain/values.hpp"

#include <algorithm>

namespace rr::api {
namespace {

std::string word(const Json& value, const char* name) {
  const auto found = value.find(name);
  if (found == value.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text + "  ";
}

template <class Of>
std::size_t widest(const Json& list, Of of) {
  std::size_t width = 0;
  for (const auto& [key, value] : list.items()) width = std::max(width, of(key, value).size());
  return width;
}

// "about 26s", of a number of seconds.
std::string time_after(const char* what, const Json& value, const char* name) {
  const std::string seconds = word(value, name);
  return seconds.empty() ? "" : what + rr::to_text(Duration(std::chrono::seconds(std::atoll(seconds.c_str()))));
}

void line(std::string& out, std::string text) {
  while (text.ends_with(' ')) text.pop_back();
  out += text + "\n";
}

std::string joined(const std::string& a, const std::string& b) { return a + (a.empty() || b.empty() ? "" : "; ") + b; }

void roles(const Json& list, std::string& out) {
  const auto name = widest(list, [](const auto& key, const auto&) { return key; });
  const auto state = widest(list, [](const auto&, const Json& r) { return word(r, "state"); });
  const auto model = widest(list, [](const auto&, const Json& r) { return word(r, "model"); });
  const auto node = widest(list, [](const auto&, const Json& r) { return word(r, "node"); });
  for (const auto& [key, r] : list.items())
    line(out, "  " + padded(key, name) + padded(word(r, "state"), state) + padded(word(r, "model"), model) + padded(word(r, "node"), node) +
                  joined(word(r, "why"), time_after("about ", r, "expected_s")));
}

void links(const Json& list, std::string& out) {
  const auto address = widest(list, [](const auto&, const Json& l) { return word(l, "address"); });
  for (const Json& l : list) {
    const std::string ms = word(l, "rtt_ms");
    line(out, "    link   " + padded(word(l, "address"), address) + padded(word(l, "state"), 7) + padded(l.value("in_use", false) ? "in use" : "", 6) +
                  (ms.empty() ? "" : ms + " ms") + word(l, "why"));
  }
}

void models(const Json& list, std::string& out) {
  const auto name = widest(list, [](const auto&, const Json& m) { return word(m, "name"); });
  for (const Json& m : list) {
    const std::string role = word(m, "role");
    line(out, "    model  " + padded(word(m, "name"), name) + padded(word(m, "gib").empty() ? "" : word(m, "gib") + " GiB", 9) + padded(word(m, "in_flight") + " running", 10) +
                  padded(role.empty() ? "of no role" : role, 12) + time_after("leaves after ", m, "lease_s"));
  }
}

void nodes(const Json& list, std::string& out) {
  for (const auto& [key, n] : list.items()) {
    const Json memory = n.value("memory", Json::object());
    std::string head = "  " + key + "  " + word(n, "state");
    if (n.contains("drained")) head += ", drained (" + word(n["drained"], "still_running") + " still running)";
    if (!word(n, "type").empty()) head += "  type " + word(n, "type");
    if (!word(n, "ollama").empty()) head += "  Ollama " + word(n, "ollama");
    if (word(n, "type").empty()) head += "  " + word(memory, "used_gib") + (word(memory, "limit_gib").empty() ? "" : " of " + word(memory, "limit_gib")) + " GiB";
    if (!word(n, "why").empty()) head += "  " + word(n, "why");
    line(out, head);
    if (n.contains("swap") && n["swap"].is_object())
      line(out, "    swap   " + word(n["swap"], "phase") + " " + word(n["swap"], "model") + " since " + word(n["swap"], "since_s") + " s: " + word(n["swap"], "because"));
    links(n.value("links", Json::array()), out);
    models(n.value("models", Json::array()), out);
  }
}

}  // namespace

std::string status_text(std::string_view text) {
  const Json said = Json::parse(text, nullptr, false);
  if (!said.is_object() || !said.contains("roles") || !said.contains("nodes")) return "";
  std::string out;
  const Json config = said.value("config", Json::object());
  line(out, "role-router " + word(said, "version") + "  " + word(said, "status") + "  up " + word(said, "up") + "  policy " + word(said, "policy") + "  " + word(config, "file"));
  if (!word(config, "refused").empty()) line(out, "the file as it is now was refused: " + word(config, "refused"));
  line(out, "roles");
  roles(said["roles"], out);
  line(out, "nodes");
  nodes(said["nodes"], out);
  const Json waiting = said.value("waiting", Json::array());
  line(out, word(said, "in_flight") + " running, " + std::to_string(waiting.size()) + " waiting");
  for (const Json& w : waiting)
    line(out, "  " + word(w, "id") + "  " + word(w, "role") + "  " + word(w, "waited_s") + " s so far  for " + joined(word(w, "for"), time_after("about ", w, "expected_s")));
  for (const Json& warning : said.value("warnings", Json::array()))
    if (warning.is_string()) line(out, "WARN  " + warning.get<std::string>());
  return out;
}

}  // namespace rr::api
