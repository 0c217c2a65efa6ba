// config/router.yaml with one character less, wherever it is: settings or problems, never neither.
#include "files.hpp"
#include "settings/utf8.hpp"

namespace rr::settings::every_deletion_test {

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines{""};
  for (const char c : text) {
    if (c == '\n') lines.emplace_back();
    else lines.back() += c;
  }
  return lines;
}

void check_answer(const std::string& text) {
  const Loaded loaded = load_text(text);
  CHECK((loaded.settings != nullptr) == (loaded.mistakes() == 0));
  const auto lines = lines_of(text);
  for (const Problem& problem : loaded.problems) {
    CAPTURE(problem.line);
    CAPTURE(problem.column);
    CAPTURE(problem.sentence);
    REQUIRE(problem.line >= 1);
    REQUIRE(static_cast<std::size_t>(problem.line) <= lines.size());
    CHECK(problem.column >= 1);
    CHECK(static_cast<std::size_t>(problem.column) <= code_points(lines[static_cast<std::size_t>(problem.line) - 1]) + 1);
    CHECK_FALSE(problem.sentence.empty());
  }
}

}  // namespace

TEST_CASE("any one byte deleted gives settings, or problems with places inside the file") {
  const std::string text = read_file("config/router.yaml");
  for (std::size_t i = 0; i < text.size(); ++i) {
    CAPTURE(i);
    check_answer(text.substr(0, i) + text.substr(i + 1));
  }
}

TEST_CASE("the file cut at any byte gives settings, or problems with places inside the file") {
  const std::string text = read_file("config/router.yaml");
  for (std::size_t i = 0; i < text.size(); ++i) {
    CAPTURE(i);
    check_answer(text.substr(0, i));
  }
}

TEST_CASE("any one character replaced by one that means something to YAML does so too") {
  const std::string text = read_file("config/router.yaml");
  const std::string meaning = "{}[]:,-?*&!|>'\"%@`#\n\t ~\\=<";
  std::size_t next = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = meaning[next++ % meaning.size()];
    CAPTURE(i);
    check_answer(changed);
  }
}

}  // namespace rr::settings::every_deletion_test
