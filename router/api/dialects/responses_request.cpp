// The request's side: one body of the Responses API as a native /api/chat body.
#include "api/dialects/responses_request.hpp"

#include "api/dialects/response_tools.hpp"
#include "api/quote.hpp"
#include "api/raw_json.hpp"

namespace rr::api {
namespace {

struct Item {  // raw texts; "" = absent or null
  std::string_view type{}, role{}, content{}, summary{}, encrypted{}, call_id{}, name{}, arguments{}, input{}, output{};
};

std::size_t read_item(std::string_view list, std::size_t at, Item& out) {
  return step_members(list, at, [&](std::string_view key, std::string_view value) {
    if (value == "null") return;
    if (key == "type") out.type = value;
    if (key == "role") out.role = value;
    if (key == "content") out.content = value;
    if (key == "summary") out.summary = value;
    if (key == "encrypted_content") out.encrypted = value;
    if (key == "call_id") out.call_id = value;
    if (key == "name") out.name = value;
    if (key == "arguments") out.arguments = value;
    if (key == "input") out.input = value;
    if (key == "output") out.output = value;
  });
}

// Items one after the other; what the assistant thinks, says and calls in a row is one turn.
class Items {
 public:
  Items(NativeChat& chat, PiecesWriter& write) : chat_(chat), write_(write) {}

  std::optional<Refusal> take(const Item& item) {
    const auto type = item.type;
    if (type.empty() || type == "\"message\"") return message(item);
    if (type == "\"reasoning\"") return reasoning(item);
    if (type == "\"function_call\"" || type == "\"custom_tool_call\"") return call(item, type == "\"custom_tool_call\"");
    if (type == "\"function_call_output\"" || type == "\"custom_tool_call_output\"") return result(item);
    if (type == "\"item_reference\"")
      return unsupported("input refers to an item by its id: answers are not kept here, send the item itself");
    return std::nullopt;  // of the vendor's own tools
  }

  void end() {
    if (!assistant_.empty()) chat_.message(assistant_);
    assistant_ = Turn{.role = "\"assistant\""};
  }

 private:
  std::optional<Refusal> message(const Item& item) {
    auto role = item.role;
    if (role == "\"developer\"") role = "\"system\"";
    Turn other{.role = role};
    const bool assistant = role == "\"assistant\"";
    if (assistant && !(assistant_.content.empty() && assistant_.calls.empty())) end();
    if (!assistant) end();
    if (const auto refusal = content(item.content, assistant ? assistant_ : other)) return refusal;
    if (!assistant) chat_.message(other);
    return std::nullopt;
  }

  // A string or parts.
  std::optional<Refusal> content(std::string_view raw, Turn& turn) {
    if (is_string(raw)) turn.content.add(raw);
    std::optional<Refusal> refusal;
    step_objects(raw, [&](std::size_t at) {
      std::string_view type, text, url;
      const auto end = step_members(raw, at, [&](std::string_view key, std::string_view value) {
        if (key == "type") type = value;
        if (key == "text" || key == "refusal") text = value;
        if (key == "image_url") url = value;
      });
      if (refusal) return end;
      if (is_string(text)) turn.content.add(text);
      else if (type == "\"input_image\"" || type == "\"image_url\"") refusal = image(url.starts_with('{') ? raw_member(url, "url") : url, turn);
      else refusal = unsupported("a content part has type " + std::string(type.substr(0, 60)) + ": send input_text or input_image parts");
      return end;
    });
    return refusal;
  }

  std::optional<Refusal> image(std::string_view url, Turn& turn) {
    if (!is_string(url)) return unsupported("an input_image has no image_url: files are not kept here, send a data URL");
    const auto data = image_data(url, write_.keep(""));
    if (!data) return data.error();
    turn.images.push_back(*data);
    return std::nullopt;
  }

  std::optional<Refusal> reasoning(const Item& item) {
    if (!(assistant_.content.empty() && assistant_.calls.empty())) end();
    JoinedText summary("\\n");
    for (const auto part : raw_elements(item.summary)) summary.add(raw_member(part, "text"));
    for (const auto part : raw_elements(item.content))
      if (summary.empty()) summary.add(raw_member(part, "text"));
    if (summary.empty()) summary.add(item.encrypted);  // of answers made here: the same text
    if (assistant_.thinking.empty()) assistant_.thinking = summary;
    return std::nullopt;
  }

