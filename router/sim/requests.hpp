// What a native request says, decoded as Ollama's Go structs decode it, with its error sentences (all 400 but options: 500).
#pragma once

#include "sim/go_json.hpp"
#include "sim/memory.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rr::sim {

enum class Route { generate, chat, embed, embeddings, show };

struct Message {
  std::string role, content, thinking, tool_name;
  Json tool_calls;       // array or null
  int images = 0;
};

struct Asked {
  Route route = Route::chat;
  std::string model;             // as spelt
  std::string prompt, suffix, system, template_text;
  std::vector<Message> messages;
  std::vector<std::string> input;
  bool input_is_bad = false;     // neither string nor array of strings
  bool raw = false, has_context = false, verbose = false;
  std::optional<bool> stream, shift, truncate;
  Json format;                   // null = absent
  Json tools;                    // array or null
  Json options;                  // object or null
  std::optional<KeepAlive> keep_alive;
  std::string keep_alive_text, num_ctx_text;  // raw, for the record
  enum class Think { unsaid, off, on } think = Think::unsaid;
  bool logprobs = false;
  int top_logprobs = 0, dimensions = 0, images = 0;
};

struct Decoded {
  Asked asked;
  std::string error;             // "" = fine
};
Decoded decode(Route, std::string_view body);

struct Sampling {
  int num_predict = -1;
  std::vector<std::string> stop;
  std::int64_t seed = 0;
};
struct Options {
  OptionsAsked runner;
  Sampling sampling;
  std::string error;             // `option "num_ctx" must be of type integer`
};
Options read_options(const Asked&);

}  // namespace rr::sim
