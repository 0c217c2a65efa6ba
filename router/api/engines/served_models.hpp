// GET /v1/models of a server of the OpenAI API: what it lists it serves.
#pragma once

#include "domain/fleet.hpp"
#include "domain/refusal.hpp"

namespace rr::api {

struct ServedModels {
  std::vector<Installed> models{};
  std::vector<Resident> residents{};  // the same, as if loaded for ever: whether they are is the server's business
};
// llama.cpp, LM Studio, vLLM and mlx_lm agree on data[].id; the context stands in `max_model_len` (vLLM), `context_length` or
// `meta.n_ctx`, or nowhere. `raw` of each is written in the form of Ollama's lists.
Result<ServedModels> parse_served(int status, std::string_view json);

std::string resident_entry(const std::string& name, int num_ctx = 0);  // as /api/ps of Ollama lists one whose size is not told

// What /api/show says of such a model: no more than what is believed. `num_ctx`: of the YAML.
std::string served_show(const std::string& name, int num_ctx);

}  // namespace rr::api
