// The request's side: one /v1/chat/completions body as a native /api/chat body.
#include "api/dialects/openai_chat.hpp"

#include "api/dialects/request.hpp"
#include "api/dialects/response_tools.hpp"
#include "api/dialects/responses_request.hpp"
#include "api/quote.hpp"
#include "api/raw_json.hpp"

#include <map>

namespace rr::api::openai_chat {
namespace {

struct Message {  // raw texts; "" = absent or null
  std::string_view role, content, reasoning, tool_calls, name, tool_call_id;
  bool has_tool_calls = false;
};

std::size_t read_message(std::string_view list, std::size_t at, Message& out) {
  return step_members(list, at, [&](std::string_view key, std::string_view given) {
    const auto value = given == "null" ? std::string_view{} : given;
    if (key == "role") out.role = value;
    if (key == "content") out.content = value;
    if (key == "reasoning") out.reasoning = value;
    if (key == "tool_calls") out.tool_calls = value, out.has_tool_calls = !value.empty();
    if (key == "name") out.name = value;
    if (key == "tool_call_id") out.tool_call_id = value;
  });
}

std::string_view go_type_of(std::string_view raw) {
  if (raw.empty()) return "<nil>";
  if (raw[0] == '{') return "map[string]interface {}";
  if (raw[0] == 't' || raw[0] == 'f') return "bool";
  return "float64";
}

class Translation {
 public:
  Translation(std::string_view body, const Members& members, const Ask& ask, const Edits& edits)
      : body_(body), members_(members), ask_(ask), edits_(edits) {}

  Result<Pieces> run() {
    if (const auto refusal = impossible()) return *refusal;
    write_.text("{\"model\":").text(quote(edits_.model)).text(",\"messages\":[");
    if (const auto refusal = messages(value("messages"))) return *refusal;
    write_.text(ask_.stream ? "],\"stream\":true" : "],\"stream\":false");
    if (const auto refusal = tools()) return *refusal;
    format();
    if (const auto refusal = think()) return *refusal;
    for (const auto name : {"logprobs", "top_logprobs"})
      if (const auto raw = value(name); !raw.empty()) write_.text(",\"").text(name).text("\":").raw(raw);
    write_keep_alive(edits_, write_);
    options();
    write_.text("}");
    return write_.done();
  }

 private:
  std::string_view value(std::string_view name) const {  // "" = absent or null
    const auto raw = members_.value(name).in(body_);
    return raw == "null" ? std::string_view{} : raw;
  }

  std::optional<Refusal> impossible() const {
    if (const auto refusal = fault(value("response_format"))) return refusal;
    if (const auto n = value("n"); !n.empty() && n != "1")
      return unsupported("n is " + std::string(n.substr(0, 20)) + ": a node answers once, send n 1 or leave it out");
    if (!value("audio").empty()) return unsupported("audio is not served: leave the member out");
    if (value("modalities").find("\"audio\"") != std::string_view::npos)
      return unsupported("modalities asks for audio: only text is served");
    return std::nullopt;
  }

  // Opens a native message; the caller adds members and close().
  void open(std::string_view role) {
    write_.text(first_ ? "{\"role\":" : ",{\"role\":").raw(role.empty() ? "\"\"" : role);
    first_ = false;
  }

  void member(std::string_view name, std::string_view raw) {
    if (!raw.empty()) write_.text(",\"").text(name).text("\":").raw(raw);
  }

  std::optional<Refusal> messages(std::string_view list) {
    std::optional<Refusal> refusal;
    std::size_t objects = 0;
    step_objects(list, [&](std::size_t at) {
      Message one;
      const auto end = read_message(list, at, one);
      if (!refusal) refusal = message(one);
      ++objects;
      return end;
    });
    if (!refusal && objects < members_.messages) refusal = message({});  // something that is no message stands among them
    return refusal;
  }

  std::optional<Refusal> message(const Message& m) {
    std::string_view tool_name;
    if (m.role == "\"tool\"") tool_name = m.name.empty() ? name_of_call(m.tool_call_id) : m.name;
    if (m.content.starts_with('[')) return parts(m, tool_name);
    if (!is_string(m.content) && (!m.content.empty() || !m.has_tool_calls))
      return shim_refusal("invalid message content type: " + std::string(go_type_of(m.content)));
    open(m.role);
    write_.text(",\"content\":").raw(m.content.empty() ? "\"\"" : m.content);
    return rest(m, tool_name);
  }

  // Thinking, tool calls and the like, and the end of the message.
  std::optional<Refusal> rest(const Message& m, std::string_view tool_name) {
    member("thinking", m.reasoning);
    if (const auto refusal = tool_calls(m.tool_calls)) return refusal;
    if (!tool_name.empty()) write_.text(",\"tool_name\":").text(tool_name);
    member("tool_call_id", m.tool_call_id);
    write_.text("}");
    return std::nullopt;
  }

