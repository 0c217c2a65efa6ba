#include "api/engines/openai_reply.hpp"

#include "api/json.hpp"
#include "api/node_speech.hpp"
#include "api/quote.hpp"

#include <algorithm>

namespace rr::api {
namespace {

constexpr std::int64_t most = std::int64_t{1} << 50;  // of tokens: what is added up later stays in range
constexpr std::size_t most_calls = 128, most_arguments = 4u << 20;
constexpr int deepest = 200;  // what is written is written level by level

// Discarded when it is no JSON, or nests deeper than anybody means.
Json parsed_bounded(std::string_view text) {
  bool deep = false;
  Json out = Json::parse(text, [&](int depth, Json::parse_event_t, Json&) {
    deep = deep || depth > deepest;
    return !deep;
  }, false);
  return deep ? Json(Json::value_t::discarded) : out;
}

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const Json* object_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? &*found : nullptr;
}

std::int64_t count(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? std::clamp<std::int64_t>(found->get<std::int64_t>(), 0, most) : 0;
}

Duration milliseconds(const Json& object, const char* name) {
  const auto found = object.find(name);
  const double ms = found != object.end() && found->is_number() ? found->get<double>() : 0;
  return from_seconds(std::clamp(ms, 0.0, 1e9) / 1000);
}

std::string head_of(const std::string& model, const std::string& created_at) { return "{\"model\":" + quote(model) + ",\"created_at\":" + quote(created_at); }

std::string error_line(const std::string& sentence) { return "{\"error\":" + quote(sentence) + "}\n"; }

Refusal garbage() {
  return {.code = "node_garbage", .side = Side::node, .status = 502, .sentence = "the node's answer is not one of the OpenAI API: is something else listening there?"};
}

}  // namespace

struct OpenAiReply::Heard {
  std::string content{}, thinking{}, trouble{};
  Json logprobs{};
  bool choice = false;
};

OpenAiReply::OpenAiReply(NativeShape shape, std::string model, std::string created_at, Clock clock)
    : shape_(shape), head_(head_of(model, created_at)), now_(std::move(clock)), began_(now_()) {}

void OpenAiReply::take(std::string_view lines, std::string& native) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    auto one = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    for (const std::string_view field : {"data:", "error:"})  // llama.cpp has written errors as a field of their own
      if (one.starts_with(field)) one.remove_prefix(field.size());
    while (!one.empty() && static_cast<unsigned char>(one.back()) <= 0x20) one.remove_suffix(1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (closed_ || one.empty()) continue;
    if (one == "[DONE]") finish(native);
    if (!one.starts_with('{')) continue;  // a comment, another field
    const Heard heard = hear(one);
    closed_ = !heard.trouble.empty();
    if (closed_) native += error_line(heard.trouble);
    else if (!heard.content.empty() || !heard.thinking.empty()) native += words(heard, "") + ",\"done\":false}\n";
  }
}

OpenAiReply::Heard OpenAiReply::hear(std::string_view json) {
  Heard out;
  const Json root = parsed_bounded(json);
  if (!root.is_object()) return out.trouble = "the node sent an event that is no JSON", out;
  if (const auto error = root.find("error"); error != root.end() && !error->is_null()) return out.trouble = parse_error(json), out;
  if (const Json* timings = object_in(root, "timings")) {
    prompt_time_ = milliseconds(*timings, "prompt_ms");
    output_time_ = milliseconds(*timings, "predicted_ms");
    timed_ = true;
  }
  if (const Json* usage = object_in(root, "usage")) {
    prompt_tokens_ = std::max(prompt_tokens_, count(*usage, "prompt_tokens"));
    output_tokens_ = std::max(output_tokens_, count(*usage, "completion_tokens"));
  }
  const auto choices = root.find("choices");
  if (choices == root.end() || !choices->is_array() || choices->empty() || !choices->front().is_object()) return out;
  out.choice = true;
  const Json& choice = choices->front();
  const Json* delta = object_in(choice, "delta");
  if (!delta) delta = object_in(choice, "message");
  out.content = delta ? text(*delta, "content") : text(choice, "text");
  if (delta) {
    out.thinking = text(*delta, "reasoning_content");  // vLLM's newer word: reasoning
    if (out.thinking.empty()) out.thinking = text(*delta, "reasoning");
    const std::size_t unsaid = calls_.size();
    if (const auto calls = delta->find("tool_calls"); calls != delta->end() && calls->is_array())
      for (std::size_t i = 0; i < calls->size(); ++i) hear_call((*calls)[i], unsaid + i, out);
  }
  if (const Json* logprobs = object_in(choice, "logprobs"))
    if (const auto list = logprobs->find("content"); list != logprobs->end() && list->is_array()) out.logprobs = *list;
  if (const auto reason = text(choice, "finish_reason"); !reason.empty()) reason_ = reason;
  if (reason_ == "error") out.trouble = "the node's engine failed in the middle of the answer";
  const bool began = !out.content.empty() || !out.thinking.empty() || !calls_.empty();
  if (began && !first_) first_ = now_();
  pieces_ += began;
  return out;
}

