// Head + body become an Ask: role and how it was found, model, session, context, needs. Design section 4.
#pragma once

#include "api/endpoints.hpp"
#include "api/members.hpp"
#include "api/role_names.hpp"
#include "domain/fleet.hpp"
#include "domain/token_guess.hpp"

namespace rr::api {

struct Circumstance {       // what classify may look at beside the request
  const Settings& settings;
  const RoleNames& names;
  const Fleet& fleet;       // which model names exist
  std::string_view session_key{};  // secret of this process, for the session hash
  const TokenGuess* guess = nullptr;  // what the models counted before
};

// For kinds chat, generate, embed, embeddings, chat_completions, show. Sources 1-4 and 6-9 of design section 4.
// Refusals: role_unknown 400 (lists the known), model_missing 404 and model_required 400/404 (Ollama's text per route),
// context_over 400 with on_overflow: refuse, keep_alive_invalid 400 (Go's words), num_ctx_type 500 -> 400.
Result<Ask> classify(const RequestHead&, const Route&, const Members&, const Circumstance&);

// Ollama's keep_alive syntax (reference/ollama-api.md 2.1) on the raw JSON text.
Result<KeepAlive> parse_keep_alive(std::string_view raw_json);

}  // namespace rr::api
