#include "settings/load.hpp"

#include "settings/draft.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <tuple>

namespace rr::settings {

namespace {

constexpr std::streamoff most_bytes = 1 << 20;

void read(const Cursor& top, Draft& draft) {
  if (!top.nothing() && !top.is_map()) {
    top.mistake("expected keys such as  roles:  and  nodes:  at the beginning of lines");
    return;
  }
  const Fields fields(top, section(""), "keys such as  roles:  and  nodes:");
  if (const Cursor* nodes = fields.find("nodes")) read_nodes(*nodes, draft);
  else top.mistake("nodes is missing: it says where Ollama runs, such as  nodes: { macbook: { address: 127.0.0.1 } }");
  if (const Cursor* models = fields.find("models")) read_models(*models, draft);
  if (const Cursor* roles = fields.find("roles")) read_roles(*roles, draft);
  else top.mistake("roles is missing: it says who uses which model, such as  roles: { coder: { node: macbook, model: qwen3:1.7b } }");
  if (const Cursor* substitutes = fields.find("substitutes")) read_substitutes(*substitutes, draft);
  if (const Cursor* required = fields.find("required")) read_required(*required, draft);
  if (const Cursor* default_role = fields.find("default_role")) read_default_role(*default_role, draft);
  read_names(fields.find("also_called"), draft);
  if (const Cursor* phrases = fields.find("phrases")) read_phrases(*phrases, draft);
  if (const Cursor* listen = fields.find("listen")) read_listen(*listen, draft);
  if (const Cursor* smart_swap = fields.find("smart_swap")) read_swap(*smart_swap, draft);
  read_guests(fields, draft);
  read_doors(fields, draft);
  read_times_and_limits(fields, draft);
}

Loaded refused(std::string sentence) {
  return {.settings = nullptr, .problems = {{.line = 1, .column = 1, .path = "", .sentence = std::move(sentence)}}};
}

bool mistaken(const std::vector<Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(), [](const Problem& p) { return !p.hint; });
}

}  // namespace

int Loaded::mistakes() const {
  return static_cast<int>(std::count_if(problems.begin(), problems.end(), [](const Problem& p) { return !p.hint; }));
}

Loaded load(const std::string& text, const std::string& file, const Fold& fold) {
  Loaded loaded;
  const Tree tree = parse(text, loaded.problems);
  if (!loaded.problems.empty()) return loaded;
  Draft draft{.settings = {}, .fold = fold, .node_names = {}, .role_names = {}, .addresses = {}, .names = {}, .nodes = {}, .models = {},
              .keep_alives = {}, .required = {}};
  draft.settings.file = file;
  draft.settings.text = text;
  const Cursor top(tree, "", loaded.problems);
  read(top, draft);
  check_whole(draft);
  std::stable_sort(loaded.problems.begin(), loaded.problems.end(),
                   [](const Problem& a, const Problem& b) { return std::tie(a.line, a.column) < std::tie(b.line, b.column); });
  if (!mistaken(loaded.problems)) loaded.settings = std::make_shared<const Settings>(std::move(draft.settings));
  return loaded;
}

Loaded load_file(const std::string& path, const Fold& fold) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return refused("cannot be read: " + std::string(std::strerror(errno)));
  if (S_ISDIR(about.st_mode)) return refused("is a directory, not a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) return refused("cannot be read: " + std::string(std::strerror(errno)));
  std::string text(static_cast<std::size_t>(most_bytes) + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > static_cast<std::size_t>(most_bytes)) return refused("is larger than 1 MiB: a configuration is a few kilobytes");
  return load(text, path, fold);
}

}  // namespace rr::settings
