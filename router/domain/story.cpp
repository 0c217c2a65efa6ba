#include "domain/story.hpp"

#include "domain/dispatch.hpp"

#include <algorithm>

namespace rr {

namespace {

constexpr std::size_t most_deeds = 16, most_waits = 12;  // a node's; a story's own
constexpr std::size_t longest_word = 120;                // of a name that a client chose

std::string short_word(const std::string& text) { return text.substr(0, longest_word); }

}  // namespace

Duration Story::slowness(Time now) const {
  return first_token ? *first_token : ended ? *ended : now - arrived;
}

Story* Stories::open(TicketId id) {
  const auto found = open_.find(id);
  return found == open_.end() ? nullptr : found->second.get();
}

Stories::Kept Stories::kept(TicketId id) const {
  if (const auto found = open_.find(id); found != open_.end()) return found->second;
  const auto same = [&](const Kept& k) { return k->id == id; };
  if (const auto found = std::find_if(recent_.rbegin(), recent_.rend(), same); found != recent_.rend()) return *found;
  const auto slow = std::find_if(slow_.begin(), slow_.end(), [&](const auto& entry) { return same(entry.second); });
  return slow == slow_.end() ? nullptr : slow->second;
}

void Stories::arrived(const Ask& ask, Time now) {
  if (ask.id <= newest_)
    if (const Kept known = kept(ask.id)) {  // its node failed and nothing of an answer was shown: it is asked again
      std::erase(recent_, known);
      std::erase_if(slow_, [&](const auto& entry) { return entry.second == known; });
      open_[ask.id] = known;
      add(*known, {.what = StoryStep::What::again, .at = now - known->arrived, .thing = known->ending + " on " + known->node});
      known->granted.reset(), known->first_token.reset(), known->ended.reset(), known->fault.reset();
      known->ending.clear();
      known->tried = now;
      return;
    }
  newest_ = std::max(newest_, ask.id);
  open_[ask.id] = std::make_shared<Story>(Story{.id = ask.id, .role = ask.role, .source = ask.source, .model = ModelName(short_word(ask.model.spelt())),
                                                .node = {}, .session = short_word(ask.session), .stream = ask.stream, .estimated_tokens = ask.tokens, .arrived = now, .tried = now});
}

void Stories::add(Story& story, StoryStep step) {
  if (story.steps.size() < most_steps) story.steps.push_back(std::move(step));
}

// A long wait has many reasons, one after another: the first ones and the last are kept.
void Stories::waits(TicketId id, const NodeName& node, const std::string& for_what, int ahead, bool slot, Time now) {
  Story* story = open(id);
  if (!story) return;
  story->node = node;
  const auto waiting = [](const StoryStep& s) { return s.what == StoryStep::What::waited; };
  StoryStep step{.what = StoryStep::What::waited, .at = now - story->arrived, .thing = for_what, .ahead = ahead, .slot = slot};
  const auto last = std::find_if(story->steps.rbegin(), story->steps.rend(), waiting);
  if (last != story->steps.rend() && !last->took) last->took = step.at - last->at;
  if (last != story->steps.rend() && static_cast<std::size_t>(std::count_if(story->steps.begin(), story->steps.end(), waiting)) >= most_waits) {
    ++story->untold;
    *last = std::move(step);
    return;
  }
  add(*story, std::move(step));
}

void Stories::granted(TicketId id, const NodeName& node, const ModelName& model, Story::Cache cache, std::int64_t cached, Time now) {
  Story* story = open(id);
  if (!story) return;
  story->node = node;
  story->model = model;
  story->cache = cache;
  story->cached_tokens = cached;
  story->granted = now - story->arrived;
  if (story->steps.empty()) return;  // it did not wait
  for (StoryStep& s : story->steps)
    if (s.what == StoryStep::What::waited && !s.took) s.took = *story->granted - s.at;
  add_deeds(*story, now);
}

// What was unloaded and loaded for its model while it waited.
void Stories::add_deeds(Story& story, Time now) const {
  const auto found = deeds_.find(story.node);
  if (found == deeds_.end()) return;
  for (const Deed& d : found->second) {
    if (d.wanted != story.model || d.over.value_or(now) <= story.tried) continue;
    StoryStep step{.what = d.what, .at = d.at - story.arrived, .thing = d.model.spelt(), .bytes = d.failed ? 0 : d.bytes};
    if (d.over) step.took = *d.over - d.at;
    if (story.steps.size() < most_steps) story.steps.push_back(std::move(step));
  }
  std::stable_sort(story.steps.begin(), story.steps.end(), [](const StoryStep& a, const StoryStep& b) { return a.at < b.at; });
}

void Stories::close(TicketId id, std::string ending, std::optional<Side> fault, Time now) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  const Kept story = std::move(found->second);
  open_.erase(found);
  story->ending = std::move(ending);
  story->fault = fault;
  story->ended = now - story->arrived;
  for (StoryStep& s : story->steps)
    if (s.what == StoryStep::What::waited && !s.took) s.took = *story->ended - s.at;
  recent_.push_back(story);
  if (recent_.size() > most_recent) recent_.pop_front();
  const Duration slow = story->slowness(now);
  if (slow_.size() >= most_slow && slow <= slow_.begin()->first) return;
  slow_.emplace(slow, story);
  if (slow_.size() > most_slow) slow_.erase(slow_.begin());
}

