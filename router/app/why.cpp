#include "app/why.hpp"

#include "api/story_report.hpp"
#include "app/stamp.hpp"
#include "domain/story_words.hpp"

#include <charconv>
#include <cstdio>
#include <utility>

namespace rr::app {

namespace {

// "r-000412", "000412", "412".
std::optional<TicketId> id_of(std::string_view word) {
  if (word.starts_with("r-")) word.remove_prefix(2);
  TicketId id = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return id;
}

std::string padded(std::string text, std::size_t wide) {
  std::size_t shown = 0;  // a byte of UTF-8 that goes on is no column
  for (const char c : text) shown += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return text + std::string(shown < wide ? wide - shown : 2, ' ');
}

std::string tenths(Duration d) {
  char text[40];
  std::snprintf(text, sizeof text, "%6.1f", in_seconds(d));
  return text;
}

std::string trimmed(const std::string& text) { return text.substr(std::min(text.find_first_not_of(' '), text.size())); }

}  // namespace

std::string story_page(const Story& story, const Settings& settings, const Stories& stories, const std::string& at, Time now) {
  std::string head = id_text(story.id) + "  " + (story.role.empty() ? story.model.spelt() : story.role) + "  " + at.substr(std::min<std::size_t>(11, at.size()), 8) + "  " +
                     headline(story, now);
  std::string out = padded(std::move(head), 88) + "session " + story.session.substr(0, 12) + "\n";
  bool first = true;
  for (const StoryLine& line : lines(story, now)) {
    std::string row = tenths(line.at) + (std::exchange(first, false) ? " s  " : "    ") + padded(line.what, 18) + "  " + line.text;
    out += line.mark.empty() ? row : padded(std::move(row), 88) + "<- " + line.mark;
    out += "\n";
  }
  const Verdict verdict = slowest_part(story, settings, now);
  if (!verdict.part.empty()) {
    out += "\nSlowest part: " + verdict.part + ", " + trimmed(tenths(verdict.took)) + " s. " + verdict.because + "\n";
    for (const std::string& tip : verdict.tries) out += "  try   " + tip + "\n";
  }
  if (stories.loads() > 0)
    out += "Since the router started: " + std::to_string(stories.loads()) + (stories.loads() == 1 ? " load, " : " loads, ") + to_text(stories.waited_for_loads()) + " waited for them.\n";
  return out;
}

void answer_story(Call& call) {
  const Time now = std::chrono::steady_clock::now();
  const Stories& stories = call.house->desk.dispatch().stories();
  const std::string word = call.route.path.substr(call.route.path.rfind('/') + 1);
  std::optional<Story> story;
  if (word == "last") story = stories.last(now);
  else if (word == "slowest") story = stories.slowest(now);
  else if (const auto id = id_of(word)) story = stories.find(*id, now);
  if (!story) {
    const bool none = stories.size() == 0;
    return refuse(call, {.code = "request_unknown", .side = Side::client, .status = 404,
                         .sentence = (none ? "no request for a model has come since the router started" : "no story of " + word + " is kept") +
                                     ": those of the last " + std::to_string(Stories::most_recent) + " requests and the " + std::to_string(Stories::most_slow) +
                                     " slowest are; use /requests/last, /requests/slowest or the X-Router-Request of an answer, as in /requests/r-000001"});
  }
  using Wall = std::chrono::system_clock;
  const std::string at = stamp(Wall::now() - std::chrono::duration_cast<Wall::duration>(now - story->arrived));
  const bool plain = find(call.request.head.fields, "Accept").find("text/plain") != std::string_view::npos;
  reply(call, 200, plain ? "text/plain; charset=utf-8" : json_utf8,
        plain ? story_page(*story, *call.settings, stories, at, now) : api::story(*story, *call.settings, at, now));
}

}  // namespace rr::app
