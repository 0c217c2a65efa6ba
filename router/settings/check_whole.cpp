#include "settings/draft.hpp"

namespace rr::settings {

void check_whole(Draft&) {}

}  // namespace rr::settings
