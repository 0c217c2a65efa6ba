#include "settings/cursor.hpp"

#include "settings/words.hpp"

#include <algorithm>
#include <limits>

namespace rr::settings {

namespace {

std::string found(const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::nothing: return "nothing";
    case Tree::Kind::list: return "a list";
    case Tree::Kind::map: return "a mapping";
    case Tree::Kind::word: break;
  }
  return in_quotes(tree.word);
}

std::string expected_found(std::string_view expected, const Tree& tree) {
  return "expected " + std::string(expected) + ", found " + found(tree);
}

}  // namespace

Cursor::Cursor(const Tree& tree, std::string path, std::vector<Problem>& problems)
    : tree_(&tree), path_(std::move(path)), problems_(&problems) {}

void Cursor::mistake(std::string sentence) const {
  problems_->push_back({.line = at().line, .column = at().column, .path = path_, .sentence = std::move(sentence)});
}

void Cursor::hint(std::string sentence) const {
  problems_->push_back({.line = at().line, .column = at().column, .path = path_, .sentence = std::move(sentence), .hint = true});
}

std::optional<std::string> Cursor::word(std::string_view expected) const {
  if (is_word() && !tree_->word.empty()) return tree_->word;
  mistake(expected_found(expected, *tree_));
  return std::nullopt;
}

std::optional<bool> Cursor::flag() const {
  if (is_word() && !tree_->quoted) {
    for (const char* yes : {"true", "yes", "on", "True"})
      if (tree_->word == yes) return true;
    for (const char* no : {"false", "no", "off", "False"})
      if (tree_->word == no) return false;
  }
  mistake(expected_found("true or false", *tree_));
  return std::nullopt;
}

std::optional<int> Cursor::whole(int least, int most) const {
  const std::string range = most == std::numeric_limits<int>::max() ? "from " + std::to_string(least) + " up"
                                                                    : "from " + std::to_string(least) + " to " + std::to_string(most);
  const auto value = is_word() ? parse_whole(tree_->word) : std::nullopt;
  if (value && *value >= least && *value <= most) return static_cast<int>(*value);
  mistake(expected_found("a whole number " + range, *tree_));
  return std::nullopt;
}

std::optional<Duration> Cursor::duration(Duration least, std::string_view limits) const {
  const auto value = is_word() ? parse_duration(tree_->word) : std::nullopt;
  if (value && *value >= least) return value;
  mistake(expected_found("a duration such as 30s, 15m or 1h30m (" + std::string(limits) + ")", *tree_));
  return std::nullopt;
}

std::optional<Bytes> Cursor::size(Bytes least) const {
  const auto value = is_word() ? parse_size(tree_->word) : std::nullopt;
  if (!value) {
    mistake(expected_found("a size such as 19GB or 56GiB", *tree_));
    return std::nullopt;
  }
  if (*value >= least) return value;
  const bool unit = tree_->word.find_first_not_of("0123456789.") != std::string::npos;
  mistake(found(*tree_) + (unit ? " is too small: at least " + size_text(least)
                                : " has no unit and means bytes: write one such as 19GB or 56GiB"));
  return std::nullopt;
}

std::vector<Cursor> Cursor::list(std::string_view expected) const {
  std::vector<Cursor> out;
  if (is_word() && !tree_->word.empty()) {
    out.push_back(*this);
  } else if (tree_->kind == Tree::Kind::list) {
    for (std::size_t i = 0; i < tree_->items.size(); ++i) {
      Cursor item(tree_->items[i], path_ + "[" + std::to_string(i) + "]", *problems_);
      if (item.word(expected)) out.push_back(std::move(item));
    }
  } else {
    mistake(expected_found(std::string(expected) + ", one or a list", *tree_));
  }
  return out;
}

std::vector<Cursor> Cursor::one_or_list(std::string_view expected) const {
  if (tree_->kind == Tree::Kind::list && tree_->items.empty()) mistake("the list is empty: expected " + std::string(expected));
  return list(expected);
}

std::vector<Cursor::Entry> Cursor::entries(std::string_view expected) const {
  std::vector<Entry> out;
  if (nothing()) return out;
  if (!is_map()) {
    mistake(expected_found(expected, *tree_));
    return out;
  }
  for (std::size_t i = 0; i < tree_->keys.size(); ++i) {
    const Tree& key = tree_->keys[i];
    if (key.kind != Tree::Kind::word || key.word.empty()) {
      const bool null = key.kind == Tree::Kind::nothing;
      Cursor(key, path_, *problems_)
          .mistake(null ? "a name is missing here (null and ~ are no names)" : expected_found("a name before the colon", key));
      continue;
    }
    std::string path = path_.empty() ? key.word : path_ + "." + key.word;
    Cursor name(key, path, *problems_);
    const auto before = std::find_if(out.begin(), out.end(), [&](const Entry& e) { return e.key == key.word; });
    if (before != out.end()) {
      name.mistake("said twice, first in line " + std::to_string(before->name.at().line) + ": remove one");
      continue;
    }
    out.push_back({key.word, name, Cursor(tree_->items[i], std::move(path), *problems_)});
  }
  return out;
}

Fields::Fields(const Cursor& map, const Section& section, std::string_view expected) {
  const auto has = [](const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  for (Cursor::Entry& entry : map.entries(expected)) {
    if (has(section.keys, entry.key)) {
      entries.push_back(std::move(entry));
      continue;
    }
    const std::string near = nearest(entry.key, section.keys);
    const std::string home = home_of(entry.key);
    if (has(section.later, entry.key)) entry.name.mistake("not in this version: remove it");
    else if (!home.empty()) entry.name.mistake("this key belongs " + home);
    else if (!near.empty()) entry.name.mistake("unknown key (did you mean " + near + "?)");
    else entry.name.mistake("unknown key (known: " + joined(section.keys) + ")");
  }
}

const Cursor* Fields::find(std::string_view key) const {
  for (const Cursor::Entry& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

}  // namespace rr::settings
