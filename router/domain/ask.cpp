#include "domain/ask.hpp"

#include <cstdio>

namespace rr {

std::string_view to_text(RoleSource source) {
  switch (source) {
    case RoleSource::header: return "header";
    case RoleSource::path: return "path";
    case RoleSource::model: return "model";
    case RoleSource::body: return "body";
    case RoleSource::key: return "key";
    case RoleSource::model_of_role: return "model_of_role";
    case RoleSource::shape: return "shape";
    case RoleSource::prompt: return "prompt";
    case RoleSource::default_role: return "default";
    case RoleSource::none: break;
  }
  return "none";
}

std::string id_text(TicketId id) {
  char text[32];
  std::snprintf(text, sizeof text, "r-%06llu", static_cast<unsigned long long>(id));
  return text;
}

}  // namespace rr
