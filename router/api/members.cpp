#include "api/members.hpp"

#include "api/go_words.hpp"
#include "api/member_names.hpp"
#include "api/member_refusals.hpp"
#include "api/ondemand.hpp"

#include <algorithm>

namespace rr::api {
namespace {
bool empty_text(std::string_view token) { return token.empty() || token == "\"\"" || token == "null"; }

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
    end_value(out.close, out);
    out.options = out.value("options");
    return std::nullopt;
  }

  Refusal broken() const {
    const auto words = go_syntax_error(body_);
    return words.empty() ? invalid("the body is not UTF-8 text: send JSON in UTF-8", false) : invalid(words);
  }

 private:
  std::optional<Refusal> member(od::field& field, Members& out) {
    const std::size_t key_at = static_cast<std::size_t>(field.key().raw() - body_.data()) - 1;
    end_value(key_at, out);
    out.none = false;
    std::string_view name;
    if (field.unescaped_key().get(name)) return broken();
    if (!named_member(name, openai_)) {
      const auto meant = folded_member(name);
      if (meant.empty() || !named_member(meant, openai_)) return std::nullopt;
      return bad_member("member \"" + std::string(name) + "\" would be read as \"" + meant + "\": spell it so");
    }
    if (out.find(name)) return bad_member("member \"" + std::string(name) + "\" is there twice: send it once");
    od::value value = std::move(field).value();
    const auto first = token(body_, value);
    if (first.empty()) return broken();
    Member member{.name = std::string(name), .key = span_in(body_, value_text(body_, key_at)), .value = span_in(body_, first)};
    out.all.push_back(std::move(member));
    open_ = true;
    return take(name, value, first, out);
  }

  // The value of the last named member ends before the comma in front of the next key, or before the closing brace.
  void end_value(std::size_t before, Members& out) {
    if (!open_) return;
    open_ = false;
    auto& value = out.all.back().value;
    const auto back = [&] { while (before > value.at && static_cast<unsigned char>(body_[before - 1]) <= 0x20) --before; };
    back();
    if (body_[before - 1] == ',') --before;
    back();
    value.size = before - value.at;
  }

  char first_of(std::string_view list) const {  // the byte behind the bracket
    const auto next = body_.find_first_not_of(" \t\r\n", static_cast<std::size_t>(list.data() - body_.data()) + 1);
    return next == body_.npos ? ']' : body_[next];
  }

  bool empty_list(std::string_view first) const { return !first.starts_with('[') || first_of(first) == ']'; }

  std::optional<Refusal> wrong(std::string_view first, std::string_view name) const {
    return invalid(go_type_error(kind_, first, name));
  }

  std::optional<Refusal> take(std::string_view name, od::value& value, std::string_view first, Members& out) {
    const bool null = first == "null", text = first.front() == '"', list = first.front() == '[', object = first.front() == '{';
    if (name == "model" || (name == "name" && kind_ == Kind::show)) {
      if (!text && !null) return wrong(first, name);
      if (text) return name_text(name, value, name == "model" ? out.model : out.name);
    } else if (name == "stream" || (name == "shift" && !openai_)) {  // shift is replaced on its way, so it is looked at too
      if (first != "true" && first != "false" && !null) return wrong(first, name);
      if (name == "stream" && !null) out.stream = first == "true";
    } else if (name == "keep_alive") {
      const auto raw = whole_text(body_, value);  // is replaced on its way: what is no JSON must not become good by that
      if (!first.starts_with('[') && !object && !go_reads_whole(raw)) return broken();
      if (!null) out.keep_alive = std::string(raw);
    } else if (name == "options" && !openai_) {
      if (!object && !null) return wrong(first, name);
      if (object) return options(value, out);
    } else if (name == "messages") {
      if (!list && !null) return wrong(first, name);
      out.messages_present = list;
      if (list) return messages(value, out);
    } else if (name == "prompt") {
      out.prompt_empty = empty_text(first);
      if (!text && !null) return wrong(first, name);
      if (text && !out.first_user) out.first_user = text_of(body_, value);
      if (text) out.first_said = {span_in(body_, first)};
      count(first, out);
    } else if (name == "input") {
      out.input_empty = empty_text(first) || (list && empty_list(first));
      if (list && !empty_list(first) && first_of(first) == '{') return messages(value, out);  // of OpenAI's responses
      if (text && !out.first_user) out.first_user = text_of(body_, value);
      count(whole_text(body_, value), out);
    } else if (name == "system" && list) {  // of Anthropic's messages
      std::optional<std::string> text_of_all;
      return parts(value, text_of_all, out.system_said, out);
    } else if (name == "suffix" || name == "system" || name == "template") {
      if (name == "system" && text) out.system_said.insert(out.system_said.begin(), span_in(body_, first));
      if (name == "suffix") out.suffix = text && !empty_text(first);
      count(first, out);
    } else if (name == "tools") {
      out.tools = !empty_list(first);
      count(whole_text(body_, value), out);
    } else if (name == "images") {
      out.images = out.images || !empty_list(first);
    } else if (name == "user") {
      if (text) out.user = text_of(body_, value);
    } else if (name == "metadata" && object) {
      return metadata(value, out);
    }
    return std::nullopt;
  }