void Stories::refused(TicketId id, const Refusal& refusal, Time now) {
  Story* story = open(id);
  if (!story) return;
  story->code = refusal.code;
  if (!refusal.ollama_text) story->sentence = refusal.sentence.substr(0, 400);
  if (!story->granted) add_deeds(*story, now);
  close(id, "refused", refusal.side, now);
}

void Stories::left(TicketId id, Time now) {
  if (Story* story = open(id)) add_deeds(*story, now);
  close(id, "client_left", Side::client, now);
}

void Stories::ended(TicketId id, const Outcome& outcome, Time now) {
  Story* story = open(id);
  if (!story || !story->granted) return;
  story->prompt_tokens = outcome.prompt_tokens;
  story->output_tokens = outcome.output_tokens;
  story->prompt_time = outcome.prompt_time;
  story->output_time = outcome.output_time;
  if (outcome.first_byte && story->stream) story->first_token = *outcome.first_byte - story->arrived;
  else if (outcome.prompt_time > Duration::zero()) story->first_token = now - story->arrived - outcome.output_time;  // an answer that came in one piece
  if (story->first_token) story->first_token = std::clamp(*story->first_token, *story->granted, now - story->arrived);
  for (const StoryStep& s : story->steps)
    if (s.what == StoryStep::What::loading && s.took) waited_for_loads_ += *s.took + std::min(s.at, Duration::zero());
  switch (outcome.ending) {
    case Ending::ok: return close(id, "ok", std::nullopt, now);
    case Ending::refused: return close(id, "refused", Side::client, now);
    case Ending::client_left: return close(id, "client_left", Side::client, now);
    case Ending::node_failed: return close(id, "node_failed", Side::node, now);
  }
}

void Stories::unload_ordered(const NodeName& node, const ModelName& victim, const ModelName& wanted, Time now) {
  if (wanted.empty()) return;
  std::deque<Deed>& deeds = deeds_[node];
  for (const Deed& d : deeds)
    if (d.model == victim && d.what == StoryStep::What::unloaded && !d.over) return;  // ordered once more
  deeds.push_back({.what = StoryStep::What::unloaded, .model = victim, .wanted = wanted, .at = now});
  if (deeds.size() > most_deeds) deeds.pop_front();
}

void Stories::load_ordered(const NodeName& node, const ModelName& model, Bytes file, Time now) {
  std::deque<Deed>& deeds = deeds_[node];
  for (Deed& d : deeds)
    if (!d.over) d.over = now;
  deeds.push_back({.what = StoryStep::What::loading, .model = model, .wanted = model, .at = now, .bytes = file});
  if (deeds.size() > most_deeds) deeds.pop_front();
}

void Stories::load_ended(const NodeName& node, const ModelName& model, bool there, Time now) {
  if (there) ++loads_;
  for (Deed& d : deeds_[node])
    if (!d.over && d.model == model) d.over = now, d.failed = !there;
}

std::optional<Story> Stories::told(const Kept& kept, Time now) const {
  if (!kept) return std::nullopt;
  Story story = *kept;
  if (!story.granted && !story.ended) add_deeds(story, now);  // it waits: what is under way
  return story;
}

std::optional<Story> Stories::find(TicketId id, Time now) const { return told(kept(id), now); }

std::optional<Story> Stories::last(Time now) const {
  const Kept newest = kept(newest_);
  return told(newest || recent_.empty() ? newest : recent_.back(), now);
}

std::optional<Story> Stories::slowest(Time now) const {
  Kept worst = slow_.empty() ? nullptr : slow_.rbegin()->second;
  for (const auto& [id, story] : open_)
    if (!worst || story->slowness(now) > worst->slowness(now)) worst = story;
  return told(worst, now);
}

std::size_t Stories::size() const { return open_.size() + recent_.size() + slow_.size(); }

}  // namespace rr
