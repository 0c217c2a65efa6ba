#include "api/node_speech.hpp"
#include "api/role_names.hpp"
#include "app/ask_router.hpp"
#include "app/commands.hpp"
#include "settings/load.hpp"

#include <algorithm>
#include <cstdio>

namespace rr::app {

namespace {

bool an_id(const std::string& word) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !word.empty() && word.size() < 40 && std::all_of(word.begin(), word.end(), plain);
}

// The router of the configuration that `serve` would find, else the usual one.
std::optional<Address> listening(const std::string& config) {
  std::vector<std::string> looked;
  const std::string path = find_config(config, looked);
  if (path.empty() && config.empty()) return Settings{}.listen.front();
  const settings::Loaded loaded = settings::load_file(path.empty() ? config : path, api::fold_name);
  if (loaded.settings) return loaded.settings->listen.front();
  std::fputs(settings::print(loaded.problems, path.empty() ? config : path).c_str(), stderr);
  return std::nullopt;
}

}  // namespace

int command_why(const WhyOptions& options) {
  if (!an_id(options.which)) return std::fprintf(stderr, "role-router why %s: give last, slowest or a request's id, as in r-000412\n", options.which.c_str()), 2;
  std::optional<Address> address;
  if (!options.url.empty()) {
    address = router_address(options.url);
    if (!address) std::fprintf(stderr, "role-router why --url %s: write it as in http://localhost:8000\n", options.url.c_str());
  } else {
    address = listening(options.config);
  }
  if (!address) return 2;
  RequestHead head{.method = "GET", .target = "/requests/" + options.which, .fields = {{"Accept", options.json ? "application/json" : "text/plain"}}};
  const auto answer = ask_router(*address, std::move(head), "");
  if (!answer) {
    std::fprintf(stderr, "role-router why: no router answers at %s: start it (role-router serve), or say where it is: --url http://HOST:PORT\n",
                 to_text(*address).c_str());
    return 1;
  }
  if (answer->status == 200) return std::fputs(answer->body.c_str(), stdout), 0;
  std::fprintf(stderr, "role-router why %s: %s\n", options.which.c_str(), api::parse_error(answer->body).c_str());
  return 1;
}

}  // namespace rr::app
