// What stands before the handlers, as in the real server: redirects, CORS, the Host check, routes and methods. Pure.
#pragma once

#include "domain/http.hpp"

#include <optional>
#include <string>

namespace rr::sim {

// An answer made of fields and a short body. Fields are in Go's order: by name.
struct Short {
  int status = 0;
  Fields fields;
  std::string body;
};

struct Passed {
  std::optional<Short> answer;  // the request ends here
  Fields fields;                // CORS fields for the handler's answer
  std::string path;             // decoded, without the query
};
// `loopback`: the listener is bound to a loopback address (only then Host is looked at).
Passed pass(const RequestHead&, bool loopback);

}  // namespace rr::sim
