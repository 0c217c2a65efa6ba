#include "domain/foreign.hpp"

#include <utility>

namespace rr {

namespace {
constexpr Duration for_a_load = std::chrono::minutes(2);  // between the going of ours and the coming of theirs
constexpr Duration quiet = std::chrono::minutes(5);
}  // namespace

void Foreign::ours(const ModelName& model) {
  ours_.insert(model);
  leaving_.erase(model);
}

void Foreign::leaves(const ModelName& model) {
  ours_.erase(model);
  leaving_.insert(model);
}

bool Foreign::observed(const std::vector<Resident>& residents, Time now) {
  std::set<ModelName> now_there;
  for (const Resident& r : residents) now_there.insert(r.name);
  const std::set<ModelName> before = std::exchange(there_, std::move(now_there));
  if (std::exchange(first_, false)) {
    for (const ModelName& model : there_) ours_.insert(model);
    return false;
  }
  for (const ModelName& model : before)
    if (there_.count(model) == 0 && ours_.erase(model) > 0) taken_ = now;
  std::erase_if(leaving_, [&](const ModelName& model) { return before.count(model) > 0 && there_.count(model) == 0; });
  bool came = false;
  for (const ModelName& model : there_) {
    if (before.count(model) > 0 || ours_.count(model) > 0 || leaving_.count(model) > 0) continue;
    came = true;
    last_ = model;
    ++swaps_;
  }
  if (!came) return false;
  if (off_until_ && now < *off_until_) off_until_ = now + quiet;
  if (!taken_ || now - *taken_ > for_a_load) return true;
  taken_.reset();
  if (reversed_ && now - *reversed_ <= quiet) off_until_ = now + quiet;
  reversed_ = now;
  return true;
}

}  // namespace rr
