// Which router a command means, and what it says when there is none.
#include "api/role_names.hpp"
#include "app/ask_router.hpp"
#include "app/commands.hpp"
#include "settings/load.hpp"

#include <cstdio>

namespace rr::app {

std::optional<Address> find_router(const char* command, const std::string& url, const std::string& config) {
  if (!url.empty()) {
    const auto address = router_address(url);
    if (!address) std::fprintf(stderr, "role-router %s --url %s: write it as in http://localhost:8000\n", command, url.c_str());
    return address;
  }
  std::vector<std::string> looked;
  const std::string path = find_config(config, looked);
  if (path.empty() && config.empty()) return Settings{}.listen.front();
  const settings::Loaded loaded = settings::load_file(path.empty() ? config : path, api::fold_name);
  if (loaded.settings) return loaded.settings->listen.front();
  std::fputs(settings::print(loaded.problems, path.empty() ? config : path).c_str(), stderr);
  return std::nullopt;
}

int no_router(const char* command, const Address& address) {
  std::fprintf(stderr, "role-router %s: no router answers at %s: start it (role-router serve), or say where it is: --url http://HOST:PORT\n", command,
               to_text(address).c_str());
  return 1;
}

}  // namespace rr::app