  // Ollama makes one message of each part; tool calls go with the last.
  std::optional<Refusal> parts(const Message& m, std::string_view tool_name) {
    const auto list = raw_elements(m.content);
    if (list.empty() && m.has_tool_calls) {
      open(m.role);
      write_.text(",\"content\":\"\"");
      return rest(m, tool_name);
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto type = raw_member(list[i], "type");
      open(m.role);
      if (type == "\"text\"") {
        const auto text = raw_member(list[i], "text");
        if (!is_string(text)) return shim_refusal("invalid message format");
        write_.text(",\"content\":").raw(text);
      } else if (type == "\"image_url\"") {
        if (const auto refusal = image(raw_member(list[i], "image_url"))) return refusal;
      } else if (type == "\"input_audio\"" || type == "\"file\"") {
        return unsupported("a message part has type " + std::string(type) + ": send text or image_url parts");
      } else {
        return shim_refusal("invalid message format");
      }
      if (i + 1 < list.size()) {
        write_.text("}");
      } else if (const auto refusal = rest(m, tool_name)) {
        return refusal;
      }
    }
    return std::nullopt;
  }

  std::optional<Refusal> image(std::string_view raw) {
    if (raw.starts_with('{')) raw = raw_member(raw, "url");
    if (!is_string(raw)) return shim_refusal("invalid message format");
    std::string plain;
    const auto data = image_data(raw, plain);
    if (!data) return data.error();
    write_.text(",\"content\":\"\",\"images\":[\"");
    if (plain.empty()) write_.raw(*data);
    else write_.text(*data);
    write_.text("]");
    return std::nullopt;
  }

  std::optional<Refusal> tool_calls(std::string_view raw) {
    if (const auto refusal = fault(raw)) return refusal;
    const auto calls = raw_elements(raw);
    if (calls.empty()) return std::nullopt;
    write_.text(",\"tool_calls\":[");
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const auto id = raw_member(calls[i], "id"), function = raw_member(calls[i], "function");
      const auto name = raw_member(function, "name");
      const auto arguments = unescaped(raw_member(function, "arguments")).value_or("{}");
      if (!arguments.empty() && !is_object(arguments)) return shim_refusal("invalid tool call arguments");
      write_.text(i == 0 ? "{" : ",{");
      if (!id.empty()) write_.text("\"id\":").raw(id).text(",");
      if (!id.empty()) names_.emplace(id, name);
      write_.text("\"function\":{\"index\":" + std::to_string(i) + ",\"name\":").raw(name.empty() ? "\"\"" : name);
      write_.text(",\"arguments\":").text(arguments.empty() ? "{}" : arguments).text("}}");
    }
    write_.text("]");
    return std::nullopt;
  }

  std::string_view name_of_call(std::string_view id) const {
    const auto called = id.empty() ? names_.end() : names_.find(id);
    return called == names_.end() ? std::string_view{} : called->second;
  }

  // In the node's own form they are copied; flat and custom ones (as Cursor sends them) are written anew.
  std::optional<Refusal> tools() {
    const auto tools = value("tools"), choice = value("tool_choice");
    if (tools.empty() || choice == "\"none\"") return std::nullopt;
    if (ResponseTools::native(tools)) return write_.text(",\"tools\":").raw(tools), std::nullopt;
    if (const auto refusal = fault(tools)) return refusal;
    ResponseTools::write(tools, choice, write_);
    return std::nullopt;
  }

  void format() {
    const auto wanted = value("response_format");
    const auto type = raw_member(wanted, "type");
    if (type == "\"json_object\"") write_.text(",\"format\":\"json\"");
    if (type != "\"json_schema\"") return;
    const auto schema = raw_member(raw_member(wanted, "json_schema"), "schema");
    if (!schema.empty()) write_.text(",\"format\":").raw(schema);
  }

  std::optional<Refusal> think() {
    auto effort = raw_member(value("reasoning"), "effort");
    if (effort.empty()) effort = value("reasoning_effort");
    if (effort.empty() || effort == "\"\"") return std::nullopt;
    const auto native = native_effort(effort);
    if (!native) return native.error();
    write_.text(",\"think\":").text(*native);
    return std::nullopt;
  }

  void options() {
    write_.text(",\"options\":{\"temperature\":").raw(value("temperature").empty() ? "1.0" : value("temperature"));
    member("top_p", value("top_p").empty() ? "1.0" : value("top_p"));
    const auto limit = value("max_tokens").empty() ? value("max_completion_tokens") : value("max_tokens");
    member("num_predict", limit);
    if (const auto stop = value("stop"); is_string(stop)) write_.text(",\"stop\":[").raw(stop).text("]");
    else member("stop", stop);
    for (const auto name : {"seed", "frequency_penalty", "presence_penalty"}) member(name, value(name));
    if (edits_.num_ctx > 0) write_.text(",\"num_ctx\":" + std::to_string(edits_.num_ctx));
    if (edits_.use_mmap) write_.text(*edits_.use_mmap ? ",\"use_mmap\":true" : ",\"use_mmap\":false");
    write_.text("}");
  }

  std::string_view body_;
  const Members& members_;
  const Ask& ask_;
  const Edits& edits_;
  std::map<std::string_view, std::string_view> names_;  // of the calls so far, by id; raw
  PiecesWriter write_;
  bool first_ = true;
};

}  // namespace

Result<Pieces> to_native(std::string_view body, const Members& members, const Ask& ask, const Edits& edits) {
  if (!members.messages_present && members.value("input")) return responses_to_native(members, ask, edits);
  return Translation(body, members, ask, edits).run();
}

bool include_usage(std::string_view body, const Members& members) {
  return raw_member(members.value("stream_options").in(body), "include_usage") == "true";
}

}  // namespace rr::api::openai_chat
