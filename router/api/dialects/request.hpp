// What the requests of all dialects share on their way to native ones: refusals, images, and what the grant adds.
#pragma once

#include "api/dialects/pieces_writer.hpp"
#include "domain/refusal.hpp"

namespace rr::api {

// In the words of Ollama's own translation.
Refusal shim_refusal(std::string sentence);
Refusal unsupported(std::string sentence);

// Of text that is stepped through, not copied: a fault in it would end the steps early, so it is looked for first.
std::optional<Refusal> fault(std::string_view raw);

bool is_string(std::string_view raw);
bool is_object(std::string_view text);  // one JSON object and nothing after it: it goes into the native body as it is
std::string_view value_of(const Members&, std::string_view name);  // "" = absent or null

// The base64 text of a data URL, from its JSON string: a view that ends in the closing quote, or in `plain` when the URL was escaped.
Result<std::string_view> image_data(std::string_view url, std::string& plain);

// `think` for a reasoning effort of OpenAI's words.
Result<std::string_view> native_effort(std::string_view raw);

// ,"keep_alive":... before `options`; ,"num_ctx":... and the like inside them. `first`: nothing stands in the options yet.
void write_keep_alive(const Edits&, PiecesWriter&);
void write_option(std::string_view name, std::string_view raw, bool& first, PiecesWriter&);  // nothing when raw is ""
void write_granted_options(const Edits&, bool& first, PiecesWriter&);

// Texts of several parts as one JSON string, the raw insides one after the other.
class JoinedText {
 public:
  explicit JoinedText(std::string_view between = "") : between_(between) {}
  void add(std::string_view raw_string);
  bool empty() const { return parts_.empty(); }
  void write(PiecesWriter&) const;      // with its quotes
  void put_first(std::string_view raw_inside) { parts_.insert(parts_.begin(), raw_inside); }

 private:
  std::string_view between_;            // raw, as inside a JSON string
  std::vector<std::string_view> parts_{};
};

}  // namespace rr::api
