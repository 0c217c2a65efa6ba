#include "api/members.hpp"

#include "api/go_words.hpp"
#include "api/member_names.hpp"
#include "api/ondemand.hpp"

#include <algorithm>

namespace rr::api {
namespace {

Refusal bad_member(std::string sentence) {
  return {.code = "json_member", .side = Side::client, .status = 400, .sentence = std::move(sentence)};
}

Refusal invalid(std::string sentence, bool ollama_text = true) {
  return {.code = "json_invalid", .side = Side::client, .status = 400, .sentence = std::move(sentence),
          .ollama_text = ollama_text};
}

bool empty_text(std::string_view raw) { return raw.empty() || raw == "\"\"" || raw == "null"; }
bool empty_list(std::string_view raw) {
  return raw.empty() || raw == "null" || (raw.front() == '[' && raw.find_first_not_of(" \t\r\n", 1) == raw.size() - 1);
}

// Fills one Members from one body.
class Reading {
 public:
  Reading(std::string_view body, bool openai, Kind kind) : body_(body), openai_(openai), kind_(kind) {}

  std::optional<Refusal> read(od::document& document, Members& out) {
    od::object object;
    if (document.get_object().get(object)) return broken();
    for (auto step : object) {
      od::field field;
      if (std::move(step).get(field)) return broken();
      if (const auto refusal = member(field, out)) return refusal;
    }
    return std::nullopt;
  }

  Refusal broken() const {
    const auto words = go_syntax_error(body_);
    if (!words.empty()) return invalid(words);
    return invalid("the body is not UTF-8 text: send JSON in UTF-8", false);
  }

 private:
  std::optional<Refusal> member(od::field& field, Members& out) {
    const std::size_t key_at = static_cast<std::size_t>(field.key().raw() - body_.data()) - 1;
    Member member;
    member.key = span_in(body_, value_text(body_, key_at));
    std::string_view name;
    if (field.unescaped_key().get(name)) return broken();
    member.name = std::string(name);
    od::value value = std::move(field).value();
    const std::string_view raw = raw_text(body_, value);
    if (raw.empty()) return broken();
    member.value = span_in(body_, raw);

    if (named_member(member.name, openai_)) {
      if (out.find(member.name))
        return bad_member("member \"" + member.name + "\" is there twice: send it once");
    } else if (const auto meant = folded_member(member.name); named_member(meant, openai_)) {
      return bad_member("member \"" + member.name + "\" would be read as \"" + meant + "\": spell it so");
    }
    out.all.push_back(member);
    return take(member.name, value, raw, out);
  }

  std::optional<Refusal> wrong(std::string_view raw, std::string_view name) const {
    return invalid(go_type_error(kind_, raw, name));
  }

  std::optional<Refusal> take(const std::string& name, od::value& value, std::string_view raw, Members& out) {
    const bool null = raw == "null", text = raw.front() == '"';
    if (name == "model" || (name == "name" && kind_ == Kind::show)) {
      if (!text && !null) return wrong(raw, name);
      if (text) (name == "model" ? out.model : out.name) = text_of(value);
    } else if (name == "stream") {
      if (raw == "true" || raw == "false") out.stream = raw == "true";
      else if (!null) return wrong(raw, name);
    } else if (name == "keep_alive") {
      if (!null) out.keep_alive = std::string(raw);
    } else if (name == "options" && !openai_) {
      out.options = span_in(body_, raw);
      if (raw.front() != '{' && !null) return wrong(raw, name);
      if (!null) return options(value, out);
    } else if (name == "messages") {
      if (raw.front() != '[' && !null) return wrong(raw, name);
      out.messages_present = !null;
      if (!null) return messages(value, out);
    } else if (name == "prompt") {
      out.prompt_empty = empty_text(raw);
      if (text && !out.first_user) out.first_user = text_of(value);
      if (!text && !null) return wrong(raw, name);
      count(raw, out);
    } else if (name == "input") {
      out.input_empty = empty_text(raw) || empty_list(raw);
      if (text && !out.first_user) out.first_user = text_of(value);
      count(raw, out);
    } else if (name == "suffix" || name == "system" || name == "template") {
      count(raw, out);
    } else if (name == "tools") {
      out.tools = raw.front() == '[' && !empty_list(raw);
      count(raw, out);
    } else if (name == "images") {
      out.images = out.images || (raw.front() == '[' && !empty_list(raw));
    } else if (name == "user") {
      if (text) out.user = text_of(value);
    } else if (name == "metadata" && raw.front() == '{') {
      return metadata(value, out);
    }
    return std::nullopt;
  }

  void count(std::string_view raw, Members& out) const {
    out.text_bytes += raw.size();
    out.hangul += hangul_bytes(raw);
  }

  std::optional<Refusal> metadata(od::value& value, Members& out) {
    od::object object;
    if (value.get_object().get(object)) return broken();
    for (auto step : object) {
      od::field field;
      std::string_view name;
      if (std::move(step).get(field) || field.unescaped_key().get(name)) return broken();
      if (name != "role") continue;
      od::value role = std::move(field).value();
      if (raw_text(body_, role).starts_with('"')) out.metadata_role = text_of(role);
    }
    return std::nullopt;
  }

