// The answer's side: native lines as events of the Responses API, a native object as one response.
#include "api/dialects/openai_responses.hpp"

#include "api/dialects/responses_request.hpp"
#include "api/quote.hpp"
#include "api/raw_json.hpp"

namespace rr::api {
namespace {

std::string or_else(std::string_view raw, std::string_view otherwise) { return std::string(raw.empty() ? otherwise : raw); }

// What an answer repeats of its request.
std::string repeated(const Members& members) {
  const auto value = [&](std::string_view name) { return value_of(members, name); };
  const auto text = value("text");
  return "\"instructions\":" + or_else(value("instructions"), "null") + ",\"tools\":" + or_else(value("tools"), "[]") +
         ",\"tool_choice\":" + or_else(value("tool_choice"), "\"auto\"") + ",\"truncation\":" + or_else(value("truncation"), "\"disabled\"") +
         ",\"parallel_tool_calls\":" + or_else(value("parallel_tool_calls"), "true") +
         ",\"text\":" + (raw_member(text, "format").empty() ? "{\"format\":{\"type\":\"text\"}}" : std::string(text)) +
         ",\"top_p\":" + or_else(value("top_p"), "1") + ",\"presence_penalty\":0,\"frequency_penalty\":0,\"top_logprobs\":0,\"temperature\":" +
         or_else(value("temperature"), "1") + ",\"reasoning\":" + or_else(value("reasoning"), "null") +
         ",\"max_output_tokens\":" + or_else(value("max_output_tokens"), "null") +
         ",\"max_tool_calls\":null,\"store\":false,\"background\":false,\"service_tier\":\"default\",\"metadata\":" +
         or_else(value("metadata"), "{}") + ",\"safety_identifier\":null,\"prompt_cache_key\":null,\"previous_response_id\":null,\"error\":null";
}

std::string text_part(std::string_view raw_inside) {
  return "{\"type\":\"output_text\",\"text\":\"" + std::string(raw_inside) + "\",\"annotations\":[],\"logprobs\":[]}";
}

std::string message_item(const std::string& id, std::string_view raw_inside) {
  return "{\"id\":\"" + id + "\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[" + text_part(raw_inside) + "]}";
}

std::string reasoning_item(const std::string& id, std::string_view raw_inside) {
  return "{\"id\":\"" + id + "\",\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"" + std::string(raw_inside) +
         "\"}],\"encrypted_content\":\"" + std::string(raw_inside) + "\"}";
}

std::string usage(const NativeLine& line) {
  return "{\"input_tokens\":" + std::string(line.prompt_count) + ",\"output_tokens\":" + std::string(line.output_count) +
         ",\"total_tokens\":" + std::to_string(sum_of(line)) +
         ",\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens_details\":{\"reasoning_tokens\":0}}";
}

std::string_view status_of(const NativeLine& line) { return line.done_reason == "\"length\"" ? "incomplete" : "completed"; }

}  // namespace

OpenAiResponses::OpenAiResponses(const Members& members, Answer answer)
    : answer_(std::move(answer)), asked_(repeated(members)), tools_(value_of(members, "tools")) {}

Result<Pieces> OpenAiResponses::to_native(const Members& members, const Ask& ask, const Edits& edits) {
  return responses_to_native(members, ask, edits);
}

// `last`: of a whole answer.
std::string OpenAiResponses::object(std::string_view status, const NativeLine* last) const {
  const auto completed = last ? std::to_string(answer_.created + count_of(last->total_duration) / 1'000'000'000) : "null";
  const bool cut = status == "incomplete";
  return "{\"id\":\"resp_" + answer_.unique + "\",\"object\":\"response\",\"created_at\":" + std::to_string(answer_.created) +
         ",\"completed_at\":" + completed + ",\"status\":\"" + std::string(status) + "\",\"incomplete_details\":" +
         (cut ? "{\"reason\":\"max_output_tokens\"}" : "null") + ",\"model\":" + quote(answer_.model) + ",\"output\":[" + output_ + "]," +
         asked_ + ",\"usage\":" + (last ? usage(*last) : "null") + "}";
}

void OpenAiResponses::event(std::string_view type, const std::string& members, std::string& out) {
  out += "event: ";
  out += type;
  out += "\ndata: {\"type\":\"";
  out += type;
  out += "\",\"sequence_number\":" + std::to_string(sequence_++) + "," + members + "}\n\n";
}

void OpenAiResponses::keep(const std::string& item) {
  if (!output_.empty()) output_ += ",";
  output_ += item;
  ++items_;
}

void OpenAiResponses::open(Item item, std::string& out) {
  if (open_ == item) return;
  close(out);
  open_ = item;
  const bool message = item == Item::message;
  said_ = {.id = (message ? "msg_" : "rs_") + answer_.unique + (items_ > 1 ? "_" + std::to_string(items_) : ""), .text = ""};
  const std::string at = "\"output_index\":" + std::to_string(items_);
  event("response.output_item.added",
        at + ",\"item\":{\"id\":\"" + said_.id + "\"," +
            (message ? "\"type\":\"message\",\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}" : "\"type\":\"reasoning\",\"summary\":[]}"),
        out);
  if (message)
    event("response.content_part.added", "\"item_id\":\"" + said_.id + "\"," + at + ",\"content_index\":0,\"part\":" + text_part(""), out);
}

void OpenAiResponses::close(std::string& out) {
  const Item item = std::exchange(open_, Item::none);
  if (item == Item::none) return;
  const std::string index = "\"output_index\":" + std::to_string(items_), at = "\"item_id\":\"" + said_.id + "\"," + index;
  std::string whole;
  if (item == Item::message) {
    event("response.output_text.done", at + ",\"content_index\":0,\"text\":\"" + said_.text + "\",\"logprobs\":[]", out);
    event("response.content_part.done", at + ",\"content_index\":0,\"part\":" + text_part(said_.text), out);
    whole = message_item(said_.id, said_.text);
  } else {
    event("response.reasoning_summary_text.done", at + ",\"summary_index\":0,\"text\":\"" + said_.text + "\"", out);
    whole = reasoning_item(said_.id, said_.text);
  }
  event("response.output_item.done", index + ",\"item\":" + whole, out);
  keep(whole);
}

// `said`: a raw JSON string, the arguments or the input.
std::string OpenAiResponses::call_item(const NativeCall& call, const std::string& id, const std::string& call_id, std::string_view said,
                                       bool done) const {
  const bool custom = tools_.custom(call.name);
  std::string out = "{\"id\":\"" + id + "\",\"type\":\"" + (custom ? "custom_tool_call" : "function_call") + "\",\"status\":\"" +
                    (done ? "completed" : "in_progress") + "\",\"call_id\":" + call_id + ",\"name\":" + std::string(call.name) + ",\"" +
                    (custom ? "input" : "arguments") + "\":" + std::string(said);
  if (const auto space = tools_.name_space(call.name); !space.empty()) out += ",\"namespace\":" + std::string(space);
  return out + "}";
}

void OpenAiResponses::call(const NativeCall& call, std::string& out) {
  const std::string number = answer_.unique + "_" + std::to_string(calls_++), id = "fc_" + number;
  const std::string call_id = filled(call.id) ? std::string(call.id) : "\"call_" + number + "\"";
  const bool custom = tools_.custom(call.name);
  const std::string said = custom ? custom_input(call.arguments) : quote(call.arguments);
  const std::string kind = custom ? "response.custom_tool_call_input" : "response.function_call_arguments";
  const std::string index = "\"output_index\":" + std::to_string(items_), at = "\"item_id\":\"" + id + "\"," + index;
  event("response.output_item.added", index + ",\"item\":" + call_item(call, id, call_id, "\"\"", false), out);
  event(kind + ".delta", at + ",\"delta\":" + said, out);
  event(kind + ".done", at + (custom ? ",\"input\":" : ",\"arguments\":") + said, out);
  const std::string whole = call_item(call, id, call_id, said, true);
  event("response.output_item.done", index + ",\"item\":" + whole, out);
  keep(whole);
}

void OpenAiResponses::line(const NativeLine& line, std::string& out) {
  if (sequence_ == 0) {
    const std::string begun = "\"response\":" + object("in_progress", nullptr);
    event("response.created", begun, out);
    event("response.in_progress", begun, out);
  }
  const auto say = [&](Item item, std::string_view raw) {
    open(item, out);
    said_.text += inside(raw);
    const std::string at = "\"item_id\":\"" + said_.id + "\",\"output_index\":" + std::to_string(items_) + ",\"delta\":" + std::string(raw);
    if (item == Item::message) event("response.output_text.delta", at + ",\"content_index\":0,\"logprobs\":[]", out);
    else event("response.reasoning_summary_text.delta", at + ",\"summary_index\":0", out);
  };
  if (filled(line.thinking)) say(Item::reasoning, line.thinking);
  if (filled(line.content)) say(Item::message, line.content);
  if (filled(line.tool_calls)) {
    close(out);
    for (const NativeCall& one : native_calls(line.tool_calls)) call(one, out);
  }
  if (!line.done) return;
  close(out);
  const auto status = status_of(line);
  event("response." + std::string(status), "\"response\":" + object(status, &line), out);
}

void OpenAiResponses::take(std::string_view lines, std::string& out) {
  each_line(lines, [&](const NativeLine& one) { line(one, out); });
}

// The event of OpenAI's API, and beside it the `error` object that its SDKs raise.
void OpenAiResponses::broken(const Refusal& refusal, std::string_view, std::string& out) {
  const std::string said = "\"code\":" + quote(refusal.code) + ",\"message\":" + quote(refusal.sentence) + ",\"param\":null";
  event("error", said + ",\"error\":{\"type\":\"api_error\"," + said + "}", out);
}

Result<std::string> OpenAiResponses::whole(std::string_view native) {
  const auto line = native_whole(native);
  if (!line.is_answer || !line.done) return not_whole();
  const auto calls = native_calls(line.tool_calls);
  if (filled(line.thinking)) keep(reasoning_item("rs_" + answer_.unique, inside(line.thinking)));
  if (filled(line.content) || calls.empty()) keep(message_item("msg_" + answer_.unique, inside(line.content)));
  for (const NativeCall& call : calls) {
    const std::string number = answer_.unique + "_" + std::to_string(calls_++);
    const std::string call_id = filled(call.id) ? std::string(call.id) : "\"call_" + number + "\"";
    const std::string said = tools_.custom(call.name) ? custom_input(call.arguments) : quote(call.arguments);
    keep(call_item(call, "fc_" + number, call_id, said, true));
  }
  return {boost::system::in_place_value, object(status_of(line), &line) + "\n"};
}

}  // namespace rr::api