  std::optional<Refusal> call(const Item& item, bool custom) {
    std::string arguments;
    if (custom) {
      const auto input = item.input;
      arguments = "{\"input\":" + (is_string(input) ? std::string(input) : quote(input)) + "}";
    } else {
      arguments = unescaped(item.arguments).value_or("");
      if (arguments.empty()) arguments = "{}";
      if (!is_object(arguments)) return shim_refusal("invalid tool call arguments");
    }
    assistant_.calls.push_back({item.call_id, item.name, write_.keep(std::move(arguments))});
    return std::nullopt;
  }

  std::optional<Refusal> result(const Item& item) {
    end();
    Turn turn{.role = "\"tool\"", .result_of = item.call_id};
    const auto output = item.output;
    if (const auto refusal = content(output.starts_with('{') ? raw_member(output, "content") : output, turn)) return refusal;
    chat_.message(turn);
    return std::nullopt;
  }

  NativeChat& chat_;
  PiecesWriter& write_;
  Turn assistant_{.role = "\"assistant\""};
};

std::optional<Refusal> impossible_response(const Members& members) {
  for (const auto name : {"tools", "tool_choice", "text", "reasoning"})
    if (const auto refusal = fault(value_of(members, name))) return refusal;
  for (const auto name : {"previous_response_id", "conversation"})
    if (!value_of(members, name).empty())
      return unsupported(std::string(name) + " is set: answers are not kept here, send the whole conversation in input");
  if (value_of(members, "background") == "true") return unsupported("background is true: nothing is kept here to ask for later, leave it out");
  if (members.kind == Kind::responses && !value_of(members, "prompt").empty())
    return unsupported("prompt names a template of OpenAI's: send its text in input");
  return std::nullopt;
}

void responses_format(const Members& members, PiecesWriter& write) {
  const auto wanted = raw_member(value_of(members, "text"), "format"), type = raw_member(wanted, "type");
  if (type == "\"json_object\"") write.text(",\"format\":\"json\"");
  if (const auto schema = raw_member(wanted, "schema"); type == "\"json_schema\"" && !schema.empty()) write.text(",\"format\":").raw(schema);
}

std::string_view limit(const Members& members) {
  for (const auto name : {"max_output_tokens", "max_tokens", "max_completion_tokens"})
    if (const auto raw = value_of(members, name); !raw.empty()) return raw;
  return {};
}

}  // namespace

Result<Pieces> responses_to_native(const Members& members, const Ask& ask, const Edits& edits) {
  if (const auto refusal = impossible_response(members)) return *refusal;
  PiecesWriter write;
  NativeChat chat(edits, write);
  if (const auto raw = value_of(members, "instructions"); is_string(raw) && raw != "\"\"") chat.message("\"system\"", raw);
  Items items(chat, write);
  const auto input = value_of(members, "input");
  if (is_string(input)) chat.message("\"user\"", input);
  std::optional<Refusal> refusal;
  step_objects(input, [&](std::size_t at) {
    Item item;
    const auto end = read_item(input, at, item);
    if (!refusal) refusal = items.take(item);
    return end;
  });
  if (refusal) return *refusal;
  items.end();
  chat.end_messages(ask.stream);
  ResponseTools::write(value_of(members, "tools"), value_of(members, "tool_choice"), write);
  responses_format(members, write);
  auto effort = raw_member(value_of(members, "reasoning"), "effort");
  if (effort.empty()) effort = value_of(members, "reasoning_effort");
  if (!effort.empty() && effort != "\"\"") {
    const auto native = native_effort(effort);
    if (!native) return native.error();
    write.text(",\"think\":").text(*native);
  }
  write_keep_alive(edits, write);
  write.text(",\"options\":{");
  bool first = true;
  const auto temperature = value_of(members, "temperature");
  write_option("temperature", temperature.empty() ? "1.0" : temperature, first, write);
  write_option("top_p", value_of(members, "top_p"), first, write);
  write_option("num_predict", limit(members), first, write);
  write_granted_options(edits, first, write);
  write.text("}}");
  return write.done();
}

}  // namespace rr::api
