// Requests recorded from published clients (tests/conformance/clients): those to routes that are served are read and classified.
#include "api/dialects/translation.hpp"
#include "api/splice.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>

namespace clients_test {

using namespace rr;
using namespace rr::api;

namespace {

struct Recorded {
  std::string name;  // client/scenario
  RequestHead head;
  std::string body;
};

std::vector<Recorded> recorded() {
  std::vector<Recorded> out;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(RR_SOURCE_DIR) + "/tests/conformance/clients")) {
    if (entry.path().extension() != ".jsonl") continue;
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      const auto json = Json::parse(line);
      Recorded request{.name = json["client"].get<std::string>() + "/" + json["scenario"].get<std::string>(),
                       .head = test::head(json["method"], json["target"]), .body = json["body"]};
      for (const auto& field : json["headers"]) request.head.fields.push_back({field[0], field[1]});
      out.push_back(std::move(request));
    }
  }
  return out;
}

Fleet town() {
  auto fleet = test::two_nodes();
  for (const char* name : {"gpt-4o-mini:latest", "claude-sonnet-4-5:latest"}) fleet.nodes[1].installed.push_back(test::installed(name));
  return fleet;
}

}  // namespace

TEST_CASE("every recorded request to a served route finds its route, and its body is read and classified") {
  const auto settings = test::two_macs();
  const auto fleet = town();
  const RoleNames names(settings);
  std::set<std::string> clients;
  int requests = 0, bodies = 0, by_path = 0, by_header = 0;
  for (const auto& request : recorded()) {
    CAPTURE(request.name);
    CAPTURE(request.head.target);
    clients.insert(request.name.substr(0, request.name.find('/')));
    ++requests;
    const auto where = route(request.head);
    REQUIRE(where.has_value());
    CHECK(where->kind != Kind::known_refused);
    if (request.head.method != "POST") continue;
    const test::Body body(request.body);
    const auto members = read_members(body, where->kind);
    if (request.name == "curl/bad_json") {
      CHECK(members.error().sentence == "unexpected EOF");
      continue;
    }
    REQUIRE_MESSAGE(members.has_value(), (members ? "" : members.error().sentence));
    const auto ask = classify(request.head, *where, *members, {settings, names, fleet, "key"});
    REQUIRE_MESSAGE(ask.has_value(), (ask ? "" : ask.error().sentence));
    CHECK_FALSE(ask->session.empty());
    ++bodies;
    by_path += ask->source == RoleSource::path;
    by_header += ask->source == RoleSource::header;

    const Edits edits{.model = ask->model.spelt(), .num_ctx = 8192, .keep_alive = "-1"};
    if (where->kind == Kind::count_tokens) continue;
    const auto other = translation(where->kind, *members, {.unique = "1", .created = 1, .model = ask->asked_model});
    const auto sent = other ? other->to_native(*members, *ask, edits) : Result<Pieces>(splice(body, *members, edits));
    REQUIRE_MESSAGE(sent.has_value(), (sent ? "" : sent.error().sentence));
    const auto native = Json::parse(sent->joined());
    CHECK(native["model"] == ask->model.spelt());
    CHECK(native["options"]["num_ctx"] == 8192);
    if (where->kind == Kind::chat_completions) CHECK(native["messages"].size() >= members->messages);
    if (where->kind == Kind::messages || where->kind == Kind::responses) CHECK(native["messages"].size() > 0);
  }
  MESSAGE(requests << " requests of " << clients.size() << " clients, " << bodies << " with a body; role by path " << by_path << ", by header " << by_header);
  CHECK(requests > 600);
  CHECK(clients.size() > 30);
  CHECK(bodies > 550);
  CHECK(by_path > 20);
  CHECK(by_header > 10);
}

}  // namespace clients_test
