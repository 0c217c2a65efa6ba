// One line of the access log: a JSON object. Never a prompt, never an answer, never a key or a token of the client.
// `role-router simulate --replay` can read it again: when it came, for which role, in which session, how many tokens.
#pragma once

#include "domain/values.hpp"

#include <optional>
#include <string>

namespace rr::api {

struct AccessLine {
  std::string at{};                    // when the request came, RFC 3339
  std::string id{}, method{}, path{};  // r-000412, POST, /api/chat: without prefix and query
  std::string role{}, source{}, session{};
  std::string asked{}, model{}, instead_of{};  // the client's spelling; what ran; what it stood in for
  std::string node{}, link{};          // mac-mini, 169.254.19.104:11434
  bool stream = false;
  int status = 0;                      // what the client was told
  std::string outcome{};               // ok | refused | broken: a stream cut with an error | client_left
  std::string side{}, code{};          // whose fault, and the stable word: when it is not ok
  std::optional<Duration> queued{}, swapped{}, first_byte{};  // since it came; swapped is a part of queued
  Duration took{};
  std::int64_t body_bytes = 0;         // of the request
  std::int64_t estimated_tokens = 0;   // of the prompt, before it ran
  std::int64_t prompt_tokens = 0, output_tokens = 0;  // as the node counted
  std::optional<Duration> prompt_time{};
};

std::string access_line(const AccessLine&);                                  // {"at":...,"what":"request",...}
std::string fleet_line(const std::string& at, bool warning, const std::string& text);  // {"at":...,"what":"fleet","text":...}

}  // namespace rr::api
