// bad/*.yaml against the whole printed text in *.expected.
#include "files.hpp"

#include <algorithm>
#include <filesystem>

#include <unistd.h>

namespace rr::settings::bad_files_test {

namespace {

std::vector<std::string> bad_files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(RR_SOURCE_DIR) + "/tests/unit/settings/bad"))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("a bad file is refused whole, and every mistake is printed with its place and the way out") {
  const auto names = bad_files();
  CHECK(names.size() >= 50);
  for (const std::string& name : names) {
    CAPTURE(name);
    const std::string folder = "tests/unit/settings/bad/";
    const Loaded loaded = load(read_file(folder + name + ".yaml"), name + ".yaml", api::fold_name);
    CHECK(loaded.settings == nullptr);
    CHECK(loaded.mistakes() > 0);
    CHECK(print(loaded.problems, name + ".yaml") == read_file(folder + name + ".expected"));
  }
}

TEST_CASE("problems come in the order of the file") {
  for (const std::string& name : bad_files()) {
    CAPTURE(name);
    const Loaded loaded = load_text(read_file("tests/unit/settings/bad/" + name + ".yaml"));
    CHECK(std::is_sorted(loaded.problems.begin(), loaded.problems.end(), [](const Problem& a, const Problem& b) {
      return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    }));
  }
}

TEST_CASE("a file that cannot be read is a mistake that says why") {
  const std::string nowhere = std::string(RR_SOURCE_DIR) + "/config/nowhere.yaml";
  const Loaded missing = load_file(nowhere, api::fold_name);
  CHECK(missing.settings == nullptr);
  CHECK(print(missing.problems, "nowhere.yaml") == "nowhere.yaml:1:1: cannot be read: No such file or directory\n");
  const Loaded folder = load_file(std::string(RR_SOURCE_DIR) + "/config", api::fold_name);
  CHECK(folder.settings == nullptr);
  CHECK(print(folder.problems, "config") == "config:1:1: is a directory, not a file\n");
}

TEST_CASE("a file of more than 1 MiB is refused, one of exactly 1 MiB is read") {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / ("role-router-large-" + std::to_string(::getpid()) + ".yaml");
  const auto with_size = [&](std::size_t size) {
    std::string text = one_role + "# ";
    text.resize(size, 'x');
    std::ofstream(path, std::ios::binary) << text;
    return load_file(path.string(), api::fold_name);
  };
  CHECK(with_size(1 << 20).settings != nullptr);
  const Loaded large = with_size((1 << 20) + 1);
  CHECK(large.settings == nullptr);
  CHECK(print(large.problems, "large.yaml") == "large.yaml:1:1: is larger than 1 MiB: a configuration is a few kilobytes\n");
  std::filesystem::remove(path);
}

}  // namespace rr::settings::bad_files_test
