// The lines and objects of /api/chat, /api/generate, /api/embed(dings) as Ollama prints them: members and their order, Go's escaping.
// A line ends in \n (streamed), an object does not.
#pragma once

#include "sim/voice.hpp"

namespace rr::sim {

struct Times {                    // as the client can measure them: of the real clock
  Duration total{}, load{}, prompt{}, eval{};
};

// Everything that the lines of one reply share.
struct Speech {
  Route route = Route::chat;      // chat or generate
  std::string model;              // as the request spelt it
  bool raw = false;               // /api/generate raw: no context
};

std::string utc(std::chrono::system_clock::time_point);  // RFC 3339, nanoseconds, trailing zeros dropped
std::string utc_plus_longest(std::chrono::system_clock::time_point);  // ... and Go's longest duration later: about 292 years

std::string piece_line(const Speech&, std::string_view created, std::string_view text, bool thinking, std::string_view logprobs = {});
std::string call_line(const Speech&, std::string_view created, const std::vector<ToolCall>&, std::size_t first_index);
// The done line; calls: those of an engine-rendered model come here.
std::string done_line(const Speech&, std::string_view created, const Answer&, const std::vector<ToolCall>& calls, const Times&);
// Not streamed. `done` false: the engine's stream ended early.
std::string whole_object(const Speech&, std::string_view created, const Answer&, const std::string& thinking, const std::string& text,
                         const std::vector<ToolCall>& calls, bool done, const Times&, std::string_view logprobs = {});
std::string nothing_object(Route);                                       // ... before it began
std::string short_object(const Speech&, std::string_view created, std::string_view reason);  // load, unload
std::string error_object(std::string_view text);

std::string logprob(std::string_view token, int top, std::string_view alternative);  // one element

std::vector<float> embedding(std::string_view text, int length);        // deterministic, length 1
std::string embed_object(std::string_view model, const std::vector<std::vector<float>>&, const Times&, int prompt_n);
std::string embeddings_object(const std::vector<float>&);

}  // namespace rr::sim
