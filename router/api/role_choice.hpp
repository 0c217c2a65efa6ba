// Which role a request asks for, how that was said, and which model that means (design section 4, Role and Model).
#pragma once

#include "api/classify.hpp"

namespace rr::api {

struct Choice {
  const RoleSettings* role = nullptr;  // none: a concrete model that no role, or more than one, owns
  RoleSource source = RoleSource::none;
  ModelName model;                     // what is to run
  std::string because{};               // of shape and prompt: the words that decided
};

// `wanted`: the client's spelling of the model, trimmed; may be empty.
Result<Choice> choose(const RequestHead&, const Route&, const Members&, const std::string& wanted, const Circumstance&);

}  // namespace rr::api
