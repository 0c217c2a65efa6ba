#include "domain/policy/smart.hpp"

#include <algorithm>

namespace rr {

bool ours(const PolicyView& view, const Held& held) {
  return held.ours || std::any_of(view.settings.roles.begin(), view.settings.roles.end(), [&](const RoleSettings& r) { return r.model == held.model; });
}

std::string why_reload(const PolicyView& view, const Held& held) {
  if (held.wedged) return "it gave no first byte in " + to_text(KeepAlive{view.settings.first_byte}) + ", and is loaded anew";
  return "it was loaded with num_ctx " + std::to_string(held.num_ctx);
}

Wish next(PolicyName name, const PolicyView& view, Time now) {
  switch (name) {
    case PolicyName::passthrough: return passthrough::next(view, now);
    case PolicyName::seed: return seed::next(view, now);
    case PolicyName::smart: return smart::next(view, now);
  }
  return std::monostate{};
}

}  // namespace rr
