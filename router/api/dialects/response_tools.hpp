// Tools of the Responses API: flat functions, custom tools (free text, as Codex and Cursor send them) and namespaces of functions. A
// node knows functions only: a custom tool becomes one with a single text argument, and what the model calls is told back in its own form.
#pragma once

#include "api/dialects/native_chat.hpp"

namespace rr::api {

class ResponseTools {
 public:
  ResponseTools() = default;
  explicit ResponseTools(std::string_view tools);  // raw

  bool custom(std::string_view raw_name) const;
  std::string_view name_space(std::string_view raw_name) const;  // raw; "" = none

  static bool native(std::string_view tools);  // all of them in a node's own form already: functions, nested

  // What runs on the vendor's servers is left out. A choice of one tool leaves that alone, none leaves none.
  static void write(std::string_view tools, std::string_view tool_choice, PiecesWriter&);

 private:
  std::map<std::string, std::string, std::less<>> custom_or_spaced_{};  // raw name to the namespace, "" = custom
};

// The text of a custom tool's call: its argument `input`, else all that the model said. A raw JSON string.
std::string custom_input(std::string_view arguments);

}  // namespace rr::api
