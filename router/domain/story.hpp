// What happened to one request, with times since it came: whom it waited for, what was unloaded and loaded for it, its prompt, its
// first token, its end and whose fault that was. Never a word of the prompt or of the answer.
#pragma once

#include "domain/ask.hpp"
#include "domain/refusal.hpp"

#include <deque>
#include <map>
#include <memory>

namespace rr {

struct Outcome;

struct StoryStep {
  enum class What { waited, unloaded, loading, prompt, first_token, again };
  What what{};
  Duration at{};                   // since the request came; below zero: it had begun before
  std::string thing{};             // waited: for what; unloaded, loading: the model; again: why
  std::optional<Duration> took{};  // nothing: not over yet
  Bytes bytes = 0;                 // of a load
  int ahead = 0;                   // waited: requests in front of it on that node
  bool slot = false;               // ... and its model was ready: only a slot was wanted
};

struct Story {
  enum class Cache { unknown, fresh, hit, lost, pushed_out };  // of its prompt: lost with an unload, or to the prompts of others
  TicketId id = 0;
  RoleName role{};
  RoleSource source = RoleSource::none;
  ModelName model{};
  NodeName node{};
  std::string session{};
  bool stream = true;
  std::int64_t estimated_tokens = 0, cached_tokens = 0, prompt_tokens = 0, output_tokens = 0;
  Duration prompt_time{}, output_time{};
  Cache cache = Cache::unknown;
  Time arrived{}, tried{};         // first, and for the last time
  std::optional<Duration> granted{}, first_token{}, ended{};  // since it came
  std::string ending{};            // "" = not over; ok, refused, node_failed, client_left
  std::optional<Side> fault{};
  std::string code{}, sentence{};  // of a refusal of the router's own
  std::vector<StoryStep> steps{};  // in order of time
  int untold = 0;                  // reasons to wait that came between the first ones and the last

  Duration slowness(Time now) const;  // to the first token; without one, to its end or until now
};

// The stories of who waits or runs, of the last 200 that ended, and of the 50 slowest.
class Stories {
 public:
  static constexpr std::size_t most_recent = 200, most_slow = 50, most_steps = 24;

  void arrived(const Ask&, Time now);  // an id that is known: asked again after a failure
  void waits(TicketId, const NodeName&, const std::string& for_what, int ahead, bool slot, Time now);
  void granted(TicketId, const NodeName&, const ModelName&, Story::Cache, std::int64_t cached, Time now);
  void refused(TicketId, const Refusal&, Time now);
  void left(TicketId, Time now);       // while it waited
  void ended(TicketId, const Outcome&, Time now);

  // What the gate does, for those who wait for `wanted`.
  void unload_ordered(const NodeName&, const ModelName& victim, const ModelName& wanted, Time now);
  void load_ordered(const NodeName&, const ModelName&, Bytes file, Time now);  // so the victims are gone
  void load_ended(const NodeName&, const ModelName&, bool there, Time now);

  std::optional<Story> find(TicketId, Time now) const;
  std::optional<Story> last(Time now) const;     // that came last
  std::optional<Story> slowest(Time now) const;
  std::size_t size() const;
  int loads() const { return loads_; }
  Duration waited_for_loads() const { return waited_for_loads_; }  // all requests together

 private:
  using Kept = std::shared_ptr<Story>;
  struct Deed {  // an unload or a load
    StoryStep::What what{};
    ModelName model{}, wanted{};
    Time at{};
    std::optional<Time> over{};
    Bytes bytes = 0;
    bool failed = false;
  };
  Story* open(TicketId);
  void add(Story&, StoryStep);
  void add_deeds(Story&, Time now) const;
  void close(TicketId, std::string ending, std::optional<Side>, Time now);
  Kept kept(TicketId) const;
  std::optional<Story> told(const Kept&, Time now) const;

  std::map<TicketId, Kept> open_{};
  std::deque<Kept> recent_{};                // that ended last: at the back
  std::multimap<Duration, Kept> slow_{};
  std::map<NodeName, std::deque<Deed>> deeds_{};
  TicketId newest_ = 0;
  int loads_ = 0;
  Duration waited_for_loads_{};
};

}  // namespace rr
