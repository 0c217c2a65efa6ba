#include "app/admin_rule.hpp"

#include "domain/door.hpp"

namespace rr::app {

namespace {

bool loopback(const wire::tcp::endpoint& end) {
  const auto address = end.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return wire::asio::ip::make_address_v4(wire::asio::ip::v4_mapped, address.to_v6()).is_loopback();
  return address.is_loopback();
}

}  // namespace

bool loopback_peer(const wire::Client& client) { return loopback(client.peer()); }

std::optional<Refusal> admin_only(const Call& call) {
  return rr::admin_only(call.route.path, call.request.head.fields, loopback_peer(call.client));
}

// What a tunnel brings to localhost comes from outside all the same.
std::optional<Refusal> admin_only_outside(const Call& call) {
  if (loopback(call.client.local()) && !forwarded(call.request.head.fields)) return std::nullopt;
  return admin_only(call);
}

}  // namespace rr::app
