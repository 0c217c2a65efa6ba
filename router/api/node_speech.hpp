// What nodes say and are told: /api/ps, /api/tags, /api/version parsed; load and unload requests composed.
#pragma once

#include "domain/ask.hpp"
#include "domain/fleet.hpp"
#include "domain/refusal.hpp"

namespace rr::api {

// `expires_at` is wall time: `now_wall_s` (seconds since 1970) and `now` tie the two clocks. Beyond the year 2200: for ever.
Result<std::vector<Resident>> parse_ps(std::string_view json, Time now, double now_wall_s);
Result<std::vector<Installed>> parse_tags(std::string_view json);
Result<std::string> parse_version(std::string_view json);
std::string parse_error(std::string_view json);          // text of {"error":...}, else the first 200 bytes
std::optional<std::string> parse_done_reason(std::string_view json);
// Of /api/show: what the model can really do. /api/tags lists only `completion` for a model whose template stands in its weights.
std::optional<std::set<std::string>> parse_capabilities(std::string_view json);

struct Order { std::string path{}, body{}; };
// Empty prompt and the model's own options, so that no reload follows: /api/generate, or /api/embed with empty input for
// a model that only embeds. `stream:false`.
Order load_order(const ModelName&, int num_ctx, KeepAlive, std::optional<bool> use_mmap, bool embedding);
Order unload_order(const ModelName&);
// /api/chat: one token of an answer, with the model's own options, so that no reload follows.
std::string tiny_order(const ModelName&, int num_ctx, std::optional<KeepAlive>, std::optional<bool> use_mmap);
std::string show_order(const ModelName&);  // the body of /api/show

}  // namespace rr::api
