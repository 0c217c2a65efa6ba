#include "api/endpoint_shape.hpp"
#include "api/node_speech.hpp"
#include "app/commands.hpp"
#include "app/explain.hpp"
#include "settings/load.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

namespace rr::app {

namespace {

std::string percent(const std::string& text) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) || c == '-' || c == '_' || c == '.') out += c;
    else out += '%', out += hex[u >> 4], out += hex[u & 15];
  }
  return out;
}

wire::Task<void> ask_router(wire::Upstream& upstream, Address address, std::string target, std::string body, std::string& out, int& status) {
  auto connection = co_await upstream.connect(address);
  if (!connection) co_return;
  RequestHead head{.method = "POST", .target = target, .fields = {{"Accept", "text/plain"}, {"Content-Type", "application/json"}}};
  const std::array<std::string_view, 1> pieces{body};
  auto reply = co_await connection->exchange(std::move(head), pieces, std::chrono::seconds(5));
  if (!reply) co_return;
  auto rest = co_await connection->read_rest(1u << 20, std::chrono::seconds(5));
  if (!rest) co_return;
  status = reply->head.status;
  out = std::move(*rest);
}

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
  const std::string target = role.empty() ? "/explain" : "/role/" + percent(role) + "/explain";
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
  wire::asio::io_context io{1};
  wire::Upstream upstream(io.get_executor(), {});
  std::string answer;
  int status = 0;
  wire::asio::co_spawn(io, ask_router(upstream, settings.listen.front(), target, body, answer, status), wire::asio::detached);
  io.run_for(std::chrono::seconds(8));
  if (status == 200) return std::fputs(answer.c_str(), stdout), 0;
  if (status != 0) return std::printf("refused  %d: %s\n", status, api::parse_error(answer).c_str()), 1;
  if (!known) return std::fputs("role-router explain: no router answers and no configuration was found; give --config FILE\n", stderr), 2;
  std::printf("no router answers at %s: from %s alone, what is resident is not known\n\n", to_text(settings.listen.front()).c_str(), path.c_str());
  return from_the_file(settings, target, body);
}

}  // namespace rr::app
