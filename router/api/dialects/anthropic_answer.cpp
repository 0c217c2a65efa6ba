// The answer's side: native lines as Anthropic's events, a native object as one message.
#include "api/dialects/anthropic_messages.hpp"

#include "api/quote.hpp"

namespace rr::api {
namespace {

void event(std::string_view name, std::string_view members, std::string& out) {
  out += "event: ";
  out += name;
  out += "\ndata: {\"type\":\"";
  out += name;
  out += "\"";
  out += members;
  out += "}\n\n";
}

std::string usage(std::string_view input, std::string_view output) {
  return "\"usage\":{\"input_tokens\":" + std::string(input) + ",\"output_tokens\":" + std::string(output) + "}";
}

std::string head(const Answer& answer) {
  return "{\"id\":" + quote("msg_" + answer.unique) + ",\"type\":\"message\",\"role\":\"assistant\",\"model\":" + quote(answer.model) +
         ",\"content\":[";
}

}  // namespace

AnthropicMessages::AnthropicMessages(const Members&, Answer answer) : answer_(std::move(answer)) {}

std::string AnthropicMessages::id_of(const NativeCall& call) {
  const int number = calls_++;
  return filled(call.id) ? std::string(call.id) : quote("toolu_" + answer_.unique + "_" + std::to_string(number));
}

std::string_view AnthropicMessages::stop_reason(const NativeLine& last) const {
  if (calls_ > 0) return "\"tool_use\"";
  if (last.done_reason == "\"length\"") return "\"max_tokens\"";
  if (last.done_reason == "\"stop\"" || !filled(last.done_reason)) return "\"end_turn\"";
  return "\"stop_sequence\"";
}

void AnthropicMessages::start(std::string& out) {
  if (std::exchange(begun_, true)) return;
  event("message_start",
        ",\"message\":" + head(answer_) + "],\"stop_reason\":null,\"stop_sequence\":null," + usage(std::to_string(answer_.tokens), "0") + "}", out);
}

void AnthropicMessages::open(Block block, std::string& out) {
  if (open_ == block) return;
  close(out);
  open_ = block;
  event("content_block_start",
        ",\"index\":" + std::to_string(index_) + ",\"content_block\":" +
            (block == Block::text ? "{\"type\":\"text\",\"text\":\"\"}" : "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"),
        out);
}

void AnthropicMessages::close(std::string& out) {
  if (std::exchange(open_, Block::none) == Block::none) return;
  event("content_block_stop", ",\"index\":" + std::to_string(index_++), out);
}

void AnthropicMessages::call(const NativeCall& call, std::string& out) {
  const std::string at = ",\"index\":" + std::to_string(index_++);
  event("content_block_start",
        at + ",\"content_block\":{\"type\":\"tool_use\",\"id\":" + id_of(call) + ",\"name\":" + std::string(call.name) + ",\"input\":{}}", out);
  event("content_block_delta", at + ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":" + quote(call.arguments) + "}", out);
  event("content_block_stop", at, out);
}

void AnthropicMessages::line(const NativeLine& line, std::string& out) {
  start(out);
  const auto delta = [&](Block block, std::string_view type, std::string_view member, std::string_view raw) {
    open(block, out);
    out += "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":" + std::to_string(index_) + ",\"delta\":{\"type\":\"";
    out += type;
    out += "\",\"";
    out += member;
    out += "\":";
    out += raw;
    out += "}}\n\n";
  };
  if (filled(line.thinking)) delta(Block::thinking, "thinking_delta", "thinking", line.thinking);
  if (filled(line.content)) delta(Block::text, "text_delta", "text", line.content);
  if (filled(line.tool_calls)) {
    close(out);
    for (const NativeCall& one : native_calls(line.tool_calls)) call(one, out);
  }
  if (!line.done) return;
  close(out);
  event("message_delta",
        ",\"delta\":{\"stop_reason\":" + std::string(stop_reason(line)) + ",\"stop_sequence\":null}," + usage(line.prompt_count, line.output_count),
        out);
  event("message_stop", "", out);
}

void AnthropicMessages::take(std::string_view lines, std::string& out) {
  each_line(lines, [&](const NativeLine& one) { line(one, out); });
}

Result<std::string> AnthropicMessages::whole(std::string_view native) {
  const auto line = native_whole(native);
  if (!line.is_answer || !line.done) return not_whole();
  std::string blocks;
  const auto block = [&](std::string_view text) { blocks += (blocks.empty() ? "" : ",") + std::string(text); };
  if (filled(line.thinking)) block("{\"type\":\"thinking\",\"thinking\":" + std::string(line.thinking) + ",\"signature\":\"\"}");
  if (filled(line.content)) block("{\"type\":\"text\",\"text\":" + std::string(line.content) + "}");
  for (const NativeCall& call : native_calls(line.tool_calls))
    block("{\"type\":\"tool_use\",\"id\":" + id_of(call) + ",\"name\":" + std::string(call.name) + ",\"input\":" + std::string(call.arguments) + "}");
  return {boost::system::in_place_value, head(answer_) + blocks + "],\"stop_reason\":" + std::string(stop_reason(line)) +
                                             ",\"stop_sequence\":null," + usage(line.prompt_count, line.output_count) + "}\n"};
}

}  // namespace rr::api
