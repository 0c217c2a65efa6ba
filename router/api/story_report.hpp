// GET /requests/<id>: the story of one request as JSON.
#pragma once

#include "domain/settings.hpp"
#include "domain/story.hpp"

namespace rr::api {

// `at`: when it came, RFC 3339.
std::string story(const Story&, const Settings&, const std::string& at, Time now);

}  // namespace rr::api
