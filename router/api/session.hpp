// Whose prompt cache a request belongs to (design section 4, Session).
#pragma once

#include "domain/http.hpp"

namespace rr::api {

struct Session {
  std::string id;            // never empty
  bool from_client = false;  // said by a header or the path; else a keyed hash, 16 hex digits
};

Session session_of(const RequestHead&, std::string_view path_session, std::string_view first_user, std::string_view key);

// SipHash-2-4 of `text`, keyed by the first 16 bytes of `key`.
std::uint64_t keyed_hash(std::string_view key, std::string_view text);

}  // namespace rr::api
