// Counts the rows of the fault matrix: a row holds when every test case whose name begins with "row <number>:" passed. The run ends
// with one line; a row that is wanted and was not seen to hold is named.
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <string>

namespace rows {

namespace {

// first-last; another range is one more line.
constexpr int wanted[][2] = {
    {1, 34},   // nodes and links
    {35, 57},  // clients and bodies
#if defined(__linux__)
    {58, 58},  // descriptors
#if !defined(__SANITIZE_ADDRESS__)
    {59, 59},  // memory
#endif
#endif
    {60, 66},  // the process
    {67, 69},  // clocks
    {70, 71},
};

std::set<int> wanted_rows() {
  std::set<int> rows;
  for (const auto& range : wanted)
    for (int row = range[0]; row <= range[1]; ++row) rows.insert(row);
  return rows;
}

struct Rows : doctest::IReporter {
  explicit Rows(const doctest::ContextOptions& options) : out(*options.cout) {}

  void test_case_start(const doctest::TestCaseData& data) override {
    const std::string name = data.m_name;
    current = name.rfind("row ", 0) == 0 ? std::atoi(name.c_str() + 4) : 0;
  }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (current == 0) return;
    const auto [row, fresh] = held.try_emplace(current, true);
    row->second = row->second && stats.testCaseSuccess;
    current = 0;
  }
  void test_run_end(const doctest::TestRunStats&) override {
    const std::set<int> rows = wanted_rows();
    std::string missing;
    std::size_t good = 0;
    for (const int row : rows) {
      const auto found = held.find(row);
      if (found != held.end() && found->second) ++good;
      else missing += (missing.empty() ? "" : ", ") + std::to_string(row);
    }
    out << "fault rows: " << good << " of " << rows.size() << (missing.empty() ? "" : ", missing rows: " + missing) << std::endl;
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

  std::ostream& out;
  std::map<int, bool> held{};
  int current = 0;
};

}  // namespace

DOCTEST_REGISTER_LISTENER("rows", 1, Rows);

}  // namespace rows
