#include "domain/policy/smart.hpp"

namespace rr {

Wish next(PolicyName name, const PolicyView& view, Time now) {
  switch (name) {
    case PolicyName::passthrough: return passthrough::next(view, now);
    case PolicyName::seed: return seed::next(view, now);
    case PolicyName::smart: return smart::next(view, now);
  }
  return std::monostate{};
}

}  // namespace rr
