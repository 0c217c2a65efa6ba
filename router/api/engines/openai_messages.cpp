#include "api/engines/openai_messages.hpp"

#include "api/dialects/native_line.hpp"
#include "api/quote.hpp"
#include "api/raw_json.hpp"

#include <algorithm>

namespace rr::api {
namespace {

// The first characters of base64 tell what an image is: Ollama's API does not say it.
std::string_view media_type(std::string_view base64) {
  if (base64.starts_with("/9j/")) return "image/jpeg";
  if (base64.starts_with("R0lGOD")) return "image/gif";
  if (base64.starts_with("UklGR")) return "image/webp";
  return "image/png";
}

bool joins(std::string_view role) { return role == "\"user\"" || role == "\"system\""; }

}  // namespace

OpenAiMessages::OpenAiMessages(PiecesWriter& write) : write_(write) { write_.text(",\"messages\":["); }

void OpenAiMessages::open(std::string_view role) {
  write_.text(first_ ? "{\"role\":" : ",{\"role\":").raw(role.empty() ? "\"user\"" : role);
  first_ = false;
}

void OpenAiMessages::say(std::string_view role, std::string_view content, const std::vector<std::string_view>& images) {
  if (speaker_ != role) flush();
  speaker_ = role;
  if (!inside(content).empty() || images.empty()) parts_.push_back({.text = content.empty() ? "\"\"" : content});
  for (const auto image : images) parts_.push_back({.image = image});
}

// What one speaker said in a row: a string, or with images a list of parts.
void OpenAiMessages::flush() {
  if (parts_.empty()) return;
  open(speaker_);
  write_.text(",\"content\":");
  if (std::none_of(parts_.begin(), parts_.end(), [](const Part& p) { return !p.image.empty(); })) {
    if (parts_.size() > 1) std::erase_if(parts_, [](const Part& p) { return inside(p.text).empty(); });
    write_.text("\"");
    for (std::size_t i = 0; i < parts_.size(); ++i) write_.text(i == 0 ? "" : "\\n\\n").raw(inside(parts_[i].text));
    write_.text("\"}");
  } else {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      write_.text(i == 0 ? "[" : ",");
      if (parts_[i].image.empty()) write_.text("{\"type\":\"text\",\"text\":").raw(parts_[i].text).text("}");
      else
        write_.text("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:").text(media_type(inside(parts_[i].image))).text(";base64,").raw(inside(parts_[i].image)).text("\"}}");
    }
    write_.text("]}");
  }
  parts_.clear();
}

void OpenAiMessages::write_calls(std::string_view calls) {
  bool first = true;
  for (const auto call : raw_elements(calls)) {
    const auto function = raw_member(call, "function");
    std::string id(raw_member(call, "id"));
    if (inside(id).empty()) id = "\"call_" + std::to_string(++calls_) + "\"";
    const auto name = raw_member(function, "name"), arguments = raw_member(function, "arguments");
    write_.text(first ? ",\"tool_calls\":[{\"id\":" : ",{\"id\":").text(id).text(",\"type\":\"function\",\"function\":{\"name\":").raw(name.empty() ? "\"\"" : name);
    write_.text(",\"arguments\":").text(arguments.starts_with('"') ? std::string(arguments) : quote(arguments.empty() ? "{}" : arguments)).text("}}");
    unanswered_.push_back({.id = std::move(id), .name = std::string(name)});
    first = false;
  }
  if (!first) write_.text("]");
}

// By its id; else the oldest call of that name that has no result yet; else the oldest.
std::string OpenAiMessages::id_for_result(const Message& m) {
  auto found = std::find_if(unanswered_.begin(), unanswered_.end(), [&](const Unanswered& u) {
    return !m.tool_call_id.empty() ? u.id == m.tool_call_id : !m.tool_name.empty() && u.name == m.tool_name;
  });
  if (found == unanswered_.end() && m.tool_call_id.empty()) found = unanswered_.begin();
  std::string id = found == unanswered_.end() ? (m.tool_call_id.empty() ? "\"call_0\"" : std::string(m.tool_call_id)) : found->id;
  if (found != unanswered_.end()) unanswered_.erase(found);
  return id;
}

std::size_t OpenAiMessages::take(std::string_view list, std::size_t at) {
  Message m;
  const std::size_t end = step_members(list, at, [&](std::string_view key, std::string_view given) {
    const auto value = given == "null" ? std::string_view{} : given;
    if (key == "role") m.role = value;
    if (key == "content") m.content = value;
    if (key == "thinking") m.thinking = value;
    if (key == "images") m.images = value;
    if (key == "tool_calls") m.tool_calls = value;
    if (key == "tool_name") m.tool_name = value;
    if (key == "tool_call_id") m.tool_call_id = value;
  });
  if (joins(m.role)) {
    say(m.role, m.content, raw_elements(m.images));
    return end;
  }
  flush();
  speaker_ = {};
  open(m.role);
  if (m.role == "\"tool\"") write_.text(",\"tool_call_id\":").text(id_for_result(m));
  write_.text(",\"content\":").raw(m.content.empty() ? "\"\"" : m.content);
  if (!inside(m.thinking).empty()) write_.text(",\"reasoning_content\":").raw(m.thinking);
  write_calls(m.tool_calls);
  write_.text("}");
  return end;
}

void OpenAiMessages::end() {
  flush();
  write_.text("]");
}

}  // namespace rr::api
