// How a command asks the router that runs: one request over HTTP, one whole answer.
#pragma once

#include "domain/http.hpp"
#include "domain/values.hpp"

#include <optional>
#include <string>

namespace rr::app {

struct RouterAnswer { int status = 0; std::string body{}; };

// Nothing: no router answers there within a few seconds.
std::optional<RouterAnswer> ask_router(const Address&, RequestHead, std::string body);

// "http://localhost:8000", "localhost:8000/", "localhost"; nothing: not such a thing.
std::optional<Address> router_address(std::string_view url);

}  // namespace rr::app
