#include "api/conversation.hpp"

#include <array>

namespace rr::api {
namespace {

bool empty_list(std::string_view body, std::string_view first) {
  if (!first.starts_with('[')) return true;
  const auto next = past_space(body, static_cast<std::size_t>(first.data() - body.data()) + 1);
  return next == body.size() || body[next] == ']';
}

// Members that are no text for a model: marks for machines, what a vendor's servers alone can open, bytes of pictures and sounds.
bool no_text(std::string_view name) {
  static constexpr std::array<std::string_view, 12> names{"id", "type", "status", "cache_control", "encrypted_content", "signature",
                                                          "citations", "annotations", "source", "input_audio", "file", "file_data"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool may_hold_parts(std::string_view name) { return name == "content" || name == "output" || name == "summary"; }

}  // namespace

void Conversation::count(std::string_view raw) {
  out_.text_bytes += raw.size();
  out_.hangul += hangul_bytes(raw);
}

bool Conversation::messages(od::value& list) {
  od::array array;
  if (list.get_array().get(array)) return false;
  for (auto step : array) {
    od::value item;
    if (std::move(step).get(item)) return false;
    const std::string_view first = token(body_, item);
    if (++out_.messages <= Members::most_messages) out_.message_at.push_back(first.empty() ? 0 : span_in(body_, first).at);
    if (first.starts_with('{') && !message(item)) return false;
  }
  return true;
}

bool Conversation::system(od::value& value) {
  const auto first = token(body_, value);
  if (first.empty()) return false;
  Said said{.text = ""};
  if (!content(value, first, said)) return false;
  out_.system_said.insert(out_.system_said.begin(), said.strings.begin(), said.strings.end());
  return true;
}

bool Conversation::message(od::value& value) {
  od::object object;
  if (value.get_object().get(object)) return false;
  std::string role;
  Said said;
  for (auto step : object) {
    od::field field;
    std::string_view name;
    if (std::move(step).get(field) || field.unescaped_key().get(name)) return false;
    const std::string_view key = name;  // of the document: it stays
    od::value inner = std::move(field).value();
    const auto first = token(body_, inner);
    if (first.empty()) return false;
    if (key == "images") out_.images = out_.images || !empty_list(body_, first);
    else if (key == "role" && first.front() == '"') role = text_of(body_, inner);
    else if (key == "content" && !content(inner, first, said)) return false;
    else if (key != "content" && !rest(key, inner, first)) return false;
  }
  if (role == "user" && said.text && !out_.first_user) out_.first_user = std::move(said.text), out_.first_user_at = out_.messages - 1;
  if (role == "system" || role == "developer")
    for (std::size_t i = 0; i < said.strings.size() && out_.system_said.size() < most_said; ++i) out_.system_said.push_back(said.strings[i]);
  if (role == "user" && !said.strings.empty()) (out_.first_said.empty() ? out_.first_said : out_.last_said) = std::move(said.strings);
  return true;
}

// A string, or a list of parts.
bool Conversation::content(od::value& value, std::string_view first, Said& said) {
  if (first.front() == '"') {
    if (!out_.first_user) said.text = said.text.value_or("") + text_of(body_, value);
    if (said.strings.size() < most_said) said.strings.push_back(span_in(body_, first));
    count(first);
    return true;
  }
  if (first.front() != '[') return true;
  od::array array;
  if (value.get_array().get(array)) return false;
  for (auto step : array) {
    od::value item;
    if (std::move(step).get(item)) return false;
    if (token(body_, item).starts_with('{') && !part(item, said)) return false;
  }
  return true;
}

bool Conversation::part(od::value& value, Said& said) {
  od::object object;
  if (value.get_object().get(object)) return false;
  for (auto step : object) {
    od::field field;
    std::string_view name;
    if (std::move(step).get(field) || field.unescaped_key().get(name)) return false;
    const std::string_view key = name;  // of the document: it stays
    od::value inner = std::move(field).value();
    const auto first = token(body_, inner);
    if (first.empty()) return false;
    const bool image = key == "image_url" || key == "image" || (key == "type" && first == "\"image\"");
    out_.images = out_.images || image;
    if (image) continue;
    if (key == "text" ? !content(inner, first, said) : !rest(key, inner, first)) return false;
  }
  return true;
}

// What is neither a message's own words nor a part's: a tool's result, a call's arguments, a name.
bool Conversation::rest(std::string_view name, od::value& value, std::string_view first) {
  if (may_hold_parts(name) && first.front() == '[') {
    Said of_a_tool;
    return content(value, first, of_a_tool);
  }
  if (!no_text(name)) count(whole_text(body_, value));
  return true;
}

}  // namespace rr::api