  std::optional<Refusal> name_text(std::string_view name, od::value& value, std::optional<std::string>& out) const {
    std::string_view text;
    if (value.get_string().get(text) == simdjson::SUCCESS) return out.emplace(text), std::nullopt;
    return go_syntax_error(body_).empty() ? half_a_character(name) : broken();
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
      if (token(body_, role).starts_with('"')) out.metadata_role = text_of(body_, role);
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
      const auto raw = whole_text(body_, option);
      if (raw.empty()) return broken();
      if (use_mmap && raw != "true" && raw != "false" && raw != "null")
        return go_reads_whole(raw) ? invalid("option \"use_mmap\" must be of type boolean") : broken();
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
      const std::string_view first = token(body_, item);
      if (++out.messages <= Members::most_messages) out.message_at.push_back(first.empty() ? 0 : span_in(body_, first).at);
      if (const auto refusal = first.starts_with('{') ? message(item, out) : std::nullopt) return refusal;
    }
    return std::nullopt;
  }

  std::optional<Refusal> message(od::value& value, Members& out) {
    od::object object;
    if (value.get_object().get(object)) return broken();
    std::string role;
    std::optional<std::string> text;
    std::vector<Span> said;
    for (auto step : object) {
      od::field field;
      std::string_view name;
      if (std::move(step).get(field) || field.unescaped_key().get(name)) return broken();
      od::value member = std::move(field).value();
      const auto first = token(body_, member);
      if (first.empty()) return broken();
      if (name == "images") {
        out.images = out.images || !empty_list(first);
      } else if (name == "role" && first.front() == '"') {
        role = text_of(body_, member);
      } else if (name == "content" && first.front() == '[') {
        if (const auto refusal = parts(member, text, said, out)) return refusal;
      } else {
        if (name == "content" && first.front() == '"' && !out.first_user) text = text_of(body_, member);
        if (name == "content" && first.front() == '"') said = {span_in(body_, first)};
        count(whole_text(body_, member), out);
      }
    }
    if (role == "user" && text && !out.first_user) out.first_user = std::move(text), out.first_user_at = out.messages - 1;
    if (role == "system" || role == "developer")
      for (std::size_t i = 0; i < said.size() && out.system_said.size() < most_said; ++i) out.system_said.push_back(said[i]);
    if (role == "user" && !said.empty()) (out.first_said.empty() ? out.first_said : out.last_said) = std::move(said);
    return std::nullopt;
  }

  std::optional<Refusal> parts(od::value& value, std::optional<std::string>& text, std::vector<Span>& said, Members& out) {
    od::array array;
    if (value.get_array().get(array)) return broken();
    for (auto step : array) {
      od::value part;
      if (std::move(step).get(part)) return broken();
      if (!token(body_, part).starts_with('{')) continue;
      od::object object;
      if (part.get_object().get(object)) return broken();
      for (auto inner : object) {
        od::field field;
        std::string_view name;
        if (std::move(inner).get(field) || field.unescaped_key().get(name)) return broken();
        out.images = out.images || name == "image_url" || name == "image";
        const bool is_text = name == "text";
        od::value member = std::move(field).value();
        if (!is_text) continue;
        const auto raw = token(body_, member);
        count(raw, out);
        if (raw.starts_with('"') && said.size() < most_said) said.push_back(span_in(body_, raw));
        if (raw.starts_with('"') && !out.first_user) text = text.value_or("") + text_of(body_, member);
      }
    }
    return std::nullopt;
  }

  std::string_view body_;
  bool openai_;
  Kind kind_;
  bool open_ = false;  // the last of all: its value has only its first byte or token yet
};

}  // namespace

const Member* Members::find(std::string_view name) const {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Member& m) { return m.name == name; });
  return found == all.end() ? nullptr : &*found;
}

Span Members::value(std::string_view name) const { return find(name) ? find(name)->value : Span{}; }

Result<Members> read_members(std::string_view body, bool openai, Kind kind) {
  if (openai) kind = Kind::chat_completions;
  if (body.find_first_not_of(" \t\r\n") == body.npos) return invalid(openai ? "EOF" : "missing request body");
  const auto extent = first_value(body);
  if (extent.depth > max_depth)
    return bad_member("the body nests deeper than " + std::to_string(max_depth) + " levels: send flatter JSON");
  Reading reading(body, openai, kind);
  if (body[extent.at] != '{') {
    const auto words = go_syntax_error(body);
    return invalid(words.empty() ? go_type_error(kind, body.substr(extent.at, 1), "") : words);
  }
  if (extent.end == 0) return reading.broken();

  Members out;
  out.body = body;
  out.open = extent.at;
  out.close = extent.end - 1;
  const std::size_t used = extent.end;  // what follows the first value is not read, by Ollama neither
  Parser parser;
  od::document document;
  const simdjson::padded_string_view padded(body.data(), used, body.size() + simdjson::SIMDJSON_PADDING);
  if (parser.of(used).iterate(padded).get(document)) return reading.broken();
  if (const auto refusal = Reading(body.substr(0, used), openai, kind).read(document, out)) return *refusal;
  return out;
}

}  // namespace rr::api
