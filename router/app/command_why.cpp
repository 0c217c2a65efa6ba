#include "api/node_speech.hpp"
#include "app/ask_router.hpp"
#include "app/commands.hpp"

#include <algorithm>
#include <cstdio>

namespace rr::app {

namespace {

bool an_id(const std::string& word) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !word.empty() && word.size() < 40 && std::all_of(word.begin(), word.end(), plain);
}

}  // namespace

int command_why(const WhyOptions& options) {
  if (!an_id(options.which)) return std::fprintf(stderr, "role-router why %s: give last, slowest or a request's id, as in r-000412\n", options.which.c_str()), 2;
  const auto address = find_router("why", options.url, options.config);
  if (!address) return 2;
  RequestHead head{.method = "GET", .target = "/requests/" + options.which, .fields = {{"Accept", options.json ? "application/json" : "text/plain"}}};
  const auto answer = ask_router(*address, std::move(head), "");
  if (!answer) return no_router("why", *address);
  if (answer->status == 200) return std::fputs(answer->body.c_str(), stdout), 0;
  std::fprintf(stderr, "role-router why %s: %s\n", options.which.c_str(), api::parse_error(answer->body).c_str());
  return 1;
}

}  // namespace rr::app
