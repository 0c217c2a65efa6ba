#include "api/dialects/native_chat.hpp"

#include "api/quote.hpp"

namespace rr::api {

NativeChat::NativeChat(const Edits& edits, PiecesWriter& write) : write_(write) {
  write_.text("{\"model\":").text(quote(edits.model)).text(",\"messages\":[");
}

void NativeChat::open(std::string_view role) {
  write_.text(first_ ? "{\"role\":" : ",{\"role\":").raw(role.empty() ? "\"\"" : role).text(",\"content\":");
  first_ = false;
}

void NativeChat::message(std::string_view role, std::string_view raw_content) {
  open(role);
  write_.raw(raw_content.empty() ? "\"\"" : raw_content).text("}");
}

void NativeChat::message(const Turn& turn) {
  open(turn.role);
  if (turn.failed) {
    JoinedText said = turn.content;
    said.put_first("Error: ");
    said.write(write_);
  } else {
    turn.content.write(write_);
  }
  if (!turn.thinking.empty()) {
    write_.text(",\"thinking\":");
    turn.thinking.write(write_);
  }
  for (std::size_t i = 0; i < turn.images.size(); ++i) write_.text(i == 0 ? ",\"images\":[\"" : ",\"").raw(turn.images[i]);
  if (!turn.images.empty()) write_.text("]");
  for (std::size_t i = 0; i < turn.calls.size(); ++i) {
    const auto& call = turn.calls[i];
    write_.text(i == 0 ? ",\"tool_calls\":[{" : ",{");
    if (!call.id.empty()) write_.text("\"id\":").raw(call.id).text(",");
    write_.text("\"function\":{\"index\":" + std::to_string(i) + ",\"name\":").raw(call.name.empty() ? "\"\"" : call.name);
    write_.text(",\"arguments\":").raw(call.arguments.empty() ? "{}" : call.arguments).text("}}");
    if (!call.id.empty()) names_[call.id] = call.name;
  }
  if (!turn.calls.empty()) write_.text("]");
  if (!turn.result_of.empty()) {
    if (const auto name = names_.find(turn.result_of); name != names_.end() && !name->second.empty())
      write_.text(",\"tool_name\":").raw(name->second);
    write_.text(",\"tool_call_id\":").raw(turn.result_of);
  }
  write_.text("}");
}

void NativeChat::end_messages(bool stream) { write_.text(stream ? "],\"stream\":true" : "],\"stream\":false"); }

void NativeTools::add(std::string_view name, std::string_view description, std::string_view parameters) {
  write_.text(any_ ? "," : ",\"tools\":[").text("{\"type\":\"function\",\"function\":{\"name\":").raw(name.empty() ? "\"\"" : name);
  if (!description.empty()) write_.text(",\"description\":").raw(description);
  if (!parameters.empty()) write_.text(",\"parameters\":").raw(parameters);
  write_.text("}}");
  any_ = true;
}

void NativeTools::end() {
  if (any_) write_.text("]");
}

}  // namespace rr::api
