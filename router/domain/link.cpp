#include "domain/link.hpp"

#include <algorithm>
#include <cstdio>

namespace rr {

namespace {

constexpr int good_before_back = 3, misses_before_down = 2;
constexpr Duration shortest_hold = std::chrono::seconds(10), longest_hold = std::chrono::seconds(160);
constexpr Duration relapse = std::chrono::minutes(2);  // fails again so soon after it was taken back
constexpr Duration often = std::chrono::seconds(2), confirming = std::chrono::seconds(1), seldom = std::chrono::seconds(10);
constexpr Duration long_dead = std::chrono::minutes(1), for_long_dead = std::chrono::seconds(5);

int rank(const Link& link) { return link.state == NodeState::up ? 0 : link.state == NodeState::unknown ? 1 : 2; }

}  // namespace

std::string_view kind(const Address& address) {
  const std::string host = lower(address.host);
  unsigned first = 0, second = 0;
  if (std::sscanf(host.c_str(), "%u.%u.", &first, &second) == 2) {
    if (first == 127) return "this machine";
    if (first == 100 && second >= 64 && second < 128) return "Tailscale";
    return first == 169 && second == 254 ? "link-local" : "";
  }
  if (host == "localhost" || host == "::1") return "this machine";
  if (host.ends_with(".ts.net") || host.starts_with("fd7a:115c:a1e0:")) return "Tailscale";
  if (host.ends_with(".local")) return "same network";
  return host.starts_with("fe80:") ? "link-local" : "";
}

std::string described(const Address& address) {
  const auto what = kind(address);
  return to_text(address) + (what.empty() ? "" : " (" + std::string(what) + ")");
}

Links::Links(const std::vector<Address>& addresses, Time now) { settings(addresses, now); }

const Link* Links::in_use() const { return used_ && links_[*used_].state == NodeState::up ? &links_[*used_] : nullptr; }

std::vector<Address> Links::order() const {
  std::vector<const Link*> sorted;
  for (const Link& link : links_) sorted.push_back(&link);
  const Link* first = in_use();
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Link* a, const Link* b) {
    return (a == first) != (b == first) ? a == first : rank(*a) < rank(*b);
  });
  std::vector<Address> out;
  for (const Link* link : sorted) out.push_back(link->address);
  return out;
}

std::optional<LinkChange> Links::heard(const Address& address, Duration rtt, Time now) {
  Link* link = find(address);
  if (!link) return std::nullopt;
  link->asked = link->heard = now;
  link->rtt = rtt;
  link->missed = link->probed = 0;
  link->given_up = false;
  ++link->good;
  if (link->state != NodeState::up) link->since = now;
  link->state = NodeState::up;
  link->why.clear();
  const auto index = static_cast<std::size_t>(link - links_.data());
  if (!in_use()) {
    if (used_ == index) return std::nullopt;
    if (used_) leave(now);
    return use(index, used_ ? links_[*used_].why : "", now);
  }
  if (index >= *used_) return std::nullopt;
  const bool proved = !link->failed_once || (link->good >= good_before_back && !(left_ && now - *left_ < hold_));
  if (!proved) return std::nullopt;
  if (link->failed_once) back_ = now;
  return use(index, "", now);
}

std::optional<LinkChange> Links::failed(const Address& address, std::string why, Evidence evidence, Time now) {
  Link* link = find(address);
  if (!link) return std::nullopt;
  link->asked = now;
  link->good = 0;
  if (link->missed == 0) link->missing = now;
  ++link->missed;
  link->probed += evidence == Evidence::probe;
  link->failed_once = true;
  if (link->state == NodeState::down || evidence == Evidence::certain || link->missed >= misses_before_down) {
    if (link->state != NodeState::down) link->since = now;
    link->state = NodeState::down;
    link->why = std::move(why);
  }
  const auto index = static_cast<std::size_t>(link - links_.data());
  if (link->state != NodeState::down || used_ != index) return std::nullopt;
  const auto other = best();
  if (!other) return std::nullopt;
  leave(now);
  return use(*other, link->why, now);
}

std::vector<Address> Links::to_give_up() {
  std::vector<Address> out;
  for (Link& link : links_) {
    if (link.state != NodeState::down || link.probed < misses_before_down || link.given_up || !vouched(link)) continue;
    link.given_up = true;
    out.push_back(link.address);
  }
  return out;
}

void Links::forget(Time now) {
  for (Link& link : links_) link = {.address = link.address, .since = now};
  used_.reset();
  left_.reset();
  back_.reset();
}

void Links::settings(const std::vector<Address>& addresses, Time now) {
  const std::optional<Address> used = used_ ? std::optional(links_[*used_].address) : std::nullopt;
  std::vector<Link> next;
  for (const Address& address : addresses) {
    const Link* known = find(address);
    next.push_back(known ? *known : Link{.address = address, .since = now});
  }
  links_ = std::move(next);
  used_.reset();
  for (std::size_t i = 0; i < links_.size(); ++i)
    if (used == links_[i].address) used_ = i;
  if (!used_) used_ = best();
}

Duration Links::every(const Link& link, Time now) const {
  if (link.state != NodeState::down && link.missed > 0) return confirming;
  const auto asks = [&](const Link& l) { return l.missed > 0 && !l.given_up && &l != &link && link.heard <= l.missing; };  // is it the link or the machine?
  if (link.state == NodeState::up && std::any_of(links_.begin(), links_.end(), asks)) return confirming;
  const Link* used = in_use();
  if (used && &link > used) return seldom;
  return link.state == NodeState::down && now - link.since > long_dead ? for_long_dead : often;
}

Link* Links::find(const Address& address) {
  const auto found = std::find_if(links_.begin(), links_.end(), [&](const Link& l) { return l.address == address; });
  return found == links_.end() ? nullptr : &*found;
}

std::optional<LinkChange> Links::use(std::size_t index, std::string why, Time now) {
  LinkChange change{.to = links_[index].address, .why = std::move(why)};
  if (used_ && *used_ != index) change.from = links_[*used_].address;
  if (left_) change.away = now - *left_;
  used_ = index;
  return change;
}

void Links::leave(Time now) {
  hold_ = back_ && now - *back_ < relapse ? std::min(2 * hold_, longest_hold) : shortest_hold;
  left_ = now;
}

bool Links::vouched(const Link& lost) const {
  return std::any_of(links_.begin(), links_.end(), [&](const Link& l) { return l.state == NodeState::up && l.heard > lost.missing; });
}

std::optional<std::size_t> Links::best() const {
  for (std::size_t i = 0; i < links_.size(); ++i)
    if (links_[i].state == NodeState::up) return i;
  return std::nullopt;
}

}  // namespace rr
