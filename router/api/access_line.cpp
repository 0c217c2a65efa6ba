#include "api/access_line.hpp"

#include "api/json.hpp"

#include <cmath>

namespace rr::api {

namespace {

double milliseconds(Duration d) { return std::round(std::chrono::duration<double, std::milli>(d).count() * 10) / 10; }

}  // namespace

std::string access_line(const AccessLine& line) {
  Json out;
  out["at"] = line.at;
  out["what"] = "request";
  const auto word = [&](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  const auto time = [&](const char* name, const std::optional<Duration>& value) {
    if (value) out[name] = milliseconds(*value);
  };
  const auto count = [&](const char* name, std::int64_t value) {
    if (value > 0) out[name] = value;
  };
  word("id", line.id);
  word("method", line.method);
  word("path", line.path);
  word("role", line.role);
  word("source", line.source);
  word("session", line.session);
  word("asked", line.asked);
  word("model", line.model);
  word("instead_of", line.instead_of);
  word("node", line.node);
  word("link", line.link);
  if (!line.node.empty()) out["stream"] = line.stream;
  out["status"] = line.status;
  word("outcome", line.outcome);
  word("side", line.side);
  word("code", line.code);
  time("queued_ms", line.queued);
  time("swapped_ms", line.swapped);
  time("first_byte_ms", line.first_byte);
  time("took_ms", line.took);
  count("body_bytes", line.body_bytes);
  count("estimated_tokens", line.estimated_tokens);
  count("prompt_tokens", line.prompt_tokens);
  count("output_tokens", line.output_tokens);
  time("prompt_ms", line.prompt_time);
  return written(out);
}

std::string fleet_line(const std::string& at, bool warning, const std::string& text) {
  return written({{"at", at}, {"what", "fleet"}, {"level", warning ? "warn" : "info"}, {"text", text}});
}

}  // namespace rr::api
