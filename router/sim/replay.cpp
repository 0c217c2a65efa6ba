#include "sim/replay.hpp"

#include "api/json.hpp"
#include "api/rfc3339.hpp"

#include <algorithm>
#include <sstream>

namespace rr::sim {

namespace {

using api::Json;

struct Line {
  double at = 0, end = 0;  // seconds since 1970
  std::string session, role;
  std::int64_t prompt = 0, output = 0;
  double first_byte = 0, queued = 0;  // seconds
};

double number(const Json& line, const char* name) {
  const auto found = line.find(name);
  return found != line.end() && found->is_number() ? std::clamp(found->get<double>(), 0.0, 1e12) : 0;
}

std::string word(const Json& line, const char* name) {
  const auto found = line.find(name);
  return found != line.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<Line> line_of(const Json& json) {
  Line out{.session = word(json, "session"), .role = word(json, "role"), .prompt = static_cast<std::int64_t>(number(json, "prompt_tokens")),
           .output = static_cast<std::int64_t>(number(json, "output_tokens")), .first_byte = number(json, "first_byte_ms") / 1000,
           .queued = number(json, "queued_ms") / 1000};
  const auto at = api::seconds_since_1970(word(json, "at"));
  if (!at || word(json, "outcome") != "ok" || out.role.empty() || out.prompt == 0 || out.output == 0) return std::nullopt;
  out.at = *at;
  out.end = *at + number(json, "took_ms") / 1000;
  return out;
}

struct Lane {
  std::size_t session = 0;  // index in the workload
  std::string name{};
  double end = 0;
  std::map<RoleName, std::int64_t> seen{};  // prompt and answer of the role's last turn
};

// The first lane of the session that is free when the request comes; else a new one.
Lane& lane_for(const Line& line, double begin, std::vector<Lane>& lanes, Workload& work) {
  int taken = 0;
  for (Lane& lane : lanes) {
    if (lane.name != line.session) continue;
    if (lane.end <= line.at) return lane;
    ++taken;
  }
  lanes.push_back({.session = work.sessions.size(), .name = line.session, .end = line.at});
  work.sessions.push_back({.name = line.session + (taken ? "#" + std::to_string(taken + 1) : ""), .start = from_seconds(line.at - begin)});
  return lanes.back();
}

void add(const Line& line, double begin, std::vector<Lane>& lanes, Workload& work) {
  Lane& lane = lane_for(line, begin, lanes, work);
  const std::int64_t before = lane.seen[line.role];
  const bool goes_on = before > 0 && line.prompt >= before;
  work.sessions[lane.session].turns.push_back({.think = from_seconds(line.at - lane.end), .role = line.role, .prompt_tokens = line.prompt,
                                               .new_tokens = goes_on ? line.prompt - before : line.prompt, .output_tokens = line.output,
                                               .history_reset = before > 0 && !goes_on});
  lane.seen[line.role] = line.prompt + line.output;
  lane.end = line.end;
}

Played as_it_was(const std::vector<Line>& lines, int loads) {
  Played out{.loads = loads};
  std::map<RoleName, std::vector<double>> ttft;
  for (const Line& line : lines) {
    out.makespan_s = std::max(out.makespan_s, line.end - lines.front().at);
    out.worst_wait_s = std::max(out.worst_wait_s, line.queued);
    ttft[line.role].push_back(line.first_byte);
  }
  sum_up(ttft, out);
  return out;
}

}  // namespace

boost::system::result<Recorded, std::string> read_access_log(const std::string& text, std::string name) {
  Recorded out;
  out.work.name = name;
  std::vector<Line> lines;
  int loads = 0;
  std::istringstream all(text);
  for (std::string raw; std::getline(all, raw);) {
    const Json json = Json::parse(raw, nullptr, false);
    if (!json.is_object()) continue;
    if (word(json, "what") == "fleet" && word(json, "text").find(": loaded ") != std::string::npos) ++loads;
    if (word(json, "what") != "request" || word(json, "role").empty()) continue;
    if (auto line = line_of(json)) lines.push_back(std::move(*line));
    else ++out.left_out;
  }
  if (lines.empty())
    return boost::system::result<Recorded, std::string>(
        boost::system::in_place_error, name + ": no answered request of a role in it; `access_log: access.jsonl` in the YAML writes such a file");
  out.requests = lines.size();
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.at < b.at; });
  std::vector<Lane> lanes;
  for (const Line& line : lines) add(line, lines.front().at, lanes, out.work);
  out.day = as_it_was(lines, loads);
  return out;
}

}  // namespace rr::sim
