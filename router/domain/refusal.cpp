#include "domain/refusal.hpp"

namespace rr {

void throw_exception_from_error(const Refusal& refusal, const boost::source_location&) { throw RefusalError{refusal}; }

}  // namespace rr
