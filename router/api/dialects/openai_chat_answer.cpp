// The answer's side: native lines as chat.completion.chunk events, a native object as one chat.completion.
#include "api/dialects/openai_chat.hpp"

#include "api/dialects/native_line.hpp"
#include "api/quote.hpp"

namespace rr::api::openai_chat {
namespace {

// `sent` calls went out before; one without an id gets one of the answer's own.
std::string tool_calls(std::string_view raw, const std::string& answer_id, int& sent) {
  std::string out = "[";
  for (const NativeCall& call : native_calls(raw)) {
    if (out.size() > 1) out += ",";
    out += "{\"id\":";
    out += filled(call.id) ? std::string(call.id) : quote("call_" + answer_id + "_" + std::to_string(sent));
    out += ",\"index\":";
    out += call.index.empty() ? std::to_string(sent) : std::string(call.index);
    out += ",\"type\":\"function\",\"function\":{\"name\":";
    out += call.name;
    out += ",\"arguments\":" + quote(call.arguments) + "}}";
    ++sent;
  }
  return out + "]";
}

std::string usage(const NativeLine& line) {
  return "{\"prompt_tokens\":" + std::string(line.prompt_count) + ",\"completion_tokens\":" + std::string(line.output_count) +
         ",\"total_tokens\":" + std::to_string(sum_of(line)) + "}";
}

std::string head(const Shape& shape, std::string_view object) {
  return "{\"id\":" + quote(shape.id) + ",\"object\":\"" + std::string(object) + "\",\"created\":" + std::to_string(shape.created) +
         ",\"model\":" + quote(shape.model) + ",\"system_fingerprint\":\"fp_ollama\",\"choices\":[";
}

std::string finish_reason(const NativeLine& line, bool called) {
  if (called) return "\"tool_calls\"";
  return filled(line.done_reason) ? std::string(line.done_reason) : "null";
}

std::string logprobs(const NativeLine& line) {
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

  void line(const NativeLine& line, std::string& out) {
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
  each_line(lines, [&](const NativeLine& line) { state_->line(line, out); });
}

void Stream::finish(std::string& out) { out += "data: [DONE]\n\n"; }

Result<std::string> whole(std::string_view native, const Shape& shape) {
  const auto line = native_whole(native);
  if (!line.is_answer || !line.done) return not_whole();
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
