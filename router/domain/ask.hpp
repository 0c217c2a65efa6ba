// What a client wants, without HTTP: everything placement and the line may look at.
#pragma once

#include "domain/prompt_cache.hpp"
#include "domain/token_guess.hpp"
#include "domain/values.hpp"

namespace rr {

enum class Dialect { ollama, openai, anthropic, own };  // own = /health and friends

enum class Kind {
  root, version, tags, ps, show,            // answered here, or by any node that has the model
  chat, generate, embed, embeddings,        // inference on the native API
  models, model, chat_completions,          // the OpenAI dialect
  completions, v1_embeddings, responses,
  messages, count_tokens,                   // the Anthropic dialect
  manage, blob,                             // pull, push, create, copy, delete, me; /api/blobs/<digest>: for one node
  web,                                      // web_search, web_fetch: for the account of one node
  health, live, explain,
  request,                                  // /requests/<id>: the story of one
  admin,                                    // /admin/...: what an operator wants done
  known_refused,                            // a route of Ollama, OpenAI or Anthropic that is not served (yet)
};

// The way the role was found; numbers are those of "rule 2 of 9" in `explain`.
enum class RoleSource { header = 1, path = 2, model = 3, body = 4, key = 5, model_of_role = 6, shape = 7, prompt = 8, default_role = 9, none = 0 };
std::string_view to_text(RoleSource);  // "header", "path", "model", "body", ... as X-Router-Role-Source says it

enum class Purpose { answer, preload, unload };  // an empty prompt or no messages: load, or with keep_alive 0 unload

using TicketId = std::uint64_t;

struct Needs {  // capabilities the request cannot do without
  bool tools = false;
  bool images = false;
  bool embedding = false;
  bool completion = false;
};

struct Ask {
  TicketId id = 0;              // "r-000412" is id 412
  Dialect dialect = Dialect::ollama;
  Kind kind = Kind::chat;
  Purpose purpose = Purpose::answer;

  RoleName role{};                // "" = none: a concrete model that no role owns
  RoleSource source = RoleSource::none;
  std::string because{};          // of shape and prompt: the words that decided, for explain; never logged
  std::string asked_model{};      // the client's spelling, echoed back
  ModelName model{};              // what is to run
  ModelName instead_of{};         // what would have run without `substitutes`; "" = the same
  std::vector<NodeName> nodes{};  // where it may run, best first; empty = any node that has it
  std::vector<NodeName> avoid{};  // tried already for this request

  std::string session{};          // whose prompt cache; never empty
  bool session_from_client = false;
  std::shared_ptr<const Chain> chain{};  // its messages, for what is cached; null = unknown
  std::int64_t tokens = 0;      // estimate of the prompt, corrected by what its model counted before (domain/token_guess)
  PromptSize size{};            // what that was made of; empty = tokens is no such estimate
  int num_ctx = 0;              // what is sent
  KeepAlive keep_alive{};         // what is sent (seed); passthrough leaves the client's
  std::optional<std::string> client_keep_alive{};  // raw JSON text, for explain and headers
  std::optional<std::int64_t> client_num_ctx{};
  Needs needs{};
  bool thinks = false;          // a node says that its model can think
  bool stream = true;
  bool repeatable = true;       // inference may be asked once more while no content reached the client
};

std::string id_text(TicketId);  // "r-000412"

}  // namespace rr
