// YAML to Settings, with line and column. All mistakes at once; a file with one mistake gives no settings.
#pragma once

#include "domain/settings.hpp"

#include <functional>

namespace rr::settings {

struct Problem {
  int line = 0, column = 0;
  std::string path{};       // "roles.architect.model"
  std::string sentence{};   // what is wrong and the way out; further lines are separated by \n
  bool hint = false;      // a hint or warning: the file is usable
};

struct Loaded {
  Snapshot settings{};               // null when there is a mistake
  std::vector<Problem> problems{};   // in the order of the file
  int mistakes() const;
};

using Fold = std::function<std::string(std::string_view)>;  // how names are compared (api::fold_name)

Loaded load(const std::string& text, const std::string& file, const Fold&);
Loaded load_file(const std::string& path, const Fold&);     // unreadable, > 1 MiB, not UTF-8: a mistake too

// "router.yaml:14:15: default_role: "codr" is no role (did you mean "coder"?)", one problem after another, continuation lines indented.
std::string print(const std::vector<Problem>&, const std::string& file);

// What a reload changes, in one line: "coder moved from mac-mini to macbook; policy seed -> passthrough"; "" = nothing.
std::string difference(const Settings& before, const Settings& after);

}  // namespace rr::settings
