// A story in words: its lines, its slowest part, and what would help.
#pragma once

#include "domain/settings.hpp"
#include "domain/story.hpp"

namespace rr {

struct StoryLine {
  Duration at{};           // since the request came
  std::string what{};      // arrived, waited, unloaded, loading, prompt, first token, ended
  std::string text{};
  std::string mark{};      // slow, lost cache: what should not be
};
std::vector<StoryLine> lines(const Story&, Time now);

// "54.4 s to the first token, 12.1 s of answer, ok"
std::string headline(const Story&, Time now);

struct Verdict {
  std::string part{};      // waiting, unloading, loading, prompt, answer; "" = nothing has taken any time yet
  Duration took{};
  std::string because{};   // a sentence
  std::vector<std::string> tries{};  // what would help, to paste
};
Verdict slowest_part(const Story&, const Settings&, Time now);

}  // namespace rr
