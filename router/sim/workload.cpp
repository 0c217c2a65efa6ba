#include "sim/workload.hpp"

#include "api/json.hpp"

#include <algorithm>
#include <sstream>

namespace rr::sim {

namespace {

using api::Json;

constexpr const char* first_line = "the first line must say \"format\":\"swap-script/1\"";

struct ScriptReader {
  const Json& line;
  std::string wrong{};  // the first member that is not as it should be
  double number(const char* name) {
    const auto found = line.find(name);
    if (found != line.end() && found->is_number() && found->get<double>() >= 0 && found->get<double>() < 1e12) return found->get<double>();
    if (wrong.empty()) wrong = std::string(name) + " must be a number of 0 or more";
    return 0;
  }
  std::int64_t count(const char* name) { return static_cast<std::int64_t>(number(name)); }
  std::string word(const char* name) {
    const auto found = line.find(name);
    if (found != line.end() && found->is_string() && !found->get<std::string>().empty()) return found->get<std::string>();
    if (wrong.empty()) wrong = std::string(name) + " must be a word";
    return "";
  }
  bool flag(const char* name) {
    const auto found = line.find(name);
    return found != line.end() && found->is_boolean() && found->get<bool>();
  }
};

void read_header(ScriptReader& in, Workload& out) {
  const auto call = in.line.find("router_call");
  if (call == in.line.end() || !call->is_object()) return;
  ScriptReader inner{*call};
  out.router_prompt = inner.count("prompt_tokens");
  out.router_new = inner.count("new_tokens");
  out.router_output = inner.count("output_tokens");
  in.wrong = inner.wrong;
}

void read_turn(ScriptReader& in, Workload& out) {
  const std::string name = in.word("session");
  auto session = std::find_if(out.sessions.begin(), out.sessions.end(), [&](const WorkSession& s) { return s.name == name; });
  if (session == out.sessions.end()) {
    const auto start = in.line.find("start_s");
    out.sessions.push_back({.name = name, .start = from_seconds(start == in.line.end() || start->is_null() ? 0 : in.number("start_s"))});
    session = out.sessions.end() - 1;
  }
  session->turns.push_back({.think = from_seconds(in.number("think_s")), .router_first = in.flag("router_first"), .role = in.word("role"),
                            .prompt_tokens = in.count("prompt_tokens"), .new_tokens = in.count("new_tokens"),
                            .output_tokens = in.count("output_tokens"), .history_reset = in.flag("history_reset")});
}

}  // namespace

boost::system::result<Workload, std::string> read_workload(const std::string& text, std::string name) {
  const auto no = [](std::string why) { return boost::system::result<Workload, std::string>(boost::system::in_place_error, std::move(why)); };
  Workload out;
  out.name = std::move(name);
  std::istringstream lines(text);
  int number = 0;
  bool header = false;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = out.name + ":" + std::to_string(number) + ": ";
    const Json value = Json::parse(line, nullptr, false);
    if (!value.is_object()) return no(where + "not a JSON object");
    ScriptReader in{value};
    if (!header) {
      if (value.value("format", Json()) != "swap-script/1") return no(where + first_line);
      header = true;
      read_header(in, out);
    } else {
      read_turn(in, out);
    }
    if (!in.wrong.empty()) return no(where + in.wrong);
  }
  if (!header) return no(out.name + ": empty; " + first_line);
  if (out.sessions.empty()) return no(out.name + ": no turn follows the header");
  return out;
}

}  // namespace rr::sim
