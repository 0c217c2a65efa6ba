// What /health says of those who wait, beside what came: within a factor of 2 in nine of ten, once the speeds have been seen.
#include "sim/play.hpp"
#include "support/stage.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

namespace expect_test {

using namespace rr;
using namespace rr::sim;

namespace {

constexpr double warm = 300, telling = 2;  // seconds: of learning; of a wait that is worth a figure

struct Within { long good = 0, all = 0; };

void count(const std::string& name, PolicyName policy, Within& at_arrival, Within& later) {
  std::ifstream in(std::string(RR_SOURCE_DIR) + "/tests/bench/swap/scripts/" + name + ".jsonl");
  std::stringstream text;
  text << in.rdbuf();
  const auto work = read_workload(text.str(), name);
  REQUIRE(work.has_value());
  Settings s = test::two_macs();
  s.policy = policy;
  s.nodes[0].gpu_memory = gib / 10 * 177;
  std::vector<Wait> waits;
  Play how;
  how.settings = std::make_shared<const Settings>(s);
  how.waits = &waits;
  REQUIRE(play(*work, how).has_value());
  Within own;
  for (const Wait& w : waits) {
    if (w.at_s < warm || w.happened_s < telling) continue;
    const bool good = w.expected_s <= 2 * w.happened_s && w.happened_s <= 2 * w.expected_s;
    for (Within* share : {&own, w.at_arrival ? &at_arrival : &later}) share->all += 1, share->good += good;
  }
  MESSAGE(name << " " << to_text(policy) << ": " << own.good << " of " << own.all << " within a factor of 2");
}

}  // namespace

// Asked again every 10 s, the longest waits count most: those whose end is up to requests that have not come yet.
TEST_CASE("the time that a waiting request may expect is within a factor of 2 of what comes, in 90 % of the waits") {
  Within at_arrival, later;
  for (const char* name : {"s1-50", "s2-50", "pp2-50", "s4-50", "office-50", "s8-50"}) count(name, PolicyName::smart, at_arrival, later);
  CHECK(at_arrival.all > 500);
  CHECK(at_arrival.good >= 0.9 * static_cast<double>(at_arrival.all));
  CHECK(at_arrival.good + later.good >= 0.88 * static_cast<double>(at_arrival.all + later.all));
}

}  // namespace expect_test
