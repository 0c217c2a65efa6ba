#include "app/ask_router.hpp"

#include "wire/upstream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <array>
#include <span>

namespace rr::app {

namespace {

constexpr Duration reply_patience = std::chrono::seconds(5);
constexpr std::size_t most_reply = 1u << 20;

wire::Task<void> ask(wire::Upstream& upstream, Address address, RequestHead head, std::string body, bool slow, std::optional<RouterAnswer>& out) {
  auto connection = co_await upstream.connect(address);
  if (!connection) co_return;
  const std::array<std::string_view, 1> pieces{body};
  auto reply = co_await connection->exchange(std::move(head), std::span(pieces).first(body.empty() ? 0 : 1), slow ? Duration{} : reply_patience);
  if (!reply) co_return;
  auto rest = co_await connection->read_rest(most_reply, reply_patience);
  if (!rest) co_return;
  out = RouterAnswer{reply->head.status, std::move(*rest)};
}

}  // namespace

std::optional<RouterAnswer> ask_router(const Address& address, RequestHead head, std::string body, bool take_its_time) {
  wire::asio::io_context io{1};
  wire::Upstream upstream(io.get_executor(), {});
  std::optional<RouterAnswer> out;
  wire::asio::co_spawn(io, ask(upstream, address, std::move(head), std::move(body), take_its_time, out), wire::asio::detached);
  if (take_its_time) io.run();
  else io.run_for(std::chrono::seconds(8));
  return out;
}

std::optional<Address> router_address(std::string_view url) {
  if (url.starts_with("http://")) url.remove_prefix(7);
  if (url.ends_with('/')) url.remove_suffix(1);
  if (url.empty() || url.find('/') != url.npos) return std::nullopt;
  return parse_address(url, 8000);
}

}  // namespace rr::app
