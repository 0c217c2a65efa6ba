#include "settings/draft.hpp"
#include "settings/words.hpp"

#include <algorithm>

namespace rr::settings {

namespace {

// Names as they are compared, and whose they are.
class Taken {
 public:
  explicit Taken(const Fold& fold) : fold_(fold) {}

  struct Owner {
    RoleName role;
    std::string name;
    int line;
  };

  // The earlier owner, or nullptr: it is yours now.
  const Owner* take(const std::string& name, const RoleName& role, int line) {
    const auto [entry, taken] = owners_.try_emplace(fold_(name), Owner{role, name, line});
    return taken ? nullptr : &entry->second;
  }

 private:
  const Fold& fold_;
  std::map<std::string, Owner> owners_;
};

std::string same_as(const std::string& name, const Taken::Owner& owner) {
  const std::string line = " in line " + std::to_string(owner.line);
  const std::string compared = owner.name == name ? "" : " (letter case does not count)";
  if (owner.name == owner.role) return in_quotes(name) + " is the role " + owner.role + line + compared;
  return in_quotes(name) + " is another name of " + owner.role + " already, " + in_quotes(owner.name) + line + compared;
}

}  // namespace

void read_names(const Cursor* also_called, Draft& draft) {
  Taken taken(draft.fold);
  for (const RoleSettings& role : draft.settings.roles) {
    if (const auto* owner = taken.take(role.name, role.name, role.at.line))
      draft.names.at(role.name).mistake(same_as(role.name, *owner) + ": choose another name");
  }
  if (!also_called) return;
  std::vector<RoleSettings>& roles = draft.settings.roles;
  for (const auto& entry : also_called->entries("names by role, such as  coder: [developer, 코더]")) {
    const auto& [name, name_at, value] = entry;
    const auto role = std::find_if(roles.begin(), roles.end(), [&](const RoleSettings& r) { return r.name == entry.key; });
    if (role == roles.end()) {
      name_at.mistake(in_quotes(name) + " is no role" + did_you_mean(name, draft.role_names, "roles"));
      continue;
    }
    for (const Cursor& one : value.one_or_list("another name of the role")) {
      const std::string word = *one.word("another name of the role");
      if (const std::string why = why_no_name(word); !why.empty()) {
        one.mistake(why);
        continue;
      }
      const auto* owner = taken.take(word, name, one.at().line);
      if (!owner) role->also_called.push_back(word);
      else if (owner->role == name) one.hint(same_as(word, *owner) + ": once is enough");
      else one.mistake(same_as(word, *owner) + ": a name means one role");
    }
  }
}

}  // namespace rr::settings
