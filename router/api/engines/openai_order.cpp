#include "api/engines/openai_order.hpp"

#include "api/engines/openai_messages.hpp"
#include "api/quote.hpp"
#include "api/raw_json.hpp"

#include <algorithm>
#include <array>

namespace rr::api {
namespace {

struct Counterpart {
  std::string_view native, there;
};
// repeat_penalty, top_k and min_p are llama.cpp's words; who does not know them ignores them.
constexpr std::array options_there{Counterpart{"temperature", "temperature"}, Counterpart{"top_p", "top_p"}, Counterpart{"top_k", "top_k"},
                                   Counterpart{"min_p", "min_p"}, Counterpart{"seed", "seed"}, Counterpart{"stop", "stop"},
                                   Counterpart{"presence_penalty", "presence_penalty"}, Counterpart{"frequency_penalty", "frequency_penalty"},
                                   Counterpart{"repeat_penalty", "repeat_penalty"}};
constexpr std::array<std::string_view, 17> understood{"model", "messages", "prompt", "system", "suffix", "raw", "images", "input", "stream", "tools",
                                                      "format", "think", "logprobs", "top_logprobs", "options", "dimensions", "truncate"};

class Writer {
 public:
  Writer(std::string_view body, EngineOrder& order, PiecesWriter& write) : order_(order), write_(write), members_(raw_members(body)) {}

  void chat() {
    begin("/v1/chat/completions", NativeShape::chat);
    OpenAiMessages messages(write_);
    step_objects(value("messages"), [&](std::size_t at) { return messages.take(value("messages"), at); });
    messages.end();
    answer_members();
  }

  void generate() {
    const bool continued = value("raw") == "true" || (!value("suffix").empty() && value("suffix") != "\"\"");
    begin(continued ? "/v1/completions" : "/v1/chat/completions", NativeShape::generate);
    if (continued) {
      write_.text(",\"prompt\":").raw(value("prompt").empty() ? "\"\"" : value("prompt"));
      member("suffix", value("suffix"));
      if (const auto count = value("top_logprobs"); value("logprobs") == "true") member("logprobs", count.empty() ? "1" : count);
      stream();
      options();
      write_.text("}");
      return;
    }
    OpenAiMessages messages(write_);
    if (const auto system = value("system"); !system.empty() && system != "\"\"") messages.say("\"system\"", system, {});
    messages.say("\"user\"", value("prompt"), raw_elements(value("images")));
    messages.end();
    answer_members();
  }

  void embed(bool old) {
    begin("/v1/embeddings", old ? NativeShape::embedding : NativeShape::embed);
    const auto input = value(old ? "prompt" : "input");
    write_.text(",\"input\":").raw(input.empty() ? "\"\"" : input).text(",\"encoding_format\":\"float\"");
    member("dimensions", value("dimensions"));
    write_.text("}");
  }

  void note_ignored() {
    for (const auto& [key, given] : members_) {
      if (given == "null") continue;
      if (std::find(understood.begin(), understood.end(), key) == understood.end()) order_.ignored.emplace_back(key);
      if (key != "options") continue;
      for (const auto& [option, inner] : raw_members(given)) {
        const bool there = option == "num_predict" || std::any_of(options_there.begin(), options_there.end(), [&, name = option](const Counterpart& c) { return c.native == name; });
        if (!there && inner != "null") order_.ignored.push_back("options." + std::string(option));
      }
    }
  }

 private:
  std::string_view value(std::string_view name) const {  // "" = absent or null; the last of that name
    std::string_view out;
    for (const auto& [key, given] : members_)
      if (key == name) out = given == "null" ? std::string_view{} : given;
    return out;
  }

  void begin(std::string_view path, NativeShape shape) {
    order_.path = path;
    order_.shape = shape;
    write_.text("{\"model\":").raw(value("model").empty() ? "\"\"" : value("model"));
  }

  void member(std::string_view name, std::string_view raw) {
    if (!raw.empty()) write_.text(",\"").text(name).text("\":").raw(raw);
  }

  void stream() {
    if (value("stream") == "false") write_.text(",\"stream\":false");
    else write_.text(",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
  }

  // What chat and generate share behind the messages.
  void answer_members() {
    stream();
    if (const auto tools = value("tools"); tools != "[]") member("tools", tools);
    if (const auto format = value("format"); format == "\"json\"") write_.text(",\"response_format\":{\"type\":\"json_object\"}");
    else if (format.starts_with('{'))
      write_.text(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":true,\"schema\":").raw(format).text("}}");
    if (const auto think = value("think"); think.starts_with('"')) member("reasoning_effort", think);
    else if (!think.empty()) write_.text(",\"chat_template_kwargs\":{\"enable_thinking\":").text(think).text("}");
    member("logprobs", value("logprobs"));
    if (value("logprobs") == "true") member("top_logprobs", value("top_logprobs"));
    options();
    write_.text("}");
  }

  void options() {
    for (const auto& [name, given] : raw_members(value("options"))) {
      if (given == "null") continue;
      for (const Counterpart& one : options_there)
        if (name == one.native) member(one.there, given);
      if (name == "num_predict" && !given.starts_with('-') && given != "0") member("max_tokens", given);  // -1, -2: as much as it takes
    }
  }

  EngineOrder& order_;
  PiecesWriter& write_;
  std::vector<RawMember> members_;
};

}  // namespace

EngineOrder openai_order(std::string_view native_path, std::string native) {
  EngineOrder order;
  PiecesWriter write;
  const std::string_view body = write.keep(std::move(native));
  Writer writer(body, order, write);
  if (native_path == "/api/embed") writer.embed(false);
  else if (native_path == "/api/embeddings") writer.embed(true);
  else if (native_path == "/api/generate") writer.generate();
  else writer.chat();
  writer.note_ignored();
  order.body = write.done();
  return order;
}

}  // namespace rr::api
