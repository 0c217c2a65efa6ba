// Every name of every role, NFC-normalised and case-folded (utf8proc). Built once per settings.
#pragma once

#include "domain/settings.hpp"

#include <unordered_map>

namespace rr::api {

std::string fold_name(std::string_view);  // NFC + full case folding; invalid UTF-8 comes back unchanged

class RoleNames {
 public:
  explicit RoleNames(const Settings&);
  const RoleSettings* find(std::string_view name) const;  // "Coder", "설계자", "planner"; nullptr
  std::string list() const;                               // "router, architect (planner, 설계자), coder (...)" for sentences

 private:
  std::unordered_map<std::string, const RoleSettings*> by_name_;
  std::string list_;
};

}  // namespace rr::api
