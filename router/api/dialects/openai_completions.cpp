#include "api/dialects/openai_completions.hpp"

#include "api/dialects/openai_chat.hpp"
#include "api/dialects/request.hpp"
#include "api/quote.hpp"
#include "api/raw_json.hpp"

namespace rr::api {
namespace {

std::string usage(std::string_view prompt, std::string_view output, std::int64_t sum) {
  return "\"usage\":{\"prompt_tokens\":" + std::string(prompt) + ",\"completion_tokens\":" + std::string(output) +
         ",\"total_tokens\":" + std::to_string(sum) + "}";
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// {"tokens":[...],"token_logprobs":[...],"top_logprobs":[{token: number}, ...],"text_offset":[...]}
std::string logprobs(std::string_view native, std::size_t& offset) {
  std::string tokens, numbers, tops, offsets;
  for (const auto entry : raw_elements(native)) {
    const auto token = raw_member(entry, "token"), number = raw_member(entry, "logprob");
    const char* comma = tokens.empty() ? "" : ",";
    tokens += comma + std::string(token.empty() ? "\"\"" : token);
    numbers += comma + std::string(number.empty() ? "null" : number);
    offsets += comma + std::to_string(offset);
    offset += characters(unescaped(token).value_or(""));
    std::string top;
    for (const auto other : raw_elements(raw_member(entry, "top_logprobs")))
      if (const auto name = raw_member(other, "token"), value = raw_member(other, "logprob"); is_string(name) && !value.empty())
        top += (top.empty() ? "" : ",") + std::string(name) + ":" + std::string(value);
    tops += comma + (top.empty() ? std::string("null") : "{" + top + "}");
  }
  return "{\"tokens\":[" + tokens + "],\"token_logprobs\":[" + numbers + "],\"top_logprobs\":[" + tops + "],\"text_offset\":[" + offsets + "]}";
}

std::optional<Refusal> impossible_completion(const Members& members) {
  for (const auto name : {"n", "best_of"})
    if (const auto raw = value_of(members, name); !raw.empty() && raw != "1")
      return unsupported(std::string(name) + " is " + std::string(raw.substr(0, 20)) + ": a node answers once, send " + name + " 1 or leave it out");
  if (value_of(members, "echo") == "true") return unsupported("echo is true: the prompt is not sent back, leave the member out");
  return std::nullopt;
}

}  // namespace

OpenAiCompletions::OpenAiCompletions(const Members& members, Answer answer)
    : start_("{\"id\":" + quote("cmpl-" + answer.unique) + ",\"object\":\"text_completion\",\"created\":" + std::to_string(answer.created)),
      end_(",\"model\":" + quote(answer.model) + ",\"system_fingerprint\":\"fp_ollama\""),
      include_usage_(openai_chat::include_usage(members.body, members)) {}

Result<Pieces> OpenAiCompletions::to_native(const Members& members, const Ask& ask, const Edits& edits) {
  if (const auto refusal = impossible_completion(members)) return *refusal;
  auto prompt = value_of(members, "prompt");
  if (prompt.starts_with('[')) {
    const auto list = raw_elements(prompt);
    if (list.size() > 1 && is_string(list.front()))
      return unsupported("prompt is a list of " + std::to_string(list.size()) + ": a node answers one prompt at a time, send them one by one");
    prompt = list.empty() ? std::string_view{} : list.front();
    if (!prompt.empty() && !is_string(prompt)) return unsupported("prompt holds token ids: send text");
  }
  PiecesWriter write;
  write.text("{\"model\":").text(quote(edits.model)).text(",\"prompt\":").raw(prompt.empty() ? "\"\"" : prompt);
  if (const auto suffix = value_of(members, "suffix"); filled(suffix)) write.text(",\"suffix\":").raw(suffix);
  write.text(ask.stream ? ",\"stream\":true" : ",\"stream\":false");
  if (const auto wanted = value_of(members, "logprobs"); !wanted.empty() && wanted != "false") {
    write.text(",\"logprobs\":true");
    if (wanted != "0" && wanted != "true") write.text(",\"top_logprobs\":").raw(wanted);
  }
  write_keep_alive(edits, write);
  write.text(",\"options\":{");
  bool first = true;
  for (const auto name : {"temperature", "top_p"}) {
    const auto raw = value_of(members, name);
    write_option(name, raw.empty() ? "1.0" : raw, first, write);
  }
  write_option("num_predict", value_of(members, "max_tokens"), first, write);
  const auto stop = value_of(members, "stop");
  if (is_string(stop)) write.text(",\"stop\":[").raw(stop).text("]");
  else write_option("stop", stop, first, write);
  for (const auto name : {"seed", "frequency_penalty", "presence_penalty"}) write_option(name, value_of(members, name), first, write);
  write_granted_options(edits, first, write);
  write.text("}}");
  return write.done();
}

std::string OpenAiCompletions::choice(const NativeLine& line) {
  std::string out = "{\"text\":" + std::string(line.content.empty() ? "\"\"" : line.content) + ",\"index\":0,\"finish_reason\":" +
                    std::string(line.done && filled(line.done_reason) ? line.done_reason : "null");
  if (filled(line.logprobs)) out += ",\"logprobs\":" + logprobs(line.logprobs, offset_);
  return out + "}";
}

void OpenAiCompletions::take(std::string_view lines, std::string& out) {
  each_line(lines, [&](const NativeLine& line) {
    out += "data: " + start_ + ",\"choices\":[" + choice(line) + "]" + end_;
    if (include_usage_) out += "," + usage("0", "0", 0);
    out += "}\n\n";
    if (line.done && include_usage_)
      out += "data: " + start_ + ",\"choices\":[]" + end_ + "," + usage(line.prompt_count, line.output_count, sum_of(line)) + "}\n\n";
  });
}

Result<std::string> OpenAiCompletions::whole(std::string_view native) {
  const auto line = native_whole(native);
  if (!line.is_answer || !line.done) return not_whole();
  return {boost::system::in_place_value, start_ + end_ + ",\"choices\":[" + choice(line) + "]," +
                                             usage(line.prompt_count, line.output_count, sum_of(line)) + "}\n"};
}

}  // namespace rr::api
