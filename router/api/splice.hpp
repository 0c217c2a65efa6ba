// Edits of a client's native body by byte span: a list of pieces for one gather write, never a copy of the body.
#pragma once

#include "api/members.hpp"
#include "domain/ask.hpp"

#include <list>

namespace rr::api {

struct Edits {                              // what the grant says
  std::string model{};                        // the node's own name of the model
  int num_ctx = 0;                          // 0 = leave alone
  std::optional<std::string> keep_alive{};    // JSON text; absent = leave the client's
  std::optional<bool> use_mmap{};
};

struct Pieces {                             // views into the body and into `owned`
  std::vector<std::string_view> views{};
  std::list<std::string> owned;
  std::size_t size() const;
  std::string joined() const;
};

// With a keep_alive the policy owns how the model runs: a client's `shift` and the options that a node reloads
// the model for (num_gpu, num_thread, ...; reference/ollama-api.md 3) become null, as absent. Replaces or inserts model, keep_alive, options.num_ctx (and use_mmap when set). A `stream` that the client left out stays out.
Pieces splice(std::string_view body, const Members&, const Edits&);

std::string json_text(KeepAlive);           // -1, 0, "2h", "30m"

}  // namespace rr::api
