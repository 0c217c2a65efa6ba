// What a decoded request is: refused, an unload, a load, or something to compute (the checks of Ollama's handlers in their order).
#pragma once

#include "sim/requests.hpp"

namespace rr::sim {

struct Admission {
  int status = 200;
  std::string error;                  // with a status other than 200
  const ModelSpec* model = nullptr;
  enum class Kind { compute, load, unload } kind = Kind::compute;
  Options options;
};
Admission admit(const NodeSpec&, const Decoded&);

// `invalid format: ...`, raised by the engine once the request computes; "" = fine.
std::string format_error(const Asked&);

}  // namespace rr::sim
