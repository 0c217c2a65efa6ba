#include "settings/tree.hpp"

#include "settings/utf8.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace rr::settings {

namespace {

constexpr std::size_t most_values = 10'000;  // aliases are copied: a small file must not become a large one

struct Broken {
  Place at;
  std::string sentence;
};

// Byte positions of yaml-cpp to places for people.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') starts_.push_back(i + 1);
    if (starts_.size() > 1 && starts_.back() == text.size()) starts_.pop_back();
  }

  std::string_view line(std::size_t index) const {
    const std::size_t end = index + 1 < starts_.size() ? starts_[index + 1] : text_.size();
    std::string_view found = text_.substr(starts_[index], end - starts_[index]);
    while (!found.empty() && (found.back() == '\n' || found.back() == '\r')) found.remove_suffix(1);
    return found;
  }

  // Beyond the end: the end of the last line.
  Place place(const YAML::Mark& mark) const {
    if (mark.is_null()) return {1, 1};
    const auto line_index = static_cast<std::size_t>(std::max(mark.line, 0));
    if (line_index >= starts_.size()) return {static_cast<int>(starts_.size()), column(line(starts_.size() - 1))};
    return {mark.line + 1, column(line(line_index).substr(0, static_cast<std::size_t>(std::max(mark.column, 0))))};
  }

  Place place_of_byte(std::size_t offset) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    const auto index = static_cast<std::size_t>(after - starts_.begin()) - 1;
    return {static_cast<int>(index) + 1, column(text_.substr(starts_[index], offset - starts_[index]))};
  }

  std::size_t byte(const YAML::Mark& mark) const {
    const auto index = static_cast<std::size_t>(std::max(mark.line, 0));
    return index < starts_.size() ? starts_[index] + static_cast<std::size_t>(std::max(mark.column, 0)) : text_.size();
  }

  // A tab in the indentation of the line.
  std::optional<Place> tab(int line_number) const {
    const std::string_view found = line(static_cast<std::size_t>(line_number) - 1);
    const std::size_t at = found.find('\t');
    if (at == std::string_view::npos || found.find_first_not_of(" \t") < at) return std::nullopt;
    return Place{line_number, static_cast<int>(at) + 1};
  }

 private:
  static int column(std::string_view before) { return static_cast<int>(code_points(before)) + 1; }

  std::string_view text_;
  std::vector<std::size_t> starts_;
};

// Builds the tree from the parser's events.
class Builder : public YAML::EventHandler {
 public:
  Builder(std::string_view text, const Lines& lines) : text_(text), lines_(lines) {}

  void OnDocumentStart(const YAML::Mark& mark) override { started = lines_.place(mark); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add({.at = lines_.place(mark)}, anchor); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Broken{lines_.place(mark), "this alias stands inside what it names"};
    count(size_of(found->second));
    add(Tree(found->second), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    check_quote(lines_.byte(mark), lines_.place(mark));
    if (not_text(value) || value.find_first_of("\t\r\n") != std::string::npos)
      throw Broken{lines_.place(mark), "a value is one line of text without control characters"};
    add({.kind = Tree::Kind::word, .word = value, .quoted = tag == "!", .at = lines_.place(mark)}, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value style) override {
    open_.push_back({{.kind = Tree::Kind::list, .at = lines_.place(mark)}, anchor, style == YAML::EmitterStyle::Flow});
  }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value style) override {
    open_.push_back({{.kind = Tree::Kind::map, .at = lines_.place(mark)}, anchor, style == YAML::EmitterStyle::Flow});
  }

  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  const Tree* unclosed_bracket() const {
    for (auto it = open_.rbegin(); it != open_.rend(); ++it)
      if (it->flow) return &it->tree;
    return nullptr;
  }

  Tree root;
  Place started;

 private:
  struct Open {
    Tree tree;
    YAML::anchor_t anchor;
    bool flow;
  };

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.tree), done.anchor);
  }

  void add(Tree tree, YAML::anchor_t anchor) {
    count(1);
    if (anchor) anchors_[anchor] = tree;
    if (open_.empty()) {
      root = std::move(tree);
      return;
    }
    Tree& parent = open_.back().tree;
    const bool key = parent.kind == Tree::Kind::map && parent.keys.size() == parent.items.size();
    if (!key && tree.kind == Tree::Kind::nothing && !parent.keys.empty()) tree.at = parent.keys.back().at;
    (key ? parent.keys : parent.items).push_back(std::move(tree));
  }

  void count(std::size_t more) {
    values_ += more;
    if (values_ > most_values) throw Broken{{1, 1}, "more than 10000 values, aliases counted each time they are used"};
  }

  static std::size_t size_of(const Tree& tree) {
    std::size_t size = 1;
    for (const Tree& key : tree.keys) size += size_of(key);
    for (const Tree& item : tree.items) size += size_of(item);
    return size;
  }

  // yaml-cpp takes the rest of the file for a quoted word that never ends.
  void check_quote(std::size_t at, const Place& place) const {
    if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return;
    const char quote = text_[at];
    for (std::size_t i = at + 1; i < text_.size(); ++i) {
      if (quote == '"' && text_[i] == '\\') ++i;
      else if (text_[i] == quote && quote == '\'' && i + 1 < text_.size() && text_[i + 1] == quote) ++i;
      else if (text_[i] == quote) return;
    }
    throw Broken{place, std::string("the quote ") + quote + " is never closed"};
  }

  std::string_view text_;
  const Lines& lines_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Tree> anchors_;
  std::size_t values_ = 0;
};

