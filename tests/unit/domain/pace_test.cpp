// What is believed of the machines' speed before anything ran, and what answers and loads teach.
#include "domain/pace.hpp"

#include <doctest/doctest.h>

namespace pace_test {

using namespace rr;
using namespace std::chrono_literals;

namespace {

const ModelName architect("qwen3-coder-next:q4_K_M"), coder("qwen3-coder:30b"), tester("qwen2.5-coder:14b");

Turn turn(const NodeName& node, const ModelName& model, Bytes file, double prefill, double decode) {
  const auto s = [](double x) { return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(x)); };
  return {.node = node, .model = model, .file = file, .role = "coder", .prompt_tokens = 3000, .output_tokens = 300,
          .prompt_time = s(3000 / prefill), .output_time = s(300 / decode), .from_nothing = true};
}

}  // namespace

TEST_CASE("before anything ran a load is the file at 1 GB/s and the 2.5 s that each load takes") {
  const Pace pace;
  CHECK(pace.load_s("mini", architect, 52 * gb) == doctest::Approx(54.5));
  CHECK(pace.load_s("mini", tester, 9 * gb) == doctest::Approx(11.5));
}

TEST_CASE("before anything ran the rates are those of models of that size, and an answer has 250 tokens") {
  const Pace pace;
  CHECK(pace.prefill_tps("mini", architect, 52 * gb) == 500);
  CHECK(pace.decode_tps("mini", architect, 52 * gb) == 45);
  CHECK(pace.prefill_tps("mini", coder, 19 * gb) == 600);
  CHECK(pace.prefill_tps("mini", coder, 20 * gb) == 110);  // the dense one is a gigabyte larger
  CHECK(pace.decode_tps("mini", tester, 9 * gb) == 23);
  CHECK(pace.prefill_tps("mini", tester, 0) == 250);       // no size is known
  CHECK(pace.prefill_tps("book", ModelName("qwen3:1.7b"), 1'400'000'000) == 1500);
  CHECK(pace.mean_output("coder") == 250);
  CHECK_FALSE(pace.prefill_known("mini", coder));
}

TEST_CASE("a second load counts half") {
  Pace pace;
  pace.loaded("mini", coder, 19 * gb, 10);
  CHECK(pace.load_s("mini", coder, 19 * gb) == doctest::Approx(10));
  pace.loaded("mini", coder, 19 * gb, 20);
  CHECK(pace.load_s("mini", coder, 19 * gb) == doctest::Approx(15));
  pace.loaded("mini", coder, 19 * gb, 15);
  CHECK(pace.load_s("mini", coder, 19 * gb) == doctest::Approx(15));
}

TEST_CASE("a model never loaded there is expected at the speed of the node's other loads, not of another node's") {
  Pace pace;
  pace.loaded("mini", coder, 20 * gb, 2.5 + 8);       // 2.5 GB/s
  pace.loaded("mini", tester, 9 * gb, 2.5 + 2);       // 4.5 GB/s
  CHECK(pace.load_s("mini", architect, 35 * gb) == doctest::Approx(2.5 + 10));
  CHECK(pace.load_s("book", architect, 35 * gb) == doctest::Approx(2.5 + 35));
}

TEST_CASE("rates: the first turn counts whole, each further one a fifth") {
  Pace pace;
  pace.answered(turn("mini", coder, 19 * gb, 400, 50));
  CHECK(pace.prefill_tps("mini", coder, 19 * gb) == doctest::Approx(400));
  CHECK(pace.decode_tps("mini", coder, 19 * gb) == doctest::Approx(50));
  CHECK(pace.prefill_known("mini", coder));
  pace.answered(turn("mini", coder, 19 * gb, 500, 40));
  CHECK(pace.prefill_tps("mini", coder, 19 * gb) == doctest::Approx(420));
  CHECK(pace.decode_tps("mini", coder, 19 * gb) == doctest::Approx(48));
}

TEST_CASE("the mean answer of a role moves by a tenth, and roles do not share it") {
  Pace pace;
  Turn t = turn("mini", coder, 19 * gb, 400, 50);
  t.output_tokens = 500;
  pace.answered(t);
  CHECK(pace.mean_output("coder") == doctest::Approx(500));
  t.output_tokens = 600;
  pace.answered(t);
  CHECK(pace.mean_output("coder") == doctest::Approx(510));
  CHECK(pace.mean_output("tester") == 250);
}

TEST_CASE("a model never run on a node has its rate of the other node, times how fast this node is with what it did run") {
  Pace pace;
  pace.answered(turn("mini", tester, 9 * gb, 300, 30));
  pace.answered(turn("book", ModelName("qwen3:1.7b"), 1'400'000'000, 750, 60));  // half of what is typical
  pace.answered(turn("mini", ModelName("qwen3:1.7b"), 1'400'000'000, 1500, 120));
  CHECK(pace.prefill_tps("book", tester, 9 * gb) == doctest::Approx(300 * 0.5 / ((1.0 + 300.0 / 250) / 2)));
  CHECK(pace.decode_tps("book", tester, 9 * gb) == doctest::Approx(30 * 0.5 / ((1.0 + 30.0 / 23) / 2)));
}

TEST_CASE("a model that ran nowhere has what is typical of its size, times how fast the node is") {
  Pace pace;
  pace.answered(turn("book", ModelName("qwen3:1.7b"), 1'400'000'000, 750, 30));
  CHECK(pace.prefill_tps("book", tester, 9 * gb) == doctest::Approx(125));
  CHECK(pace.decode_tps("book", tester, 9 * gb) == doctest::Approx(23.0 / 4));
  CHECK(pace.prefill_tps("mini", tester, 9 * gb) == 250);  // says nothing about the other node
}

TEST_CASE("a node's speed at answers stands in for its speed at prompts while only that is known") {
  Pace pace;
  Turn t = turn("book", ModelName("qwen3:1.7b"), 1'400'000'000, 1500, 60);
  t.from_nothing = false;
  pace.answered(t);
  CHECK(pace.prefill_tps("book", tester, 9 * gb) == doctest::Approx(125));
}

TEST_CASE("a turn beside another model at work teaches the whole machine's rate, not its half") {
  Pace pace;
  Turn t = turn("mini", coder, 19 * gb, 200, 20);
  t.share = 2;
  pace.answered(t);
  CHECK(pace.prefill_tps("mini", coder, 19 * gb) == doctest::Approx(400));
  CHECK(pace.decode_tps("mini", coder, 19 * gb) == doctest::Approx(40));
}

TEST_CASE("a prompt of which something was cached teaches no prefill rate, but its answer a decode rate") {
  Pace pace;
  Turn t = turn("mini", coder, 19 * gb, 30'000, 40);
  t.from_nothing = false;
  pace.answered(t);
  CHECK_FALSE(pace.prefill_known("mini", coder));
  CHECK(pace.decode_tps("mini", coder, 19 * gb) == doctest::Approx(40));
}

TEST_CASE("turns too short to tell teach no rate") {
  Pace pace;
  Turn t = turn("mini", coder, 19 * gb, 100, 5);
  SUBCASE("few tokens") { t.prompt_tokens = 200, t.output_tokens = 20; }
  SUBCASE("little time") { t.prompt_time = 99ms, t.output_time = 99ms; }
  SUBCASE("no time at all") { t.prompt_time = {}, t.output_time = {}; }
  pace.answered(t);
  CHECK_FALSE(pace.prefill_known("mini", coder));
  CHECK(pace.prefill_tps("mini", coder, 19 * gb) == 600);
  CHECK(pace.decode_tps("mini", coder, 19 * gb) == 48);
}

TEST_CASE("two spellings of one model are one model") {
  Pace pace;
  pace.loaded("mini", ModelName("Qwen3-Coder-Next:Q4_K_M"), 52 * gb, 20);
  CHECK(pace.load_s("mini", architect, 52 * gb) == doctest::Approx(20));
}

}  // namespace pace_test
