#include "api/node_speech.hpp"
#include "api/percent.hpp"
#include "app/ask_router.hpp"
#include "app/commands.hpp"

#include <cstdio>

namespace rr::app {

int command_drain(const DrainOptions& options, bool on) {
  const char* command = on ? "drain" : "undrain";
  const std::string& node = options.node;
  const auto address = find_router(command, options.url, options.config);
  if (!address) return 2;
  if (on) std::fprintf(stderr, "%s: new requests go elsewhere or wait; waiting for what runs there to end\n", node.c_str());
  RequestHead head{.method = "POST", .target = "/admin/nodes/" + api::encoded(node) + "/" + command, .fields = {}};
  const auto answer = ask_router(*address, std::move(head), "", true);
  if (!answer) return no_router(command, *address);
  if (answer->status != 200) {
    std::fprintf(stderr, "role-router %s %s: %s\n", command, node.c_str(), api::parse_error(answer->body).c_str());
    return 1;
  }
  const bool drained = answer->body.find("\"drained\":true") != std::string::npos;
  if (on && !drained) return std::fprintf(stderr, "role-router drain %s: it was given back meanwhile (role-router undrain %s)\n", node.c_str(), node.c_str()), 1;
  if (on) std::printf("%s is drained: nothing runs there. Back with: role-router undrain %s\n", node.c_str(), node.c_str());
  else std::printf("%s takes requests again\n", node.c_str());
  return 0;
}

}  // namespace rr::app