// Streamed, a call comes in parts that say which one they belong to (`index`); whole, there may be no index. Another id is another call, also
// where a server counts none of them.
void OpenAiReply::hear_call(const Json& part, std::size_t unsaid, Heard& out) {
  if (!part.is_object()) return;
  const auto said = part.find("index");
  const std::size_t index = said != part.end() && said->is_number_unsigned() ? said->get<std::size_t>() : unsaid;
  const std::string id = text(part, "id");
  auto call = std::find_if(calls_.rbegin(), calls_.rend(), [&](const Call& c) { return c.index == index; });
  if (call == calls_.rend() || (!id.empty() && !call->id.empty() && call->id != id)) {
    if (calls_.size() >= most_calls) {
      out.trouble = "the model called more than " + std::to_string(most_calls) + " tools at once";
      return;
    }
    calls_.push_back({.index = index});
    call = calls_.rbegin();
  }
  if (!id.empty()) call->id = id;
  const Json* function = object_in(part, "function");
  if (!function) return;
  call->name += text(*function, "name");
  call->arguments += text(*function, "arguments");
  if (call->arguments.size() > most_arguments) out.trouble = "the model called " + call->name + " with arguments of more than 4 MiB";
  if (const Json* whole = object_in(*function, "arguments")) call->arguments = written(*whole);
}

std::string OpenAiReply::words(const Heard& heard, const std::string& calls) const {
  const bool chat = shape_ == NativeShape::chat;
  std::string out = head_ + (chat ? ",\"message\":{\"role\":\"assistant\",\"content\":" : ",\"response\":") + written(heard.content);
  if (!heard.thinking.empty()) out += ",\"thinking\":" + written(heard.thinking);
  if (chat) out += calls + "}";
  if (!heard.logprobs.is_null()) out += ",\"logprobs\":" + written(heard.logprobs);
  return out;
}

// The calls in Ollama's form, where the arguments are an object. What the length cut off is no call.
std::string OpenAiReply::calls(std::string& trouble) {
  Json list = Json::array();
  for (const Call& call : calls_) {
    if (call.name.empty()) continue;
    Json arguments = parsed_bounded(call.arguments.empty() || call.arguments == "null" ? "{}" : call.arguments);
    if (!arguments.is_object() && reason_ != "length") trouble = "the model called " + call.name + " with arguments that are no JSON object; ask again";
    if (!arguments.is_object()) continue;
    Json one = Json::object();
    if (!call.id.empty()) one["id"] = call.id;
    one["function"] = {{"index", list.size()}, {"name", call.name}, {"arguments", std::move(arguments)}};
    list.push_back(std::move(one));
  }
  calls_.clear();
  return list.empty() ? "" : ",\"tool_calls\":" + written(list);
}

std::string OpenAiReply::ending() const {
  const Time now = now_(), first = first_.value_or(now);
  const Duration prompt = timed_ ? prompt_time_ : first - began_, output = timed_ ? output_time_ : now - first;
  return ",\"done\":true,\"done_reason\":\"" + std::string(reason_ == "length" ? "length" : "stop") + "\",\"total_duration\":" + std::to_string(Duration(now - began_).count()) +
         ",\"load_duration\":0,\"prompt_eval_count\":" + std::to_string(prompt_tokens_) + ",\"prompt_eval_duration\":" + std::to_string(prompt.count()) +
         ",\"eval_count\":" + std::to_string(output_tokens_ > 0 ? output_tokens_ : pieces_) + ",\"eval_duration\":" + std::to_string(output.count()) + "}";
}

void OpenAiReply::finish(std::string& native) {
  if (closed_ || reason_.empty()) return;  // nobody said how it ended: it is not whole
  closed_ = true;
  std::string trouble;
  const std::string called = calls(trouble);
  if (!trouble.empty()) {
    native += error_line(trouble);
    return;
  }
  if (!called.empty()) native += words({}, called) + ",\"done\":false}\n";
  native += words({}, "") + ending() + "\n";
}

Result<std::string> OpenAiReply::whole(std::string_view body) {
  if (shape_ == NativeShape::embed || shape_ == NativeShape::embedding) return embeddings(body);
  const Heard heard = hear(body);
  if (!heard.trouble.empty()) return {boost::system::in_place_value, error_line(heard.trouble)};
  if (!heard.choice) return garbage();
  std::string trouble;
  const std::string called = calls(trouble);
  if (!trouble.empty()) return {boost::system::in_place_value, error_line(trouble)};
  return {boost::system::in_place_value, words(heard, called) + (reason_.empty() ? ",\"done\":false}" : ending())};
}

Result<std::string> OpenAiReply::embeddings(std::string_view body) const {
  const Json root = parsed_bounded(body);
  const auto data = root.is_object() ? root.find("data") : root.end();
  if (!root.is_object() || data == root.end() || !data->is_array() || data->empty()) return garbage();
  std::string list;
  for (const Json& entry : *data) {
    const auto vector = entry.is_object() ? entry.find("embedding") : entry.end();
    if (!entry.is_object() || vector == entry.end() || !vector->is_array()) return garbage();
    list += (list.empty() ? "" : ",") + written(*vector);
    if (shape_ == NativeShape::embedding) return {boost::system::in_place_value, "{\"embedding\":" + list + "}"};
  }
  const Json* usage = object_in(root, "usage");
  return {boost::system::in_place_value, head_.substr(0, head_.find(",\"created_at\":")) + ",\"embeddings\":[" + list + "],\"total_duration\":" +
                                             std::to_string(Duration(now_() - began_).count()) + ",\"load_duration\":0,\"prompt_eval_count\":" +
                                             std::to_string(usage ? count(*usage, "prompt_tokens") : 0) + "}"};
}

std::string OpenAiReply::loaded() const {
  if (shape_ == NativeShape::embedding) return "{\"embedding\":[]}";
  if (shape_ == NativeShape::embed) return head_.substr(0, head_.find(",\"created_at\":")) + ",\"embeddings\":[]}";
  return words({}, "") + ",\"done\":true,\"done_reason\":\"load\"}\n";
}

}  // namespace rr::api
