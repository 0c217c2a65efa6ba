#include "api/members.hpp"

#include "api/conversation.hpp"
#include "api/dialects/translation.hpp"
#include "api/go_words.hpp"
#include "api/member_names.hpp"
#include "api/member_refusals.hpp"
#include "api/ondemand.hpp"

#include <algorithm>
#include <new>

namespace rr::api {
namespace {
bool empty_text(std::string_view token) { return token.empty() || token == "\"\"" || token == "null"; }

// Fills one Members from one body.
class Reading {
 public:
  Reading(std::string_view body, Kind kind, Members& out) : body_(body), kind_(kind), conversation_(body, out) {}

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
    if (!named_member(name, kind_)) {
      const auto meant = folded_member(name);
      if (meant.empty() || !named_member(meant, kind_)) return std::nullopt;
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
    } else if (name == "stream" || (name == "shift" && !translated(kind_))) {  // shift is replaced on its way, so it is looked at too
      if (first != "true" && first != "false" && !null) return wrong(first, name);
      if (name == "stream" && !null) out.stream = first == "true";
    } else if (name == "keep_alive") {
      const auto raw = whole_text(body_, value);  // is replaced on its way: what is no JSON must not become good by that
      if (!first.starts_with('[') && !object && !go_reads_whole(raw)) return broken();
      if (!null) out.keep_alive = std::string(raw);
    } else if (name == "options" && !translated(kind_)) {
      if (!object && !null) return wrong(first, name);
      if (object) return options(value, out);
    } else if (name == "messages") {
      if (!list && !null) return wrong(first, name);
      out.messages_present = list;
      if (list && !conversation_.messages(value)) return broken();
    } else if (name == "prompt" && kind_ != Kind::responses) {  // a template's name there
      return prompt(value, first, out);
    } else if (name == "input") {
      out.input_empty = empty_text(first) || (list && empty_list(first));
      if (list && !empty_list(first) && first_of(first) == '{') return conversation_.messages(value) ? std::nullopt : std::optional(broken());
      if (text && !out.first_user) out.first_user = text_of(body_, value);
      if (text && kind_ == Kind::responses) out.first_said = {span_in(body_, first)};
      conversation_.count(whole_text(body_, value));
    } else if (name == "system" || name == "instructions") {
      if (!conversation_.system(value)) return broken();
    } else if (name == "suffix" || name == "template") {
      if (name == "suffix") out.suffix = text && !empty_text(first);
      conversation_.count(first);
    } else if (name == "tools") {
      out.tools = !empty_list(first);
      conversation_.count(whole_text(body_, value));
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

  // A string; on /v1/completions also a list of them, of which one is answered.
  std::optional<Refusal> prompt(od::value& value, std::string_view first, Members& out) {
    const bool list = first.starts_with('[') && kind_ == Kind::completions;
    if (!first.starts_with('"') && first != "null" && !list) return wrong(first, "prompt");
    out.prompt_empty = empty_text(first) || (list && empty_list(first));
    if (list) {
      conversation_.count(whole_text(body_, value));
    } else {
      if (first.starts_with('"') && !out.first_user) out.first_user = text_of(body_, value);
      if (first.starts_with('"')) out.first_said = {span_in(body_, first)};
      conversation_.count(first);
    }
    return std::nullopt;
  }

  std::optional<Refusal> metadata(od::value& value, Members& out) {
    od::object object;
    if (value.get_object().get(object)) return broken();
    for (auto step : object) {
      od::field field;
      std::string_view name;
      if (std::move(step).get(field) || field.unescaped_key().get(name)) return broken();
      const bool role = name == "role";
      if (!role && (name != "user_id" || kind_ != Kind::messages)) continue;
      od::value said = std::move(field).value();
      if (token(body_, said).starts_with('"')) (role ? out.metadata_role : out.user) = text_of(body_, said);
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
      double number = 0;  // Ollama cuts fractions off
      const bool number_there = raw.front() != '"' && !option.get_double().get(number) && number > -1e18 && number < 1e18;
      // One of a wrong type goes through: the node refuses it in its own words.
      if (use_mmap ? raw != "null" : !num_ctx && number_there) out.runner_options.push_back({.name = std::string(name), .value = span_in(body_, raw)});
      if (!num_ctx) continue;
      out.num_ctx_value = span_in(body_, raw);
      if (number_there) out.num_ctx = static_cast<std::int64_t>(number);
      out.num_ctx_wrong = !out.num_ctx && raw != "null";
    }
    return std::nullopt;
  }

  std::string_view body_;
  Kind kind_;
  Conversation conversation_;
  bool open_ = false;  // the last of all: its value has only its first byte or token yet
};

}  // namespace

const Member* Members::find(std::string_view name) const {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Member& m) { return m.name == name; });
  return found == all.end() ? nullptr : &*found;
}

Span Members::value(std::string_view name) const { return find(name) ? find(name)->value : Span{}; }

Result<Members> read_members(std::string_view body, Kind kind) {
  if (body.find_first_not_of(" \t\r\n") == body.npos) return invalid(translated(kind) ? "EOF" : "missing request body");
  const auto extent = first_value(body);
  if (extent.depth > max_depth)
    return bad_member("the body nests deeper than " + std::to_string(max_depth) + " levels: send flatter JSON");
  Members out;
  if (body[extent.at] != '{') {
    const auto words = go_syntax_error(body);
    return invalid(words.empty() ? go_type_error(kind, body.substr(extent.at, 1), "") : words);
  }
  if (extent.end == 0) return Reading(body, kind, out).broken();

  out.kind = kind;
  out.body = body;
  out.open = extent.at;
  out.close = extent.end - 1;
  const std::size_t used = extent.end;  // what follows the first value is not read, by Ollama neither
  Reading reading(body.substr(0, used), kind, out);
  Parser parser;
  od::document document;
  const simdjson::padded_string_view padded(body.data(), used, body.size() + simdjson::SIMDJSON_PADDING);
  if (const auto failed = parser.of(used).iterate(padded).get(document); failed == simdjson::MEMALLOC) throw std::bad_alloc();
  else if (failed) return Reading(body, kind, out).broken();
  if (const auto refusal = reading.read(document, out)) return *refusal;
  return out;
}

}  // namespace rr::api
