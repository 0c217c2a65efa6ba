#include "api/quote.hpp"

#include "api/json.hpp"

namespace rr::api {

std::string quote(std::string_view text) {
  return Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace rr::api
