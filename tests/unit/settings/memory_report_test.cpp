// What `role-router check` prints of memory, compared whole.
#include "files.hpp"
#include "settings/memory_report.hpp"
#include "settings/utf8.hpp"

#include <algorithm>
#include <sstream>

namespace rr::settings::memory_report_test {

TEST_CASE("the memory report of config/router.yaml") {
  const Loaded loaded = load(read_file("config/router.yaml"), "config/router.yaml", api::fold_name);
  REQUIRE(loaded.settings);
  CHECK(memory_report(*loaded.settings, Fleet{}) == read_file("tests/unit/settings/memory_report.expected"));
}

TEST_CASE("of a node that keeps its own models the report says what it cannot be told") {
  const auto settings = good("roles: { coder: { node: studio, model: m } }\nnodes: { studio: { type: openai, address: \"127.0.0.1:1234\" } }\nmodels: { m: { num_ctx: 8192, parallel: 2 } }\n");
  CHECK(memory_report(*settings, Fleet{}) ==
        "studio   type openai: its server keeps its own models.\n"
        "         Nothing is loaded or unloaded there; no keep_alive, num_ctx or use_mmap is sent.\n"
        "  coder     m        believed: context 8192, 2 places (models.m.num_ctx, .parallel)\n");
}

TEST_CASE("the memory report is no wider than 100 columns") {
  std::istringstream lines(memory_report(*good(read_file("config/router.yaml")), Fleet{}));
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(code_points(line) <= 100);
  }
}

}  // namespace rr::settings::memory_report_test
