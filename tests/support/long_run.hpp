// Whether the soaks are asked for: tests/run.sh --long.
#pragma once

#include <cstdlib>

namespace rr::test {

inline bool long_run() {
  const char* said = std::getenv("RR_LONG");
  return said && *said;
}

}  // namespace rr::test