  std::optional<Refusal> options(od::value& value, Members& out) {
    od::object object;
    if (value.get_object().get(object)) return broken();
    std::vector<std::string> seen;
    for (auto step : object) {
      od::field field;
      std::string_view name;
      if (std::move(step).get(field) || field.unescaped_key().get(name)) return broken();
      out.options_empty = false;
      if (!named_option(name)) continue;
      if (std::find(seen.begin(), seen.end(), name) != seen.end())
        return bad_member("member \"options." + std::string(name) + "\" is there twice: send it once");
      seen.emplace_back(name);
      const bool num_ctx = name == "num_ctx", use_mmap = name == "use_mmap";
      od::value option = std::move(field).value();
      const auto raw = raw_text(body_, option);
      if (raw.empty()) return broken();
      if (use_mmap) out.use_mmap_value = span_in(body_, raw);
      if (!num_ctx) continue;
      out.num_ctx_value = span_in(body_, raw);
      double number = 0;  // Ollama cuts fractions off
      if (raw.front() != '"' && !option.get_double().get(number) && number > -1e18 && number < 1e18)
        out.num_ctx = static_cast<std::int64_t>(number);
      out.num_ctx_wrong = !out.num_ctx && raw != "null";
    }
    return std::nullopt;
  }

  std::optional<Refusal> messages(od::value& value, Members& out) {
    od::array array;
    if (value.get_array().get(array)) return broken();
    for (auto step : array) {
      od::value item;
      if (std::move(step).get(item)) return broken();
      ++out.messages;
      const auto raw = raw_text(body_, item);
      if (raw.empty()) return broken();
      if (raw.front() == '{')
        if (const auto refusal = message(item, out)) return refusal;
    }
    return std::nullopt;
  }

  std::optional<Refusal> message(od::value& value, Members& out) {
    od::object object;
    if (value.get_object().get(object)) return broken();
    std::string role;
    std::optional<std::string> text;
    for (auto step : object) {
      od::field field;
      std::string_view key;
      if (std::move(step).get(field) || field.unescaped_key().get(key)) return broken();
      const std::string name(key);
      od::value member = std::move(field).value();
      const auto raw = raw_text(body_, member);
      if (raw.empty()) return broken();
      if (name == "images") {
        out.images = out.images || (raw.front() == '[' && !empty_list(raw));
      } else if (name == "role" && raw.front() == '"') {
        role = text_of(member);
      } else if (name == "content" && raw.front() == '[') {
        if (const auto refusal = parts(member, text, out)) return refusal;
      } else {
        if (name == "content" && raw.front() == '"' && !out.first_user) text = text_of(member);
        count(raw, out);
      }
    }
    if (role == "user" && text && !out.first_user) out.first_user = std::move(text);
    return std::nullopt;
  }

  std::optional<Refusal> parts(od::value& value, std::optional<std::string>& text, Members& out) {
    od::array array;
    if (value.get_array().get(array)) return broken();
    for (auto step : array) {
      od::value part;
      if (std::move(step).get(part)) return broken();
      if (!raw_text(body_, part).starts_with('{')) continue;
      od::object object;
      if (part.get_object().get(object)) return broken();
      for (auto inner : object) {
        od::field field;
        std::string_view name;
        if (std::move(inner).get(field) || field.unescaped_key().get(name)) return broken();
        const bool is_text = name == "text", is_image = name == "image_url" || name == "image";
        od::value member = std::move(field).value();
        if (is_image) out.images = true;
        if (!is_text) continue;
        const auto raw = raw_text(body_, member);
        count(raw, out);
        if (raw.starts_with('"') && !out.first_user) text = text.value_or("") + text_of(member);
      }
    }
    return std::nullopt;
  }

  std::string_view body_;
  bool openai_;
  Kind kind_;
};

}  // namespace

const Member* Members::find(std::string_view name) const {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Member& m) { return m.name == name; });
  return found == all.end() ? nullptr : &*found;
}

Span Members::value(std::string_view name) const {
  const auto* member = find(name);
  return member ? member->value : Span{};
}

Result<Members> read_members(std::string_view body, bool openai, Kind kind) {
  if (openai) kind = Kind::chat_completions;
  if (body.find_first_not_of(" \t\r\n") == body.npos) return invalid(openai ? "EOF" : "missing request body");
  const auto extent = first_value(body);
  if (extent.depth > max_depth)
    return bad_member("the body nests deeper than " + std::to_string(max_depth) + " levels: send flatter JSON");
  Reading reading(body, openai, kind);
  const std::string_view value = value_text(body, extent.at);
  if (value.empty()) return reading.broken();
  if (value.front() != '{') {
    const auto words = go_syntax_error(body);
    return invalid(words.empty() ? go_type_error(kind, value, "") : words);
  }

  Members out;
  out.open = extent.at;
  out.close = extent.end - 1;
  const std::size_t used = extent.end;  // what follows the first value is not read, by Ollama neither
  Parser parser;
  od::document document;
  const simdjson::padded_string_view padded(body.data(), used, body.size() + simdjson::SIMDJSON_PADDING);
  if (parser.of(used).iterate(padded).get(document)) return reading.broken();
  if (const auto refusal = reading.read(document, out)) return *refusal;
  return out;
}

}  // namespace rr::api
