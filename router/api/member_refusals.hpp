// Why a body is refused: the sentences of read_members. All 400, the client's side.
#pragma once

#include "domain/refusal.hpp"

#include <string>
#include <string_view>

namespace rr::api {

inline Refusal bad_member(std::string sentence) {
  return {.code = "json_member", .side = Side::client, .status = 400, .sentence = std::move(sentence)};
}

inline Refusal invalid(std::string sentence, bool ollama_text = true) {
  return {.code = "json_invalid", .side = Side::client, .status = 400, .sentence = std::move(sentence), .ollama_text = ollama_text};
}

inline Refusal half_a_character(std::string_view member) {  // Go would put U+FFFD there
  return invalid("member \"" + std::string(member) + "\" holds half a character (a lone \\ud800 to \\udfff): send UTF-8", false);
}

}  // namespace rr::api
