#include "api/role_names.hpp"

#include <cstdlib>

#include <utf8proc.h>

namespace rr::api {

std::string fold_name(std::string_view name) {
  utf8proc_uint8_t* folded = nullptr;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(name.data()),
                                 static_cast<utf8proc_ssize_t>(name.size()), &folded, options);
  if (size < 0) return std::string(name);
  std::string out(reinterpret_cast<const char*>(folded), static_cast<std::size_t>(size));
  std::free(folded);
  return out;
}

RoleNames::RoleNames(const Settings& settings) {
  for (const auto& role : settings.roles) by_name_.emplace(fold_name(role.name), &role);
  for (const auto& role : settings.roles) {
    if (!list_.empty()) list_ += ", ";
    list_ += role.name;
    for (std::size_t i = 0; i < role.also_called.size(); ++i) {
      by_name_.emplace(fold_name(role.also_called[i]), &role);
      list_ += (i == 0 ? " (" : ", ") + role.also_called[i];
    }
    if (!role.also_called.empty()) list_ += ")";
  }
}

const RoleSettings* RoleNames::find(std::string_view name) const {
  const auto found = by_name_.find(fold_name(name));
  return found == by_name_.end() ? nullptr : found->second;
}

std::string RoleNames::list() const { return list_; }

}  // namespace rr::api
