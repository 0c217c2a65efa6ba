#include "sim/team.hpp"

namespace rr::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t instructions = 3000;  // tokens before the first words of a conversation

struct Length {
  std::int64_t in = 0, out = 0;
  Duration think{};
};
constexpr Length designing{950, 950, 10s}, going_round{325, 475, 7s};

class Team {
 public:
  Team(std::string name, Duration start) : session_{.name = std::move(name), .start = start} {}

  void turn(const RoleName& role, const Length& length, bool fresh = false) {
    if (fresh) {
      said_ = instructions;
      known_.clear();
    }
    const std::int64_t prompt = said_ + length.in;
    session_.turns.push_back({.think = length.think, .role = role, .prompt_tokens = prompt, .new_tokens = prompt - known_[role],
                              .output_tokens = length.out, .history_reset = fresh});
    said_ = known_[role] = prompt + length.out;
  }
  WorkSession done() { return std::move(session_); }

 private:
  WorkSession session_;
  std::int64_t said_ = 0;
  std::map<RoleName, std::int64_t> known_{};
};

}  // namespace

Workload teams(const RoleName& design, const std::vector<RoleName>& round, int sessions) {
  Workload out{.name = std::to_string(sessions) + (sessions == 1 ? " team" : " teams")};
  for (int i = 0; i < sessions; ++i) {
    Team team("s" + std::to_string(i), i * 20s);
    for (int phase = 0; phase < 4; ++phase) {
      team.turn(design, designing, true);
      team.turn(design, designing);
      for (int cycle = 0; cycle < 5; ++cycle)
        for (const RoleName& role : round) team.turn(role, going_round);
    }
    team.turn(design, designing);
    out.sessions.push_back(team.done());
  }
  return out;
}

}  // namespace rr::sim
