// How far a role's model is on its way, from the router's /health, in words.
#pragma once

#include "api/json.hpp"
#include "domain/values.hpp"

#include <string>

namespace rr::app {

struct Progress {
  std::string bar{};    // "[#####...............]": elapsed of elapsed and expected
  std::string phase{};  // "loading qwen3-coder:30b on mac-mini": changes when something new begins
  std::string words{};  // the phase, and the time: "..., 12 s of about 27 s"
};

Progress progress_words(const api::Json& health, const std::string& role, Duration elapsed);

}  // namespace rr::app
