#include "api/chain.hpp"

#include "api/session.hpp"

namespace rr::api {

std::shared_ptr<const Chain> chain_of(const Members& members, std::int64_t tokens, std::string_view key) {
  const Span messages = members.value("messages"), all = messages ? messages : members.value("input");
  if (!all || !members.first_user || members.message_at.empty() || members.messages > Members::most_messages) return nullptr;
  const std::size_t begin = members.message_at.front(), end = all.at + all.size - 1;  // without the closing bracket
  auto out = std::make_shared<Chain>();
  std::uint64_t hash = 0;
  const auto add = [&](std::string_view text) {
    const std::string before(reinterpret_cast<const char*>(&hash), sizeof hash);
    hash = keyed_hash(key, text) ^ keyed_hash(key, before);
  };
  for (const auto name : {"tools", "system", "instructions"})  // they stand before the messages in the prompt
    if (const Span ahead = members.value(name)) add(ahead.in(members.body));
  for (std::size_t i = 0; i < members.message_at.size(); ++i) {
    const std::size_t next = i + 1 < members.message_at.size() ? members.message_at[i + 1] : end;
    std::string_view message = members.body.substr(members.message_at[i], next - members.message_at[i]);
    message = message.substr(0, message.rfind('}') + 1);  // what stands between two messages says nothing
    add(message);
    if (i < members.first_user_at) continue;
    const double part = static_cast<double>(next - begin) / static_cast<double>(end - begin);
    out->push_back({hash, static_cast<std::int64_t>(part * static_cast<double>(tokens))});
  }
  return out;
}

}  // namespace rr::api
