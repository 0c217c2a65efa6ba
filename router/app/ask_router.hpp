// How a command asks the router that runs: one request over HTTP, one whole answer.
#pragma once

#include "domain/http.hpp"
#include "domain/values.hpp"

#include <optional>
#include <string>

namespace rr::app {

struct RouterAnswer { int status = 0; std::string body{}; };

// Nothing: no router answers there within a few seconds, or, when it may `take_its_time`, it went away.
std::optional<RouterAnswer> ask_router(const Address&, RequestHead, std::string body, bool take_its_time = false);

// "http://localhost:8000", "localhost:8000/", "localhost"; nothing: not such a thing.
std::optional<Address> router_address(std::string_view url);

// The router of --url; without one that of the configuration that `serve` would find, else the usual one. Nothing: why not was said.
std::optional<Address> find_router(const char* command, const std::string& url, const std::string& config);
int no_router(const char* command, const Address&);  // says that none answers there; exit code 1

}  // namespace rr::app
