#include "settings/draft.hpp"
#include "settings/words.hpp"

#include <algorithm>

namespace rr::settings {

namespace {

constexpr std::size_t shortest_key = 16;    // characters
constexpr std::size_t shortest_phrase = 3;  // bytes: one syllable of Hangul, or three letters

void read_door(const Cursor* cursor, Door& door, const Draft& draft) {
  if (!cursor) return;
  const auto word = cursor->word("true, false or the name of a node");
  if (!word || *word == "false") return;
  door.open = true;
  if (*word == "true") return;
  door.node = *word;
  if (std::find(draft.node_names.begin(), draft.node_names.end(), *word) == draft.node_names.end())
    cursor->mistake(in_quotes(*word) + " is neither true nor false nor a node" + did_you_mean(*word, draft.node_names, "nodes"));
}

}  // namespace

void read_phrases(const Cursor& phrases, Draft& draft) {
  std::map<std::string, RoleName> owners;  // by the folded phrase
  for (const auto& [name, name_at, value] : phrases.entries("phrases by role, such as  architect: [design review]")) {
    const auto role = std::find_if(draft.settings.roles.begin(), draft.settings.roles.end(),
                                   [&name = name](const RoleSettings& r) { return r.name == name; });
    if (role == draft.settings.roles.end())
      name_at.mistake(in_quotes(name) + " is no role" + did_you_mean(name, draft.role_names, "roles"));
    for (const Cursor& one : value.one_or_list("words of a system prompt")) {
      const std::string phrase = *one.word("words of a system prompt");
      const auto [owner, fresh] = owners.emplace(draft.fold(phrase), name);
      if (phrase.size() < shortest_phrase) one.mistake(in_quotes(phrase) + " is too short: it would be found in every prompt");
      else if (!fresh) one.mistake(in_quotes(phrase) + " is a phrase of " + owner->second + " already: a phrase means one role");
      else if (role != draft.settings.roles.end()) role->phrases.push_back(phrase);
    }
  }
}

void read_doors(const Fields& top, Draft& draft) {
  read_door(top.find("management"), draft.settings.management, draft);
  read_door(top.find("cloud"), draft.settings.cloud, draft);
  if (const Cursor* key = top.find("api_key"))
    if (auto word = key->word("a secret of 16 characters or more"); word && *word != "none") {
      if (word->size() < shortest_key || word->find_first_of(" \t\r\n") != std::string::npos)
        key->mistake("a key has 16 characters or more and no space: take what `openssl rand -hex 16` prints");
      draft.settings.api_key = std::move(*word);
    }
  if (const Cursor* file = top.find("access_log"))
    if (auto name = file->word("the name of a file, such as access.jsonl"); name && *name != "none") draft.settings.access_log = std::move(*name);
}

}  // namespace rr::settings
