// A YAML that somebody saved. Loading never throws; every problem names a place inside the file and prints as lines of text; what is
// accepted is accepted again, as the same; all that is made of accepted settings can be made.
#include "fuzz/fuzz.hpp"

#include "api/role_names.hpp"
#include "settings/load.hpp"
#include "settings/memory_report.hpp"

#include <algorithm>

using namespace rr;
using rr::fuzz::promise;

namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (out.empty()) out.emplace_back();
  return out;
}

void prints_well(const std::vector<settings::Problem>& problems, std::string_view text) {
  const std::string printed = settings::print(problems, "f.yaml");
  promise(printed == settings::print(problems, "f.yaml"), "printed twice it differs", printed);
  std::size_t named = 0;
  for (const std::string_view line : lines_of(printed)) {
    named += line.starts_with("f.yaml:");
    for (const char c : line) promise(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a control character is printed", text);
  }
  promise(named == problems.size(), "a problem without its place", printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(rr::fuzz::text_of(data, size));
  const settings::Loaded first = settings::load(text, "f.yaml", api::fold_name);
  const auto lines = lines_of(text);
  for (const settings::Problem& p : first.problems) {
    promise(p.line >= 1 && static_cast<std::size_t>(p.line) <= lines.size(), "a problem beyond the last line: " + p.sentence, text);
    promise(p.column >= 1 && static_cast<std::size_t>(p.column) <= lines[static_cast<std::size_t>(p.line) - 1].size() + 1,
            "a problem beyond the end of its line: " + p.sentence, text);
    promise(!p.sentence.empty(), "a problem without words", text);
  }
  prints_well(first.problems, text);
  promise((first.settings == nullptr) == (first.mistakes() > 0), "settings with a mistake, or none without", text);
  if (!first.settings) return 0;

  const settings::Loaded second = settings::load(text, "f.yaml", api::fold_name);
  promise(second.settings != nullptr, "accepted once, refused the second time", text);
  promise(settings::difference(*first.settings, *second.settings).empty(), "loaded twice it differs", text);
  const Settings& s = *first.settings;
  promise(!s.nodes.empty() && !s.roles.empty() && !s.listen.empty(), "accepted without nodes, roles or a place to listen", text);
  const api::RoleNames names(s);
  for (const RoleSettings& role : s.roles) {
    promise(!role.nodes.empty() && !role.model.empty(), "a role without node or model", text);
    for (const NodeName& node : role.nodes) promise(s.node(node) != nullptr, "a role on a node that is none", text);
    promise(names.find(role.name) == &role, "a role that its name does not find", text);
    for (const std::string& other : role.also_called) promise(names.find(other) == &role, "a role that its other name does not find", text);
    promise(s.model(role.model).num_ctx > 0 && s.model(role.model).parallel > 0, "a model without room", text);
  }
  promise(s.default_role.empty() || s.role(s.default_role), "a default role that is none", text);
  (void)settings::memory_report(s, Fleet{});
  return 0;
}
