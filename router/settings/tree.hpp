// A YAML file as plain values, each with its place. The only file that knows yaml-cpp is tree.cpp.
#pragma once

#include "settings/load.hpp"

namespace rr::settings {

struct Tree {
  enum class Kind { nothing, word, list, map } kind = Kind::nothing;
  std::string word{};       // of a word
  bool quoted = false;
  Place at;                 // column in code points; of a value left out: its key's
  std::vector<Tree> keys{};   // of a map, as written: duplicates stay
  std::vector<Tree> items{};  // of a list, or the map's values
};

// What cannot be read at all (syntax, an unclosed quote, control characters, not UTF-8) is added to `problems` and the
// answer is `nothing`; so is an empty file, without a problem.
Tree parse(const std::string& text, std::vector<Problem>& problems);

}  // namespace rr::settings
