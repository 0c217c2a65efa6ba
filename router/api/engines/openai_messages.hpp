// Native messages as those of /v1/chat/completions.
#pragma once

#include "api/dialects/pieces_writer.hpp"

#include <deque>
#include <string>

namespace rr::api {

class OpenAiMessages {
 public:
  explicit OpenAiMessages(PiecesWriter&);  // opens the list
  std::size_t take(std::string_view list, std::size_t at);  // a native message of the list; where it ends
  void say(std::string_view role, std::string_view content, const std::vector<std::string_view>& images);  // raw; a user's or the system's
  void end();

 private:
  struct Message {
    std::string_view role{}, content{}, thinking{}, images{}, tool_calls{}, tool_name{}, tool_call_id{};
  };
  struct Part {
    std::string_view text{}, image{};  // raw strings; one of them
  };
  struct Unanswered {
    std::string id{}, name{};  // raw
  };
  void open(std::string_view role);
  void flush();
  void write_calls(std::string_view calls);
  std::string id_for_result(const Message&);

  PiecesWriter& write_;
  bool first_ = true;
  int calls_ = 0;
  std::string_view speaker_{};    // of the parts that wait
  std::vector<Part> parts_{};
  std::deque<Unanswered> unanswered_{};
};

}  // namespace rr::api
