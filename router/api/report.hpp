// /health: indented JSON in the shape of the contract; small; numbers in the units of their names.
#pragma once

#include "domain/dispatch.hpp"

#include <string>

namespace rr::api {

struct Adoption {           // of the configuration
  std::string file{};
  int generation = 1;
  std::string adopted{};      // RFC 3339, local offset
  std::optional<std::string> refused{};  // why the newest file was not adopted
};

struct Health { int status = 200; std::string body{}; };
// 503 when a required role has been `unavailable` for over 10 s.
Health health(const Picture&, const Settings&, const Adoption&, Duration up, Time now);

}  // namespace rr::api
