// The answer's side: native lines as chat.completion.chunk events, a native object as one chat.completion.
#include "api/dialects/openai_chat.hpp"

#include "api/quote.hpp"
#include "api/raw_json.hpp"

#include <algorithm>

namespace rr::api::openai_chat {
namespace {

bool filled(std::string_view raw) { return !raw.empty() && raw != "\"\"" && raw != "[]"; }

struct Line {  // of a native answer; raw texts
  std::string_view role, content, thinking, tool_calls, logprobs, done_reason;
  std::string_view prompt_count = "0", output_count = "0";
  bool is_answer = false, done = false;
};

Line line_of(std::string_view raw) {
  Line out;
  for (const auto& [key, value] : raw_members(raw)) {
    if (value == "null") continue;
    if (key == "message") {
      out.is_answer = true;
      for (const auto& [name, inner] : raw_members(value)) {
        if (inner == "null") continue;
        if (name == "role") out.role = inner;
        if (name == "content") out.content = inner;
        if (name == "thinking") out.thinking = inner;
        if (name == "tool_calls") out.tool_calls = inner;
      }
    }
    if (key == "done") out.done = value == "true";
    if (key == "done_reason") out.done_reason = value;
    if (key == "logprobs") out.logprobs = value;
    if (key == "prompt_eval_count") out.prompt_count = value;
    if (key == "eval_count") out.output_count = value;
  }
  return out;
}

// `sent` calls went out before; one without an id gets one of the answer's own.
std::string tool_calls(std::string_view raw, const std::string& answer_id, int& sent) {
  std::string out = "[";
  for (const auto call : raw_elements(raw)) {
    const auto id = raw_member(call, "id"), function = raw_member(call, "function");
    const auto index = raw_member(function, "index"), name = raw_member(function, "name");
    const auto arguments = raw_member(function, "arguments");
    if (out.size() > 1) out += ",";
    out += "{\"id\":";
    out += filled(id) ? std::string(id) : quoted("call_" + answer_id + "_" + std::to_string(sent));
    out += ",\"index\":";
    out += index.empty() ? std::to_string(sent) : std::string(index);
    out += ",\"type\":\"function\",\"function\":{\"name\":";
    out += name.empty() ? "\"\"" : name;
    out += ",\"arguments\":" + quoted(arguments.empty() ? "{}" : arguments) + "}}";
    ++sent;
  }
  return out + "]";
}

std::string usage(const Line& line) {
  std::uint64_t sum = 0;  // beyond its range it wraps, as the shim's does
  for (const auto count : {line.prompt_count, line.output_count})
    sum += static_cast<std::uint64_t>(std::strtoll(std::string(count).c_str(), nullptr, 10));
  return "{\"prompt_tokens\":" + std::string(line.prompt_count) + ",\"completion_tokens\":" + std::string(line.output_count) +
         ",\"total_tokens\":" + std::to_string(static_cast<std::int64_t>(sum)) + "}";
}

std::string head(const Shape& shape, std::string_view object) {
  return "{\"id\":" + quoted(shape.id) + ",\"object\":\"" + std::string(object) + "\",\"created\":" + std::to_string(shape.created) +
         ",\"model\":" + quoted(shape.model) + ",\"system_fingerprint\":\"fp_ollama\",\"choices\":[";
}

std::string finish_reason(const Line& line, bool called) {
  if (called) return "\"tool_calls\"";
  return filled(line.done_reason) ? std::string(line.done_reason) : "null";
}

std::string logprobs(const Line& line) {
  return filled(line.logprobs) ? ",\"logprobs\":{\"content\":" + std::string(line.logprobs) + "}" : "";
}

}  // namespace

struct Stream::State {
  Shape shape;
  std::string head;
  bool begun = false;
  int calls = 0;

  void chunk(std::string& out, const std::string& delta, const std::string& finish, const std::string& extra = {}) {
    out += "data: ";
    out += head;
    out += "{\"index\":0,\"delta\":{";
    if (!begun && finish == "null") {
      out += "\"role\":\"assistant\",";
      begun = true;
    }
    out += delta + "},\"finish_reason\":" + finish + extra + "}]}\n\n";
  }

  void line(const Line& line, std::string& out) {
    const bool thinks = filled(line.thinking), speaks = filled(line.content), acts = filled(line.tool_calls);
    if (thinks) chunk(out, "\"content\":\"\",\"reasoning\":" + std::string(line.thinking), "null", speaks || acts ? "" : logprobs(line));
    if (speaks || acts || (!thinks && (!line.done || !begun))) {
      std::string delta = "\"content\":";
      delta += line.content.empty() ? "\"\"" : line.content;
      if (acts) delta += ",\"tool_calls\":" + tool_calls(line.tool_calls, shape.id, calls);
      chunk(out, delta, "null", logprobs(line));
    }
    if (!line.done) return;
    chunk(out, "", finish_reason(line, calls > 0));
    if (shape.include_usage) {
      out += "data: ";
      out += head;
      out += "],\"usage\":" + usage(line) + "}\n\n";
    }
  }
};

Stream::Stream(Shape shape) : state_(std::make_unique<State>()) {
  state_->head = head(shape, "chat.completion.chunk");
  state_->shape = std::move(shape);
}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;

void Stream::take(std::string_view lines, std::string& out) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const auto line = line_of(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.is_answer) state_->line(line, out);
  }
}

void Stream::finish(std::string& out) { out += "data: [DONE]\n\n"; }

Result<std::string> whole(std::string_view native, const Shape& shape) {
  const auto line = line_of(native.substr(std::min(native.find('{'), native.size())));
  if (!line.is_answer || !line.done)
    return Refusal{.code = "node_not_whole", .side = Side::node, .status = 502,
                   .sentence = "the node's answer ended before it was done: ask again"};
  int calls = 0;
  std::string out = head(shape, "chat.completion") + "{\"index\":0,\"message\":{\"role\":";
  out += line.role.empty() ? "\"assistant\"" : line.role;
  out += ",\"content\":";
  out += line.content.empty() ? "\"\"" : line.content;
  if (filled(line.thinking)) out += ",\"reasoning\":" + std::string(line.thinking);
  if (filled(line.tool_calls)) out += ",\"tool_calls\":" + tool_calls(line.tool_calls, shape.id, calls);
  out += "},\"finish_reason\":" + finish_reason(line, calls > 0) + logprobs(line) + "}],\"usage\":" + usage(line) + "}\n";
  return {boost::system::in_place_value, std::move(out)};
}

}  // namespace rr::api::openai_chat
