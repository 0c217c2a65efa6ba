// What a request-target may look like: origin-form, no way to mean two paths at once.
#pragma once

#include <string_view>

namespace rr::wire {

// "" = good; else what is wrong, for a sentence. Percent-encoding is checked for form; which path segments may
// hold it at all is the table of endpoints' matter.
std::string_view wrong_target(std::string_view target);

// A Host field's value: a name or a literal, and perhaps a port.
bool good_host(std::string_view host);

}  // namespace rr::wire
