// A value of the YAML with its path: reads it as what it should be, or notes a mistake at its place. Never throws.
#pragma once

#include "settings/keys.hpp"
#include "settings/tree.hpp"

namespace rr::settings {

class Cursor {
 public:
  Cursor(const Tree& tree, std::string path, std::vector<Problem>& problems);

  const std::string& path() const { return path_; }
  Place at() const { return tree_->at; }
  bool nothing() const { return tree_->kind == Tree::Kind::nothing; }
  bool is_word() const { return tree_->kind == Tree::Kind::word; }
  bool is_map() const { return tree_->kind == Tree::Kind::map; }

  void mistake(std::string sentence) const;
  void hint(std::string sentence) const;

  // One word; `expected` ends the sentence "expected <a duration such as 2h>, found ...".
  std::optional<std::string> word(std::string_view expected) const;
  std::optional<bool> flag() const;
  std::optional<int> whole(int least, int most) const;
  std::optional<Duration> duration(Duration least, std::string_view limits) const;  // limits: "0 = off", for the sentence
  std::optional<Bytes> size(Bytes least) const;

  std::vector<Cursor> one_or_list(std::string_view expected) const;  // words only; an empty list is a mistake
  std::vector<Cursor> list(std::string_view expected) const;         // the same, and may be empty

  struct Entry;
  std::vector<Entry> entries(std::string_view expected) const;  // a map with free keys; nothing = no entries; twice = a mistake

 private:
  const Tree* tree_;
  std::string path_;
  std::vector<Problem>* problems_;
};

struct Cursor::Entry {
  std::string key;
  Cursor name;   // the key itself: where it stands
  Cursor value;
};

// A map with known keys. Unknown keys, keys for later and keys said twice are mistakes.
class Fields {
 public:
  Fields(const Cursor& map, const Section&, std::string_view expected);
  const Cursor* find(std::string_view key) const;  // nullptr: not said
  std::vector<Cursor::Entry> entries;
};

}  // namespace rr::settings
