// A recorded day becomes work: lanes, pauses, what is new of each prompt.
#include "sim/replay.hpp"

#include <doctest/doctest.h>

namespace replay_test {

using namespace rr;
using namespace rr::sim;

namespace {

std::string line(const std::string& at, const std::string& session, const std::string& role, int prompt, int output, int took_ms, const std::string& more = "") {
  return R"({"at":"2026-11-20T10:)" + at + R"(Z","what":"request","session":")" + session + R"(","role":")" + role + R"(","outcome":"ok","took_ms":)" +
         std::to_string(took_ms) + R"(,"first_byte_ms":1500,"queued_ms":700,"prompt_tokens":)" + std::to_string(prompt) + R"(,"output_tokens":)" + std::to_string(output) +
         more + "}\n";
}

}  // namespace

TEST_CASE("a session's requests are one loop with its pauses, and what overlaps is another") {
  const std::string log = line("00:00.000", "team", "coder", 1000, 100, 4000) +
                          line("00:10.000", "team", "coder", 1300, 50, 2000) +    // goes on: 200 are new
                          line("00:11.000", "team", "tester", 500, 50, 9000) +    // while the coder still answers
                          line("00:15.000", "team", "coder", 700, 50, 1000) +     // a new conversation
                          line("00:05.000", "other", "coder", 900, 10, 500) +
                          R"({"at":"2026-11-20T10:00:01Z","what":"fleet","level":"info","text":"mac-mini: loaded qwen3-coder:30b in 10s"})" + "\n" +
                          R"({"at":"2026-11-20T10:00:30Z","what":"request","role":"coder","outcome":"refused","status":503})" + "\n" +
                          R"({"at":"2026-11-20T10:00:30Z","what":"request","path":"/health","outcome":"ok"})" + "\n" + "{\"at\":\"2026-";
  const auto read = read_access_log(log, "day");
  REQUIRE(read.has_value());
  CHECK(read->requests == 5);
  CHECK(read->left_out == 1);
  CHECK(read->day.loads == 1);
  CHECK(read->day.makespan_s == doctest::Approx(20));
  CHECK(read->day.worst_wait_s == doctest::Approx(0.7));
  CHECK(read->day.ttft_mean_s == doctest::Approx(1.5));
  REQUIRE(read->work.sessions.size() == 3);
  const WorkSession &team = read->work.sessions[0], &other = read->work.sessions[1], &second = read->work.sessions[2];
  CHECK(team.name == "team");
  CHECK(second.name == "team#2");
  CHECK(other.start == std::chrono::seconds(5));
  CHECK(second.start == std::chrono::seconds(11));
  REQUIRE(team.turns.size() == 3);
  CHECK(team.turns[0].new_tokens == 1000);
  CHECK(std::chrono::duration<double>(team.turns[1].think).count() == doctest::Approx(6));
  CHECK(team.turns[1].new_tokens == 200);
  CHECK_FALSE(team.turns[1].history_reset);
  CHECK(team.turns[2].new_tokens == 700);
  CHECK(team.turns[2].history_reset);
  CHECK(std::chrono::duration<double>(team.turns[2].think).count() == doctest::Approx(3));
}

TEST_CASE("a log in which nothing was answered says how to write one") {
  for (const std::string log : {"", "{\"what\":\"fleet\"}\n", "no JSON\n"}) {
    const auto read = read_access_log(log, "day");
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().find("access_log: access.jsonl") != std::string::npos);
  }
}

}  // namespace replay_test
