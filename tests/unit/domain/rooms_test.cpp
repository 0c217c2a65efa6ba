// The picture of the rooms, read from the #include lines: main -> {app, sim} -> {wire, api, guard, settings} -> domain.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rooms_test {

namespace fs = std::filesystem;

namespace {

struct Include {
  std::string file;  // "wire/client.cpp", below router/
  std::string what;  // "domain/http.hpp", "boost/beast/http.hpp"
  bool quoted;
};

std::vector<Include> all_includes() {
  const fs::path root = fs::path(RR_SOURCE_DIR) / "router";
  std::vector<Include> out;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".hpp" && entry.path().extension() != ".cpp" && entry.path().extension() != ".in") continue;
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      const auto hash = line.find_first_not_of(" \t");
      if (hash == std::string::npos || line[hash] != '#') continue;
      const auto word = line.find("include", hash);
      const auto open = line.find_first_of("<\"", hash);
      if (word == std::string::npos || open == std::string::npos || word > open) continue;
      const auto close = line.find(line[open] == '<' ? '>' : '"', open + 1);
      REQUIRE(close != std::string::npos);
      out.push_back({fs::relative(entry.path(), root).generic_string(), line.substr(open + 1, close - open - 1), line[open] == '"'});
    }
  }
  return out;
}

std::string first_part(const std::string& path) {
  const auto slash = path.find('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool starts(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }
bool is_cpp(const std::string& file) { return file.size() > 4 && file.substr(file.size() - 4) == ".cpp"; }

// Whom a room may include, beside itself. "" is main.cpp.
const std::map<std::string, std::set<std::string>> picture{
    {"domain", {}},
    {"wire", {"domain"}},
    {"api", {"domain"}},
    {"guard", {"domain"}},
    {"settings", {"domain"}},
    {"sim", {"wire", "api", "domain"}},
    {"app", {"sim", "wire", "api", "guard", "settings", "domain"}},
    {"", {"app", "sim"}},
};

// A library of others, and where its headers may be named.
struct Library {
  const char* begins;
  std::set<std::string> rooms;
  bool only_cpp;
};
const std::vector<Library> libraries{
    {"boost/beast", {"wire"}, true},
    {"boost/asio", {"wire", "sim", "app"}, false},
    {"nlohmann/", {"api"}, false},
    {"simdjson", {"api"}, false},
    {"utf8proc", {"api"}, false},
    {"zstd", {"wire"}, false},
    {"yaml-cpp/", {"settings"}, true},
    {"spdlog/", {"app"}, false},
    {"CLI/", {""}, false},
    {"re2/", {"guard"}, false},
};

const Library* library_of(const std::string& what) {
  for (const Library& l : libraries)
    if (starts(what, l.begins)) return &l;
  return nullptr;
}

}  // namespace

TEST_CASE("includes go strictly downward, and rooms on one level never include each other") {
  const auto includes = all_includes();
  CHECK(includes.size() > 100);  // it did read the house
  for (const Include& i : includes) {
    if (!i.quoted) continue;
    CAPTURE(i.file);
    CAPTURE(i.what);
    const std::string from = first_part(i.file), to = first_part(i.what);
    REQUIRE(picture.count(from) == 1);
    CHECK_MESSAGE(fs::exists(fs::path(RR_SOURCE_DIR) / "router" / i.what), "a quoted include names a file from router/ on");
    if (to != from) CHECK(picture.at(from).count(to) == 1);
  }
}

TEST_CASE("each library of others is named only in its room") {
  std::set<std::string> seen;
  for (const Include& i : all_includes()) {
    const Library* library = library_of(i.what);
    if (!library) continue;
    seen.insert(library->begins);
    CAPTURE(i.file);
    CAPTURE(i.what);
    CHECK(library->rooms.count(first_part(i.file)) == 1);
    if (library->only_cpp) CHECK(is_cpp(i.file));
  }
  for (const char* used : {"boost/beast", "boost/asio", "nlohmann/", "simdjson", "yaml-cpp/", "spdlog/", "CLI/"}) {
    CAPTURE(used);
    CHECK(seen.count(used) == 1);  // the table still speaks of this house
  }
}

TEST_CASE("the domain knows the standard library and boost/system, and reads no clock") {
  const std::set<std::string> barred{"thread", "mutex", "future", "atomic", "condition_variable", "fstream", "iostream", "filesystem", "regex", "format", "ctime", "random"};
  for (const Include& i : all_includes()) {
    if (first_part(i.file) != "domain" || i.quoted) continue;
    CAPTURE(i.file);
    CAPTURE(i.what);
    const bool standard = i.what.find('/') == std::string::npos && i.what.find('.') == std::string::npos;
    const bool allowed = standard || starts(i.what, "boost/system/");
    CHECK(allowed);
    CHECK(barred.count(i.what) == 0);
  }
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(RR_SOURCE_DIR) / "router/domain")) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    CAPTURE(entry.path().string());
    CHECK(text.find("clock::now") == std::string::npos);
  }
}

TEST_CASE("no file holds two subjects: none is longer than 300 lines") {
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(RR_SOURCE_DIR) / "router")) {
    const auto kind = entry.path().extension();
    if (kind != ".hpp" && kind != ".cpp") continue;
    std::ifstream in(entry.path());
    int lines = 0;
    for (std::string line; std::getline(in, line);) ++lines;
    CAPTURE(entry.path().string());
    CHECK(lines <= 300);
  }
}

}  // namespace rooms_test
