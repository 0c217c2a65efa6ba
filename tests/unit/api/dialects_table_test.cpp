// README's table of members that a dialect refuses or ignores, row by row.
#include "api/dialects/translation.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

#include <set>

namespace dialects_table_test {

using namespace rr;
using namespace rr::api;

namespace {

struct Row { std::string route, sent, how; };

std::string inside_ticks(const std::string& cell) {
  const auto from = cell.find('`'), to = cell.rfind('`');
  return from == cell.npos || to == from ? "" : cell.substr(from + 1, to - from - 1);
}

std::vector<Row> rows() {
  std::vector<Row> out;
  std::istringstream in(test::file("README.md"));
  for (std::string line; std::getline(in, line);) {
    const bool refused = line.find("| refused |") != line.npos, ignored = line.find("| ignored |") != line.npos;
    if (!line.starts_with("| `/v1/") || (!refused && !ignored)) continue;
    const auto second = line.find('|', 1), third = line.find(refused ? "| refused |" : "| ignored |");
    out.push_back({inside_ticks(line.substr(0, second)), inside_ticks(line.substr(second, third - second)), refused ? "refused" : "ignored"});
  }
  return out;
}

// A request that is accepted, without the member of the row.
Json base(const std::string& route, const std::string& without) {
  Json out{{"model", "coder"}};
  if (route == "/v1/chat/completions" || route == "/v1/messages") out["messages"] = Json::parse(R"([{"role":"user","content":"hi"}])");
  if (route == "/v1/messages") out["max_tokens"] = 5;
  if (route == "/v1/completions") out["prompt"] = "hi";
  if (route == "/v1/embeddings" || route == "/v1/responses") out["input"] = "hi";
  out.erase(without);
  return out;
}

}  // namespace

TEST_CASE("every member that README says is refused is refused by its name, every ignored one changes nothing for the node") {
  const auto settings = test::two_macs();
  const auto fleet = test::two_nodes();
  const RoleNames names(settings);
  std::set<std::string> routes;
  int refused = 0, ignored = 0;
  for (const Row& row : rows()) {
    CAPTURE(row.route);
    CAPTURE(row.sent);
    routes.insert(row.route);
    const Json member = Json::parse("{" + row.sent + "}", nullptr, false);
    REQUIRE(member.is_object());
    const std::string name = member.begin().key();
    const auto native = [&](const Json& body) -> std::string {
      const test::Body text(body.dump());
      const auto where = route(test::head("POST", row.route));
      REQUIRE(where.has_value());
      const auto members = read_members(text, where->kind);
      if (!members) return "no: " + members.error().sentence;
      const auto ask = classify(test::head("POST", row.route), *where, *members, {settings, names, fleet, "key"});
      if (!ask) return "no: " + ask.error().sentence;
      const auto pieces = translation(where->kind, *members, {})->to_native(*members, *ask, {.model = "m", .num_ctx = 9});
      return pieces ? pieces->joined() : "no: " + pieces.error().code + " " + pieces.error().sentence;
    };
    Json with = base(row.route, name);
    with[name] = member[name];
    const std::string plain = native(base(row.route, "")), said = native(with);
    REQUIRE(plain.starts_with("{"));
    if (row.how == "refused") {
      ++refused;
      CHECK(said.starts_with("no: "));
      CHECK(said.find(name) != std::string::npos);
    } else {
      ++ignored;
      CHECK(said == plain);
    }
  }
  MESSAGE(refused << " members refused, " << ignored << " ignored");
  CHECK(routes.size() == 5);
  CHECK(refused >= 14);
  CHECK(ignored >= 18);
}

}  // namespace dialects_table_test
