// A client's JSON body, read once by simdjson on demand: the byte spans of the members that rules name.
// Everything else is never looked at and goes on byte for byte.
#pragma once

#include "domain/ask.hpp"
#include "domain/refusal.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rr::api {

struct Span {                  // of a value inside the body; size 0 = absent
  std::size_t at = 0, size = 0;
  explicit operator bool() const { return size != 0; }
  std::string_view in(std::string_view body) const { return body.substr(at, size); }
};

struct Member {                // of the top level
  std::string name{};            // unescaped
  Span key{};                    // with its quotes
  Span value{};
};

constexpr std::size_t most_said = 16;  // strings kept of one speaker

struct Members {
  std::string_view body{};              // what was read; as long as its owner keeps it
  std::vector<Member> all{};            // those that rules name, in the client's order
  Kind kind = Kind::chat;               // of the route
  bool none = true;                     // no member at all
  std::size_t open = 0, close = 0;      // positions of the outer { and }
  const Member* find(std::string_view name) const;
  Span value(std::string_view name) const;   // absent: size 0

  // read already, because rules name them
  std::optional<std::string> model{}, name{};
  std::optional<bool> stream{};
  std::optional<std::string> keep_alive{};   // raw JSON text; null counts as absent
  std::optional<std::string> user{}, metadata_role{};
  std::optional<std::int64_t> num_ctx{};     // options.num_ctx when an integer
  Span options{}, num_ctx_value{}, use_mmap_value{};  // the object (or null); the values inside it
  std::vector<Member> runner_options{};      // others that a node reloads the model for (num_thread, ...), unless null
  bool num_ctx_wrong = false;              // options.num_ctx is there, no number and not null
  bool options_empty = true;
  std::optional<std::string> first_user{};   // text of the first user message, or the prompt
  std::vector<Span> system_said{};           // JSON strings: `system` or `instructions`, system and developer messages; the first most_said
  std::vector<Span> first_said{}, last_said{};  // of the first user message (or the prompt) and, when it is another, the last
  static constexpr std::size_t most_messages = 10'000;
  std::vector<std::size_t> message_at{};     // where each of so many messages, or items of `input`, begins
  std::size_t first_user_at = 0;             // which of them is the first user message, when first_user is of one
  std::size_t messages = 0;                // count; messages_present tells [] from absent
  bool messages_present = false, prompt_empty = true, input_empty = true;
  bool tools = false, images = false;      // non-empty tools; any image
  bool suffix = false;                     // a non-empty one: the middle is asked for
  std::size_t text_bytes = 0, hangul = 0;  // for the estimate: bytes of the text members without images; bytes of Hangul
};

// Rules (reliability-security.md 4.4): at most 128 levels; no duplicate of a named member at the top level or in options; no member
// whose Unicode simple fold equals a named one without being byte-equal (MODEL, long s, Kelvin sign); UTF-8. Each 400
// json_member names the member. Empty body, no object, broken JSON: 400 with Ollama's words per dialect ("missing request body",
// "EOF", "invalid character 'x' looking for beginning of value" where cheap), code json_invalid.
// `body` has wire::Block::padding readable bytes behind it.
// `kind`: of the route: which members rules name there, and the words of a wrong type ("... Go struct field
// GenerateRequest.model of type string").
Result<Members> read_members(std::string_view body, Kind kind = Kind::chat);

}  // namespace rr::api