Broken explain(const YAML::Exception& error, const Lines& lines, const Builder& builder) {
  namespace Said = YAML::ErrorMsg;
  const Place at = lines.place(error.mark);
  const auto is = [&](const char* message) { return error.msg.find(message) != std::string::npos; };
  if (const auto tab = lines.tab(at.line)) return {*tab, "a tab in the indentation: use spaces"};
  if (is(Said::END_OF_MAP_FLOW) || is(Said::END_OF_SEQ_FLOW)) {
    const Tree* open = builder.unclosed_bracket();
    const bool map = is(Said::END_OF_MAP_FLOW);
    if (open && open->at.line != at.line) return {open->at, map ? "the { is never closed" : "the [ is never closed"};
    return {at, map ? "a comma or the closing } is missing before this" : "a comma or the closing ] is missing before this"};
  }
  if (is(Said::MAP_VALUE))
    return {at, "a \":\" does not fit here: check the indentation and the line above, or put a value that contains \": \" in quotes"};
  if (is(Said::END_OF_MAP) || is(Said::END_OF_SEQ) || is(Said::BLOCK_ENTRY) || is(Said::MAP_KEY))
    return {at, "this does not fit what stands above it: check the indentation"};
  if (is(Said::FLOW_END)) {
    const Tree* open = builder.unclosed_bracket();
    if (!open) return {at, "a closing bracket without its opening one"};
    return {at, std::string(open->kind == Tree::Kind::map ? "the { of " : "the [ of ") + std::to_string(open->at.line) + ":" +
                    std::to_string(open->at.column) + " must be closed before this"};
  }
  if (is(Said::UNKNOWN_TOKEN)) return {at, "no word of YAML begins with this character: put the value in quotes"};
  if (is(Said::BAD_FILE)) return {at, "nested deeper than 500 levels"};
  if (is(Said::UNKNOWN_ANCHOR)) return {at, "no anchor (&name) of this name stands above this alias"};
  return {at, "this is not YAML: " + error.msg};
}

}  // namespace

Tree parse(const std::string& whole, std::vector<Problem>& problems) {
  std::string_view text = whole;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const Lines lines(text);
  const auto broken = [&](const Broken& why) {
    problems.push_back({.line = why.at.line, .column = why.at.column, .path = "", .sentence = why.sentence});
    return Tree{};
  };
  if (const auto bad = not_text(text)) {
    const auto c = static_cast<unsigned char>(text[*bad]);
    const char* why = c < 0x80 ? "a control character: remove it" : "this is not UTF-8: save the file as UTF-8";
    return broken({lines.place_of_byte(*bad), why});
  }
  std::istringstream in{std::string(text)};
  Builder builder(text, lines);
  try {
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(builder)) return Tree{.at = {1, 1}};
    Builder second(text, lines);
    if (parser.HandleNextDocument(second)) return broken({second.started, "a second document begins here: one file holds one"});
    return std::move(builder.root);
  } catch (const YAML::Exception& error) {
    return broken(explain(error, lines, builder));
  } catch (const Broken& why) {
    return broken(why);
  }
}

}  // namespace rr::settings
