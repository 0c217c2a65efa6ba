#include "settings/draft.hpp"
#include "settings/words.hpp"

#include <algorithm>

namespace rr::settings {

namespace {

constexpr std::string_view listen_example = "an address such as localhost:8000";

bool is_ipv4(std::string_view host) {
  int parts = 0;
  while (true) {
    const std::string_view part = host.substr(0, host.find('.'));
    const auto value = parse_whole(part);
    const bool digits = part.find_first_not_of("0123456789") == std::string_view::npos;
    if (part.empty() || part.size() > 3 || !digits || !value || *value > 255) return false;
    ++parts;
    if (part.size() == host.size()) return parts == 4;
    host.remove_prefix(part.size() + 1);
  }
}

bool is_ipv6(std::string_view host) {
  const std::string_view number = host.substr(0, host.find('%'));  // without the zone
  return number.find(':') != std::string_view::npos && number.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

bool is_loopback(std::string_view host) { return host.starts_with("127.") || host == "::1"; }

std::vector<Address> read_one(const Cursor& cursor) {
  const auto text = cursor.word(listen_example);
  if (!text) return {};
  const auto colon = text->rfind(':');
  const std::string host_text = colon == std::string::npos ? "" : text->substr(0, colon);
  const auto port = colon == std::string::npos ? std::nullopt : parse_whole(std::string_view(*text).substr(colon + 1));
  const bool bracketed = host_text.size() > 2 && host_text.front() == '[' && host_text.back() == ']';
  const std::string host = bracketed ? host_text.substr(1, host_text.size() - 2) : host_text;
  if (host.empty() || host == "*" || !port) {
    cursor.mistake(in_quotes(*text) +
                   " is not host:port: write localhost:8000 for this machine alone, or 0.0.0.0:8000 for the whole network");
    return {};
  }
  const long said = port.value_or(0);
  if (said < 1 || said > 65535) {
    cursor.mistake("port " + text->substr(colon + 1) + " does not exist: choose one from 1 to 65535");
    return {};
  }
  const auto number = static_cast<std::uint16_t>(said);
  if (host == "localhost") return {{"127.0.0.1", number}, {"::1", number}};
  if (bracketed ? !is_ipv6(host) : !is_ipv4(host)) {
    cursor.mistake(in_quotes(host_text) +
                   " is no address of this machine: write localhost, an IPv4 address, or an IPv6 address in brackets");
    return {};
  }
  if (!is_loopback(host))
    cursor.hint("other machines can reach " + *text + ": Ollama's API has no password. localhost:" + std::to_string(number) +
                " keeps it to this machine");
  return {{host, number}};
}

void read_host(const Cursor& cursor, std::vector<std::string>& hosts) {
  const std::string host = *cursor.word("a host name");
  if (host.find_first_of("/ *") != std::string::npos || (host.find(':') != std::string::npos && !is_ipv6(host)))
    cursor.mistake(in_quotes(host) + " is no host name: write the name alone, such as router.example.org");
  else hosts.push_back(host);
}

void read_origin(const Cursor& cursor, std::vector<std::string>& origins) {
  std::string origin = *cursor.word("an origin");
  const auto scheme = origin.find("://");
  const bool whole = scheme != std::string::npos && scheme > 0 && scheme + 3 < origin.size();
  if (!whole || origin.find_first_of("/ *", scheme + 3) != std::string::npos)
    cursor.mistake(in_quotes(origin) + " is no origin: write scheme://host or scheme://host:port, such as https://chat.example.org");
  else origins.push_back(std::move(origin));
}

}  // namespace

void read_listen(const Cursor& listen, Draft& draft) {
  std::vector<Address> all;
  for (const Cursor& one : listen.one_or_list(listen_example))
    for (Address& address : read_one(one)) {
      if (std::find(all.begin(), all.end(), address) != all.end()) one.mistake(to_text(address) + " is said twice: remove one");
      all.push_back(std::move(address));
    }
  if (!all.empty()) draft.settings.listen = std::move(all);
}

void read_guests(const Fields& top, Draft& draft) {
  if (const Cursor* hosts = top.find("allowed_hosts"))
    for (const Cursor& one : hosts->list("a host name")) read_host(one, draft.settings.allowed_hosts);
  if (const Cursor* origins = top.find("allowed_origins"))
    for (const Cursor& one : origins->list("an origin such as https://chat.example.org")) read_origin(one, draft.settings.allowed_origins);
}

}  // namespace rr::settings
