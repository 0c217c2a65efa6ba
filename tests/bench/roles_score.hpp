// Labelled requests against rules 7 and 8, with the four roles of config/router.yaml; no verdict counts as `default`.
#pragma once

#include "api/endpoint_shape.hpp"
#include "api/json.hpp"
#include "api/prompt_rules.hpp"

#include <cstdio>
#include <fstream>
#include <map>

namespace rr::bench {

inline Settings four_roles() {
  Settings s;
  s.roles = {{.name = "router", .nodes = {"a"}, .model = ModelName("r")},
             {.name = "architect", .nodes = {"a"}, .model = ModelName("a"), .also_called = {"planner", "설계자"}},
             {.name = "coder", .nodes = {"a"}, .model = ModelName("c"), .also_called = {"developer", "코더"}},
             {.name = "tester", .nodes = {"a"}, .model = ModelName("t"), .also_called = {"reviewer", "테스터", "리뷰어"}}};
  return s;
}

struct Miss {
  std::string id, expected, got, because;
};

struct Score {
  std::map<std::string, std::map<std::string, int>> seen;  // expected -> got -> how often
  std::vector<Miss> misses;
  int all = 0, right = 0;

  int count(const std::string& expected, const std::string& got) const {
    const auto row = seen.find(expected);
    if (row == seen.end()) return 0;
    const auto cell = row->second.find(got);
    return cell == row->second.end() ? 0 : cell->second;
  }
  int expected(const std::string& role) const {
    int n = 0;
    if (const auto row = seen.find(role); row != seen.end())
      for (const auto& [got, times] : row->second) n += times;
    return n;
  }
  int got(const std::string& role) const {
    int n = 0;
    for (const auto& [from, row] : seen) n += count(from, role);
    return n;
  }
  double recall(const std::string& role) const { return expected(role) ? double(count(role, role)) / expected(role) : 1; }
  double precision(const std::string& role) const { return got(role) ? double(count(role, role)) / got(role) : 1; }
  int wrongly(const std::string& role) const { return got(role) - count(role, role); }
};

struct Guess {
  std::string role, because;
};

inline Guess guess(const api::Json& line) {
  static const Settings settings = four_roles();
  const std::string text = line["body"].dump();
  const std::string padded = text + std::string(64, '\0');
  const auto members = api::read_members(std::string_view(padded).substr(0, text.size()));
  if (!members) return {"default", members.error().sentence};
  const Kind kind = line.value("endpoint", "") == "/api/generate" ? Kind::generate : Kind::chat;
  if (const auto shape = api::shape_of(kind, *members, settings, Fleet{}); shape.role) return {shape.role->name, shape.because};
  const auto found = api::prompt_role(*members, settings);
  return found.role ? Guess{found.role->name, found.because} : Guess{"default", found.because};
}

inline std::optional<Score> score_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) return std::nullopt;
  Score score;
  for (std::string text; std::getline(in, text);) {
    if (text.empty()) continue;
    const auto line = api::Json::parse(text);
    const auto expected = line["expect"].get<std::string>();
    const auto got = guess(line);
    ++score.all;
    ++score.seen[expected][got.role];
    if (got.role == expected) ++score.right;
    else score.misses.push_back({line.value("id", ""), expected, got.role, got.because});
  }
  return score;
}

inline std::string table(const Score& score) {
  static const std::vector<std::string> roles{"router", "architect", "coder", "tester", "default"};
  std::string out;
  char cells[200];
  std::snprintf(cells, sizeof cells, "%d of %d right (%.1f %%), %d wrongly to router\n\n%-10s %9s %7s %9s   got", score.right, score.all,
                score.all ? 100.0 * score.right / score.all : 0.0, score.wrongly("router"), "expected", "precision", "recall", "requests");
  out += cells;
  for (const auto& role : roles) std::snprintf(cells, sizeof cells, " %9s", role.c_str()), out += cells;
  out += "\n";
  for (const auto& role : roles) {
    std::snprintf(cells, sizeof cells, "%-10s %9.2f %7.2f %9d      ", role.c_str(), score.precision(role), score.recall(role), score.expected(role));
    out += cells;
    for (const auto& got : roles) std::snprintf(cells, sizeof cells, " %9d", score.count(role, got)), out += cells;
    out += "\n";
  }
  for (const auto& miss : score.misses)
    out += "\nmiss " + miss.id + ": " + miss.expected + " went to " + miss.got + (miss.because.empty() ? "" : ", by " + miss.because);
  return out + (score.misses.empty() ? "" : "\n");
}

}  // namespace rr::bench
