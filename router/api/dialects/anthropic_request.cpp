// The request's side: one /v1/messages body as a native /api/chat body.
#include "api/dialects/anthropic_messages.hpp"
#include "api/dialects/native_chat.hpp"
#include "api/dialects/raw_tool.hpp"

#include <array>

namespace rr::api {
namespace {

// Blocks that only the vendor's servers could fill, or that they alone can read: sent back by clients, left out here.
bool of_the_vendor(std::string_view type) {
  constexpr std::array<std::string_view, 5> types{"\"redacted_thinking\"", "\"server_tool_use\"", "\"web_search_tool_result\"",
                                                  "\"web_fetch_tool_result\"", "\"code_execution_tool_result\""};
  return std::find(types.begin(), types.end(), type) != types.end();
}

struct Block {  // raw texts; "" = absent or null
  std::string_view type{}, text{}, source{}, id{}, name{}, input{}, result_of{}, content{}, is_error{};
};

std::size_t read_block(std::string_view list, std::size_t at, Block& out) {
  return step_members(list, at, [&](std::string_view key, std::string_view value) {
    if (value == "null") return;
    if (key == "type") out.type = value;
    if (key == "text" || key == "thinking") out.text = value;
    if (key == "source") out.source = value;
    if (key == "id") out.id = value;
    if (key == "name") out.name = value;
    if (key == "input") out.input = value;
    if (key == "tool_use_id") out.result_of = value;
    if (key == "content") out.content = value;
    if (key == "is_error") out.is_error = value;
  });
}

std::optional<Refusal> image(const Block& block, Turn& turn) {
  const auto type = raw_member(block.source, "type"), data = raw_member(block.source, "data");
  if (type != "\"base64\"" || !is_string(data)) return unsupported("an image has source " + std::string(type.substr(0, 40)) + ": send it as base64");
  turn.images.push_back(data.substr(1));
  return std::nullopt;
}

std::optional<Refusal> document(const Block& block, Turn& turn) {
  const auto type = raw_member(block.source, "type");
  if (type != "\"text\"") return unsupported("a document has source " + std::string(type.substr(0, 40)) + ": send its text");
  turn.content.add(raw_member(block.source, "data"));
  return std::nullopt;
}

// What a tool said: text, or blocks of text and images.
std::optional<Refusal> result(const Block& block, Turn& turn) {
  turn.role = "\"tool\"";
  turn.result_of = block.result_of;
  turn.failed = block.is_error == "true";
  turn.content.add(block.content);
  std::optional<Refusal> refusal;
  step_objects(block.content, [&](std::size_t at) {
    Block part;
    const auto end = read_block(block.content, at, part);
    if (refusal) return end;
    if (part.type == "\"text\"") turn.content.add(part.text);
    else if (part.type == "\"image\"") refusal = image(part, turn);
    else if (part.type == "\"document\"") refusal = document(part, turn);
    return end;
  });
  return refusal;
}

// A message of blocks is one native message; each tool_result in it is one of its own, in the order of the blocks.
class Blocks {
 public:
  Blocks(std::string_view role, NativeChat& chat) : chat_(chat), turn_{.role = role} {}

  std::optional<Refusal> take(const Block& block) {
    if (block.type == "\"text\"") return turn_.content.add(block.text), std::nullopt;
    if (block.type == "\"image\"") return image(block, turn_);
    if (block.type == "\"document\"") return document(block, turn_);
    if (block.type == "\"thinking\"") return turn_.thinking.add(block.text), std::nullopt;
    if (block.type == "\"tool_use\"") {
      if (!block.input.empty() && !is_object(block.input)) return unsupported("the input of a tool_use is no JSON object");
      turn_.calls.push_back({block.id, block.name, block.input});
      return std::nullopt;
    }
    if (block.type == "\"tool_result\"") {
      end();
      Turn said;
      if (auto refusal = result(block, said)) return refusal;
      chat_.message(said);
      return std::nullopt;
    }
    if (of_the_vendor(block.type)) return std::nullopt;
    return unsupported("a content block has type " + std::string(block.type.substr(0, 60)) +
                       ": text, image, document, thinking, tool_use and tool_result are understood");
  }

  void end() {
    if (!turn_.empty()) chat_.message(turn_);
    turn_ = Turn{.role = turn_.role};
  }

 private:
  NativeChat& chat_;
  Turn turn_;
};

std::optional<Refusal> message(std::string_view role, std::string_view content, NativeChat& chat) {
  if (is_string(content)) return chat.message(role, content), std::nullopt;
  if (!content.starts_with('[')) return shim_refusal("invalid message content type: content must be a string or a list of blocks");
  Blocks blocks(role, chat);
  std::optional<Refusal> refusal;
  step_objects(content, [&](std::size_t at) {
    Block block;
    const auto end = read_block(content, at, block);
    if (!refusal) refusal = blocks.take(block);
    return end;
  });
  blocks.end();
  return refusal;
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
  step_tools(value_of(members, "tools"), [&](const RawTool& tool) {
    if (tool.schema.empty() && !tool.type.empty() && tool.type != "\"custom\"") return;
    if (only.empty() || only == tool.name) out.add(tool.name, tool.description, tool.schema);
  });
  out.end();
}

void think(const Members& members, const Ask& ask, PiecesWriter& write) {
  const auto type = raw_member(value_of(members, "thinking"), "type");
  if (type == "\"disabled\"") write.text(",\"think\":false");
  else if (!type.empty() && ask.thinks) write.text(",\"think\":true");  // else relaxed, as the shim does
}

void anthropic_format(const Members& members, PiecesWriter& write) {
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
  const auto messages = value_of(members, "messages");
  std::optional<Refusal> refusal;
  step_objects(messages, [&](std::size_t at) {
    std::string_view role, content;
    const auto end = step_members(messages, at, [&](std::string_view key, std::string_view value) {
      if (key == "role") role = value;
      if (key == "content") content = value;
    });
    if (!refusal) refusal = message(role, content, chat);
    return end;
  });
  if (refusal) return *refusal;
  chat.end_messages(ask.stream);
  tools(members, write);
  anthropic_format(members, write);
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
