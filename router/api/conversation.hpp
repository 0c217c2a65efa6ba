// What the messages of a body say, in any dialect, for the estimate, the session, the role rules and the prompt cache: their text,
// who says it, whether there are images. Ollama's messages, OpenAI's messages and items, Anthropic's messages and blocks.
#pragma once

#include "api/ondemand.hpp"

namespace rr::api {

class Conversation {
 public:
  Conversation(std::string_view body, Members& out) : body_(body), out_(out) {}

  // false: broken JSON
  bool messages(od::value& list);
  bool system(od::value& value);      // a string or blocks; it stands before everything, wherever its member stands
  void count(std::string_view raw);   // into the estimate

 private:
  struct Said {                       // of one speaker
    std::optional<std::string> text{};  // only until the first user message is known
    std::vector<Span> strings{};
  };
  bool message(od::value& value);
  bool content(od::value& value, std::string_view first, Said& said);
  bool part(od::value& value, Said& said);
  bool rest(std::string_view name, od::value& value, std::string_view first);

  std::string_view body_;
  Members& out_;
};

}  // namespace rr::api
