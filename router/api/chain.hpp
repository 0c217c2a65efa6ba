// A conversation as the prompt cache sees it: a chain of hashes over the raw bytes of its messages (domain/prompt_cache.hpp). A
// client that sends its history again sends the same bytes again; no help of its own is needed.
#pragma once

#include "api/members.hpp"

namespace rr::api {

// Null when the body has no messages, none of a user, or too many to remember. `tokens`: of the whole prompt, shared out by bytes.
std::shared_ptr<const Chain> chain_of(const Members&, std::int64_t tokens, std::string_view key);

}  // namespace rr::api
