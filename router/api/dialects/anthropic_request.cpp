// The request's side: one /v1/messages body as a native /api/chat body.
#include "api/dialects/anthropic_messages.hpp"
#include "api/dialects/native_chat.hpp"
#include "api/raw_json.hpp"

#include <array>

namespace rr::api {
namespace {

// Blocks that only the vendor's servers could fill, or that they alone can read: sent back by clients, left out here.
bool of_the_vendor(std::string_view type) {
  constexpr std::array<std::string_view, 5> types{"\"redacted_thinking\"", "\"server_tool_use\"", "\"web_search_tool_result\"",
                                                  "\"web_fetch_tool_result\"", "\"code_execution_tool_result\""};
  return std::find(types.begin(), types.end(), type) != types.end();
}

std::optional<Refusal> image(std::string_view block, Turn& turn) {
  const auto source = raw_member(block, "source"), data = raw_member(source, "data");
  if (raw_member(source, "type") != "\"base64\"" || !is_string(data))
    return unsupported("an image has source " + std::string(raw_member(source, "type").substr(0, 40)) + ": send it as base64");
  turn.images.push_back(data.substr(1));
  return std::nullopt;
}

std::optional<Refusal> document(std::string_view block, Turn& turn) {
  const auto source = raw_member(block, "source");
  if (raw_member(source, "type") != "\"text\"")
    return unsupported("a document has source " + std::string(raw_member(source, "type").substr(0, 40)) + ": send its text");
  turn.content.add(raw_member(source, "data"));
  return std::nullopt;
}

// What a tool said: text, or blocks of text and images.
std::optional<Refusal> result(std::string_view block, Turn& turn) {
  turn.role = "\"tool\"";
  turn.result_of = raw_member(block, "tool_use_id");
  turn.failed = raw_member(block, "is_error") == "true";
  const auto content = raw_member(block, "content");
  turn.content.add(content);
  for (const auto part : raw_elements(content)) {
    const auto type = raw_member(part, "type");
    std::optional<Refusal> refusal;
    if (type == "\"text\"") turn.content.add(raw_member(part, "text"));
    else if (type == "\"image\"") refusal = image(part, turn);
    else if (type == "\"document\"") refusal = document(part, turn);
    if (refusal) return refusal;
  }
  return std::nullopt;
}

// A message of blocks is one native message; each tool_result in it is one of its own, in the order of the blocks.
std::optional<Refusal> blocks(std::string_view role, std::string_view list, NativeChat& chat) {
  Turn turn{.role = role};
  const auto end_turn = [&] {
    if (!turn.empty()) chat.message(turn);
    turn = Turn{.role = role};
  };
  for (const auto block : raw_elements(list)) {
    const auto type = raw_member(block, "type");
    std::optional<Refusal> refusal;
    if (type == "\"text\"") {
      turn.content.add(raw_member(block, "text"));
    } else if (type == "\"image\"") {
      refusal = image(block, turn);
    } else if (type == "\"document\"") {
      refusal = document(block, turn);
    } else if (type == "\"thinking\"") {
      turn.thinking.add(raw_member(block, "thinking"));
    } else if (type == "\"tool_use\"") {
      const auto input = raw_member(block, "input");
      if (!input.empty() && !is_object(input)) return unsupported("the input of a tool_use is no JSON object");
      turn.calls.push_back({raw_member(block, "id"), raw_member(block, "name"), input});
    } else if (type == "\"tool_result\"") {
      end_turn();
      refusal = result(block, turn);
      if (!refusal) chat.message(turn);
      turn = Turn{.role = role};
    } else if (!of_the_vendor(type)) {
      return unsupported("a content block has type " + std::string(type.substr(0, 60)) +
                         ": text, image, document, thinking, tool_use and tool_result are understood");
    }
    if (refusal) return refusal;
  }
  end_turn();
  return std::nullopt;
}

void system(std::string_view raw, NativeChat& chat) {
  if (is_string(raw) && raw != "\"\"") return chat.message("\"system\"", raw);
  Turn turn{.role = "\"system\"", .content = JoinedText("\\n\\n")};
  for (const auto block : raw_elements(raw)) turn.content.add(raw_member(block, "text"));
  if (!turn.empty()) chat.message(turn);
}

// One of its own shape; what runs on the vendor's servers has no input_schema and is left out. A choice of one tool leaves that alone.
void tools(const Members& members, PiecesWriter& write) {
  const auto choice = value_of(members, "tool_choice"), kind = raw_member(choice, "type");
  if (kind == "\"none\"") return;
  const auto only = kind == "\"tool\"" ? raw_member(choice, "name") : std::string_view{};
  NativeTools out(write);
  for (const auto tool : raw_elements(value_of(members, "tools"))) {
    const auto name = raw_member(tool, "name"), schema = raw_member(tool, "input_schema"), type = raw_member(tool, "type");
    if (schema.empty() && !type.empty() && type != "\"custom\"") continue;
    if (only.empty() || only == name) out.add(name, raw_member(tool, "description"), schema);
  }
  out.end();
}

void think(const Members& members, const Ask& ask, PiecesWriter& write) {
  const auto type = raw_member(value_of(members, "thinking"), "type");
  if (type == "\"disabled\"") write.text(",\"think\":false");
  else if (!type.empty() && ask.thinks) write.text(",\"think\":true");  // else relaxed, as the shim does
}

void format(const Members& members, PiecesWriter& write) {
  auto wanted = raw_member(value_of(members, "output_config"), "format");
  if (wanted.empty()) wanted = value_of(members, "output_format");
  const auto schema = raw_member(wanted, "schema");
  if (raw_member(wanted, "type") == "\"json_schema\"" && !schema.empty()) write.text(",\"format\":").raw(schema);
}

}  // namespace

Result<Pieces> AnthropicMessages::to_native(const Members& members, const Ask& ask, const Edits& edits) {
  for (const auto name : {"tools", "tool_choice", "thinking", "output_config", "output_format", "stop_sequences"})
    if (const auto refusal = fault(value_of(members, name))) return *refusal;
  PiecesWriter write;
  NativeChat chat(edits, write);
  system(value_of(members, "system"), chat);
  for (const auto raw : raw_elements(value_of(members, "messages"))) {
    const auto role = raw_member(raw, "role"), content = raw_member(raw, "content");
    if (content.starts_with('[')) {
      if (const auto refusal = blocks(role, content, chat)) return *refusal;
    } else if (is_string(content)) {
      chat.message(role, content);
    } else {
      return shim_refusal("invalid message content type: content must be a string or a list of blocks");
    }
  }
  chat.end_messages(ask.stream);
  tools(members, write);
  format(members, write);
  think(members, ask, write);
  write_keep_alive(edits, write);
  write.text(",\"options\":{");
  bool first = true;
  for (const auto name : {"temperature", "top_p", "top_k"}) write_option(name, value_of(members, name), first, write);
  write_option("num_predict", value_of(members, "max_tokens"), first, write);
  write_option("stop", value_of(members, "stop_sequences"), first, write);
  write_granted_options(edits, first, write);
  write.text("}}");
  return write.done();
}

}  // namespace rr::api
