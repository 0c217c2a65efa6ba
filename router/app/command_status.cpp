#include "api/status_text.hpp"
#include "app/ask_router.hpp"
#include "app/commands.hpp"

#include <cstdio>
#include <thread>
#include <unistd.h>

namespace rr::app {

namespace {
constexpr std::chrono::seconds between_pages{2};
}

int command_status(const StatusOptions& options) {
  const auto address = find_router("status", options.url, options.config);
  if (!address) return 2;
  for (;;) {
    RequestHead head{.method = "GET", .target = "/health", .fields = {}};
    const auto answer = ask_router(*address, std::move(head), "");
    const std::string page = answer ? api::status_text(answer->body) : "";
    if (!options.watch && !answer) return no_router("status", *address);
    if (!options.watch && page.empty())
      return std::fprintf(stderr, "role-router status: what answers at %s is no role-router\n", to_text(*address).c_str()), 1;
    if (options.watch && ::isatty(STDOUT_FILENO)) std::fputs("\x1b[H\x1b[2J", stdout);  // home, and an empty screen
    if (page.empty()) std::printf("no router answers at %s\n", to_text(*address).c_str());
    else std::fputs(page.c_str(), stdout);
    std::fflush(stdout);
    if (!options.watch) return answer->status == 200 ? 0 : 1;
    if (std::ferror(stdout)) return 0;  // who read it went away
    std::this_thread::sleep_for(between_pages);
  }
}

}  // namespace rr::app
