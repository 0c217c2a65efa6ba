#include "api/endpoint_shape.hpp"
#include "api/node_speech.hpp"
#include "api/percent.hpp"
#include "app/ask_router.hpp"
#include "app/commands.hpp"
#include "app/explain.hpp"
#include "settings/load.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

namespace rr::app {

namespace {

std::optional<std::string> slurp(const std::string& request) {
  std::stringstream text;
  if (request == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream file(request, std::ios::binary);
    if (!file) return std::nullopt;
    text << file.rdbuf();
  }
  return text.str();
}

int from_the_file(const Settings& settings, const std::string& target, const std::string& body) {
  const Time now = std::chrono::steady_clock::now();
  const Dispatch dispatch(std::make_shared<const Settings>(settings), now);
  const api::RoleNames names(settings);
  RequestHead head{.method = "POST", .target = target, .fields = {}};
  auto route = api::route(head);
  if (!route) return std::printf("%s\n", route.error().sentence.c_str()), 1;
  const std::string padded = body + std::string(64, '\0');
  auto members = api::read_members(std::string_view(padded).substr(0, body.size()));
  if (!members) return std::printf("%s\n", members.error().sentence.c_str()), 1;
  route->kind = api::kind_of(*members);
  auto ask = api::classify(head, *route, *members, {settings, names, dispatch.fleet(), "explain"});
  if (!ask) return std::printf("refused  %d %s: %s\n", ask.error().status, ask.error().code.c_str(), ask.error().sentence.c_str()), 1;
  std::fputs(text(explain(*ask, settings, dispatch, now)).c_str(), stdout);
  return 0;
}

}  // namespace

int command_explain(const std::string& config, const std::string& role, const std::string& request) {
  std::string body = "{\"model\":\"auto\"}";
  if (!request.empty()) {
    auto read = slurp(request);
    if (!read) return std::fprintf(stderr, "role-router explain: %s cannot be read\n", request.c_str()), 2;
    body = std::move(*read);
  }
  const std::string target = role.empty() ? "/explain" : "/role/" + api::encoded(role) + "/explain";
  std::vector<std::string> looked;
  const std::string path = find_config(config, looked);
  Settings settings;  // none found: the default address of the router is asked all the same
  bool known = false;
  if (!path.empty()) {
    const settings::Loaded loaded = settings::load_file(path, api::fold_name);
    if (!loaded.settings) {
      std::fputs(settings::print(loaded.problems, path).c_str(), stderr);
      return 2;
    }
    settings = *loaded.settings;
    known = true;
  }
  RequestHead head{.method = "POST", .target = target, .fields = {{"Accept", "text/plain"}, {"Content-Type", "application/json"}}};
  if (const auto answer = ask_router(settings.listen.front(), std::move(head), body)) {
    if (answer->status == 200) return std::fputs(answer->body.c_str(), stdout), 0;
    return std::printf("refused  %d: %s\n", answer->status, api::parse_error(answer->body).c_str()), 1;
  }
  if (!known) return std::fputs("role-router explain: no router answers and no configuration was found; give --config FILE\n", stderr), 2;
  std::printf("no router answers at %s: from %s alone, what is resident is not known\n\n", to_text(settings.listen.front()).c_str(), path.c_str());
  return from_the_file(settings, target, body);
}

}  // namespace rr::app
