// What a real request waited for: GET /requests/<id>, as JSON or as the page that `role-router why` prints.
#pragma once

#include "app/call.hpp"

namespace rr::app {

void answer_story(Call&);  // last, slowest or an id; 404 request_unknown

// As text: `at` is when it came, RFC 3339.
std::string story_page(const Story&, const Settings&, const Stories&, const std::string& at, Time now);

}  // namespace rr::app
