// Swap scripts: what a line means, and what is said of one that is wrong.
#include "sim/workload.hpp"

#include <doctest/doctest.h>

namespace workload_test {

using namespace rr;
using namespace rr::sim;
using namespace std::chrono_literals;

namespace {

const std::string header = R"({"format":"swap-script/1","workload":"s1","seed":1,"sessions":1,"router_call":{"prompt_tokens":800,"new_tokens":200,"output_tokens":5}})";
const std::string first = R"({"session":"s0","turn":0,"start_s":1.5,"think_s":0,"cause":"agent","router_first":true,"role":"architect","prompt_tokens":2000,"new_tokens":2000,"output_tokens":300,"history_reset":true})";
const std::string second = R"({"session":"s0","turn":1,"start_s":null,"think_s":2.25,"cause":"agent","router_first":false,"role":"coder","prompt_tokens":2500,"new_tokens":200,"output_tokens":100,"history_reset":false})";

std::string wrong(const std::string& text) {
  const auto read = read_workload(text, "mine");
  return read ? "accepted" : read.error();
}

std::string with(std::string line, const std::string& old, const std::string& now) {
  const auto at = line.find(old);
  REQUIRE(at != std::string::npos);
  return header + "\n" + first + "\n" + line.replace(at, old.size(), now) + "\n";
}

}  // namespace

TEST_CASE("a script is a header and the turns of its sessions") {
  const auto read = read_workload(header + "\n" + first + "\n\n" + second + "\r\n", "mine");
  REQUIRE(read.has_value());
  CHECK(read->name == "mine");
  CHECK(read->router_prompt == 800);
  CHECK(read->router_new == 200);
  CHECK(read->router_output == 5);
  REQUIRE(read->sessions.size() == 1);
  const WorkSession& s = read->sessions[0];
  CHECK(s.name == "s0");
  CHECK(s.start == 1500ms);
  REQUIRE(s.turns.size() == 2);
  CHECK(s.turns[0].router_first);
  CHECK(s.turns[0].history_reset);
  CHECK(s.turns[0].role == "architect");
  CHECK(s.turns[1].think == 2250ms);
  CHECK_FALSE(s.turns[1].router_first);
  CHECK(s.turns[1].prompt_tokens == 2500);
  CHECK(s.turns[1].new_tokens == 200);
  CHECK(s.turns[1].output_tokens == 100);
}

TEST_CASE("turns belong to their session, in whatever order the lines stand") {
  const auto read = read_workload(header + "\n" + first + "\n" + std::string(first).replace(first.find("s0"), 2, "s1") + "\n" + second + "\n", "mine");
  REQUIRE(read.has_value());
  REQUIRE(read->sessions.size() == 2);
  CHECK(read->sessions[0].turns.size() == 2);
  CHECK(read->sessions[1].turns.size() == 1);
}

TEST_CASE("what is wrong with a script is said with its line and member") {
  CHECK(wrong(with(second, R"("prompt_tokens":2500)", R"("prompt_tokens":"many")")) == "mine:3: prompt_tokens must be a number of 0 or more");
  CHECK(wrong(with(second, R"("think_s":2.25,)", "")) == "mine:3: think_s must be a number of 0 or more");
  CHECK(wrong(with(second, R"("think_s":2.25)", R"("think_s":-1)")) == "mine:3: think_s must be a number of 0 or more");
  CHECK(wrong(with(second, R"("output_tokens":100)", R"("output_tokens":1e300)")) == "mine:3: output_tokens must be a number of 0 or more");
  CHECK(wrong(with(second, R"("role":"coder")", R"("role":"")")) == "mine:3: role must be a word");
  CHECK(wrong(with(second, R"("session":"s0")", R"("session":7)")) == "mine:3: session must be a word");
  CHECK(wrong(with(second, "{", "")) == "mine:3: not a JSON object");
  CHECK(wrong(std::string(header).replace(header.find("800"), 3, "\"x\"") + "\n" + first) == "mine:1: prompt_tokens must be a number of 0 or more");
}

TEST_CASE("a file that is no script, an empty one and one without turns are refused") {
  CHECK(wrong("") == "mine: empty; the first line must say \"format\":\"swap-script/1\"");
  CHECK(wrong(first) == "mine:1: the first line must say \"format\":\"swap-script/1\"");
  CHECK(wrong("hello") == "mine:1: not a JSON object");
  CHECK(wrong(std::string(header).replace(header.find("script/1"), 8, "script/2") + "\n" + first) == "mine:1: the first line must say \"format\":\"swap-script/1\"");
  CHECK(wrong(header + "\n") == "mine: no turn follows the header");
}

}  // namespace workload_test
