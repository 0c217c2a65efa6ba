// More work than the machines can do: what is answered an hour stays what it is at their best. Virtual time; the clients are closed loops
// that ask again when they are refused, after the time that they are told.
#include "sim/play.hpp"
#include "support/stage.hpp"

#include <doctest/doctest.h>

namespace overload_test {

using namespace rr;
using namespace rr::sim;
using namespace std::chrono_literals;

namespace {

constexpr int turns = 12;

// `clients` that never pause; each keeps to its role.
Workload work(const std::vector<RoleName>& roles, int clients) {
  Workload out{.name = "overload"};
  for (int i = 0; i < clients; ++i) {
    WorkSession session{.name = "c" + std::to_string(i), .start = std::chrono::milliseconds(10 * i)};
    for (int t = 0; t < turns; ++t)
      session.turns.push_back({.role = roles[static_cast<std::size_t>(i) % roles.size()], .prompt_tokens = 2000 + 400 * t, .new_tokens = 400, .output_tokens = 200});
    out.sessions.push_back(std::move(session));
  }
  return out;
}

struct Seen { double per_hour = 0; int refused = 0; };

Seen answered(const std::vector<RoleName>& roles, int clients, int waiting) {
  Settings settings = test::two_macs();
  settings.policy = PolicyName::smart;
  settings.nodes[0].gpu_memory = gib / 10 * 177;
  settings.limits.waiting = waiting;
  Play how{.settings = std::make_shared<const Settings>(settings)};
  how.horizon = 1000h;
  const auto played = play(work(roles, clients), how);
  REQUIRE(played.has_value());
  CHECK(played->stuck == 0);
  return {.per_hour = turns * clients / played->makespan_s * 3600, .refused = played->refused};
}

// Their best, over one to six clients a role; then ten times as many clients as that took.
void overload(const std::string& name, const std::vector<RoleName>& roles, int waiting) {
  CAPTURE(name);
  double best = 0;
  int at = 0;
  const int each = static_cast<int>(roles.size());
  for (int clients = each; clients <= 6 * each; clients += each)
    if (const double now = answered(roles, clients, 256).per_hour; now > best) best = now, at = clients;
  const Seen over = answered(roles, 10 * at, waiting);
  MESSAGE(name << ": at best " << best << " answers an hour, with " << at << " clients; " << over.per_hour << " with " << 10 * at << " and a line of " << waiting << ", "
               << over.refused << " refusals");
  CHECK(over.per_hour >= 0.9 * best);
  if (waiting < 10) CHECK(over.refused > 0);
}

}  // namespace

TEST_CASE("at ten times what the machines can do nine tenths of their best is answered: one role, the line as it is and a short one") {
  overload("one role", {"coder"}, 256);
  overload("one role", {"coder"}, 8);
}

TEST_CASE("at ten times what the machines can do nine tenths of their best is answered: roles side by side, and roles that swap") {
  overload("two roles", {"coder", "tester"}, 256);
  overload("three roles that swap", {"coder", "tester", "architect"}, 256);
}

}  // namespace overload_test
