// Writes the messages and tools of a native /api/chat body, for the dialects whose own have another shape.
#pragma once

#include "api/dialects/request.hpp"

#include <map>

namespace rr::api {

// One native message in the making: what belongs to one turn of one speaker.
struct Turn {
  std::string_view role{};                    // raw
  JoinedText content{}, thinking{};
  std::vector<std::string_view> images{};     // base64, each with the closing quote of its JSON string
  struct Call { std::string_view id{}, name{}, arguments{}; };  // raw; arguments: an object
  std::vector<Call> calls{};
  std::string_view result_of{};               // of a tool: the raw id of its call
  bool failed = false;                        // that tool says that it failed
  bool empty() const { return content.empty() && thinking.empty() && images.empty() && calls.empty(); }
};

class NativeChat {
 public:
  // The head of the body, up to the messages.
  NativeChat(const Edits&, PiecesWriter&);
  void message(const Turn&);
  void message(std::string_view role, std::string_view raw_content);
  void end_messages(bool stream);

 private:
  void open(std::string_view role);
  PiecesWriter& write_;
  std::map<std::string_view, std::string_view> names_{};  // of calls, by id
  bool first_ = true;
};

class NativeTools {
 public:
  explicit NativeTools(PiecesWriter& write) : write_(write) {}
  void add(std::string_view name, std::string_view description, std::string_view parameters);  // raw; "" = absent
  void end();

 private:
  PiecesWriter& write_;
  bool any_ = false;
};

}  // namespace rr::api
