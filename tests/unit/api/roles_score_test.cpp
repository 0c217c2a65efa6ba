// A change of the rules must not silently make them worse. The floors stand a little below what the rules reach today.
#include "bench/roles_score.hpp"

#include <doctest/doctest.h>

namespace roles_score_test {

using namespace rr;

namespace {

struct Floor {
  const char* file;
  int requests;
  double right, precision, recall;  // of all; of every one role
};

}  // namespace

TEST_CASE("precision and recall on the labelled requests stay above their floors, and nothing goes wrongly to the router") {
  for (const Floor& floor : {Floor{"roles-dev", 32, 0.96, 0.85, 0.85}, Floor{"tuned", 161, 0.96, 0.90, 0.90}, Floor{"held-out", 130, 0.93, 0.88, 0.85}}) {
    CAPTURE(floor.file);
    const auto score = bench::score_file(std::string(RR_SOURCE_DIR) + "/tests/bench/roles/" + floor.file + ".jsonl");
    REQUIRE(score);
    const std::string shown = bench::table(*score);
    CAPTURE(shown);
    CHECK(score->all == floor.requests);
    CHECK(score->right >= floor.right * score->all);
    CHECK(score->wrongly("router") == 0);
    for (const char* role : {"router", "architect", "coder", "tester", "default"}) {
      CAPTURE(role);
      CHECK(score->precision(role) >= floor.precision);
      CHECK(score->recall(role) >= floor.recall);
    }
  }
}

}  // namespace roles_score_test
