// Events in, commands out; the time handed in, the wake-up handed out. Owns fleet, gates, line and tickets.
// A command never re-enters `on`: whoever carries it out posts the result as a new event.
#pragma once

#include "domain/ask.hpp"
#include "domain/foreign.hpp"
#include "domain/ledger.hpp"
#include "domain/place.hpp"
#include "domain/policy/policy.hpp"
#include "domain/share.hpp"
#include "domain/story.hpp"
#include "domain/token_guess.hpp"

#include <deque>
#include <map>

namespace rr {

enum class Ending {
  ok,            // whole answer (done:true)
  client_left,   // gone before the end
  node_failed,   // connection lost, garbage, not whole, in-stream error
  refused,       // the node answered with an error status, passed on
};

struct Outcome {
  Ending ending = Ending::ok;
  bool content_began = false;      // a first token was seen: a cancel frees the slot at once
  bool sent = true;                // the request reached the node
  bool silent = false;             // ... which took it and said nothing for `first_byte`
  std::int64_t prompt_tokens = 0, output_tokens = 0;
  Duration prompt_time{}, output_time{};  // prompt_eval_duration, eval_duration
  std::optional<Time> first_byte{};       // of the answer, towards the client
  std::string error{};
};

// ---- events
struct Arrived { Ask ask{}; };
struct Left { TicketId id{}; };                       // the client went away while it waited
struct Ended { TicketId id{}; Outcome outcome{}; };     // a granted request is over
struct Observed { NodeName node{}; std::vector<Resident> residents{}; Duration rtt{}; };
struct Inventory { NodeName node{}; std::string version{}; std::vector<Installed> models{}; };
struct Lost { NodeName node{}; std::string why{}; };
struct LinkHeard { NodeName node{}; Address address{}; Duration rtt{}; };  // an answer came over this address
struct LinkFailed { NodeName node{}; Address address{}; std::string why{}; Links::Evidence evidence = Links::Evidence::hint; };
// `status`: of an answer that says no; 0 = none came.
struct LoadEnded { NodeName node{}; ModelName model{}; std::optional<std::string> failed{}; int status = 0; };
struct UnloadEnded { NodeName node{}; ModelName model{}; std::optional<std::string> failed{}; int status = 0; };  // the reply; not yet gone
struct Woke { Duration slept{}; };                     // this machine slept: no verdict about another one holds
struct UnloadWanted { ModelName model{}; };           // a client or the operator asks; pinned models stay
struct DrainWanted { NodeName node{}; bool on = true; };  // nothing new goes there; what runs ends. Or: it may again
struct Adopted { Snapshot settings{}; };
struct Ticked {};
using Event = std::variant<Arrived, Left, Ended, Observed, Inventory, Lost, LinkHeard, LinkFailed, Woke, LoadEnded, UnloadEnded, UnloadWanted, DrainWanted, Adopted, Ticked>;

// ---- commands
struct Grant {
  TicketId id{};
  NodeName node{};
  ModelName model{};
  int num_ctx = 0;
  std::optional<KeepAlive> keep_alive{};  // absent = the client's own goes through (passthrough)
  std::optional<bool> use_mmap{};
  Duration queued{}, swapped{};         // for Server-Timing: waited in the line; of it, during a swap
};
struct Refuse { TicketId id{}; Refusal refusal{}; };
struct Load { NodeName node{}; ModelName model{}; int num_ctx = 0; KeepAlive keep_alive{}; std::optional<bool> use_mmap{}; bool embedding = false; };
struct Unload { NodeName node{}; ModelName model{}; };
struct Look { NodeName node{}; };                     // ask /api/ps now
struct GiveUp { Address address{}; };                 // end what is silent on it: its link is down, another one answers
// A tiny answer is to be had of an idle model: is the node well again? Ended tells, of this id.
struct Try { TicketId id{}; NodeName node{}; ModelName model{}; int num_ctx = 0; std::optional<KeepAlive> keep_alive{}; std::optional<bool> use_mmap{}; };
struct WakeAt { Time at{}; };                         // the only one per call; send Ticked then
struct Note { enum class Level { info, warn } level; std::string text{}; };  // one log line
using Command = std::variant<Grant, Refuse, Load, Unload, Look, GiveUp, Try, WakeAt, Note>;

// ---- what a person may look at (/health, status, explain)
struct WaitingPicture { TicketId id{}; RoleName role{}; std::string for_what{}; int place{}; Duration waited{}; std::optional<Duration> expected{}; };
struct ModelPicture { ModelName model{}; std::vector<RoleName> roles{}; Bytes bytes{}; Bytes vram{}; int num_ctx{}; int in_flight{}; std::optional<Duration> lease{}; };
struct SwapPicture { SwapPhase phase{}; ModelName model{}; std::vector<ModelName> victims{}; std::string because{}; Duration since{}; };
struct NodePicture { NodeBelief belief{}; int at_work = 0, foreign_swaps = 0; Bytes limit{}, used{}; std::vector<ModelPicture> models{}; std::optional<SwapPicture> swap{}; };
struct RolePicture { RoleName name; std::string state;  // ready | after_swap | unavailable
                     ModelName model{}, instead_of{}; NodeName node; std::string why; std::optional<Duration> expected; Duration in_state{}; bool required = true; };
struct Picture { std::vector<RolePicture> roles{}; std::vector<NodePicture> nodes{}; std::vector<WaitingPicture> waiting{}; int in_flight = 0; std::vector<std::string> warnings{}; };

struct Expected { Duration granted{}, first_token{}; };  // from now

class Dispatch {
 public:
  Dispatch(Snapshot, Time now);

  std::vector<Command> on(const Event&, Time now);

  Picture picture(Time now) const;
  Result<NodeName> where(const Ask&, Time now) const;  // the node that would be chosen now
  std::map<TicketId, Expected> forecast(Time now) const;          // of who waits; who is not in it: too far off to tell
  std::optional<Expected> expected(Ask, Time now) const;          // of one who would come now
  const Fleet& fleet() const { return fleet_; }
  const Ledger& ledger() const { return ledger_; }
  const Stories& stories() const { return stories_; }
  const Gate* gate(std::string_view node) const;
  const Pace& pace() const { return seen_.pace; }
  void pace(Pace known) { seen_.pace = std::move(known); }  // as kept across a restart, before the first event
  const TokenGuess& guess() const { return guess_; }
  Snapshot settings() const { return settings_; }
  int in_flight() const;
  int waiting() const;
  int at_work(const NodeName&) const;  // requests that run there, and prompts of cancelled ones that still do

 private:
  friend class Forecast;
  struct Waiter { Ask ask{}; NodeName node{}; Time arrived{}; Duration swapped{}; std::uint64_t told = 0; };  // told: which reason its story knows
  struct Running { Ask ask{}; NodeName node{}; ModelName model{}; Time granted{}; bool gated = false; double depth = PromptCache::never;
                   Duration shared{}; };  // the node's share sum at the grant
  struct Ghost { NodeName node{}; ModelName model{}; Time until{}; };  // cancelled in its prompt: the slot is still busy
  struct Order { NodeName node{}; ModelName model{}; };

  void on_event(const Arrived&, Time);
  void on_event(const Left&, Time);
  void on_event(const Ended&, Time);
  void on_event(const Observed&, Time);
  void on_event(const Inventory&, Time);
  void on_event(const Lost&, Time);
  void on_event(const LinkHeard&, Time);
  void on_event(const LinkFailed&, Time);
  void on_event(const Woke&, Time);
  void on_event(const LoadEnded&, Time);
  void on_event(const UnloadEnded&, Time);
  void on_event(const UnloadWanted&, Time);
  void on_event(const DrainWanted&, Time);
  void on_event(const Adopted&, Time);
  void on_event(const Ticked&, Time);

  void note_change(const NodeName&, const std::optional<LinkChange>&, Time);
  bool left_to_others(const NodeName&, const Proposal&, Time);
  void note_outcome(const NodeName&, const Outcome&, Time);
  void end_shunning(Time);
  bool try_out(NodeBelief&, Time);              // false: no model idles there
  std::optional<KeepAlive> lease_of(const Ask&, const NodeName&) const;  // what a request says; nothing where it does not count
  Running& begin(Ask, const NodeName&, std::optional<KeepAlive>, Time);
  void note_silence(const Running&, Gate&);
  void grant(Waiter, Time);
  void refuse(const Ask&, Refusal, Time);
  void shed(TicketId newest, Time);             // one too many waits
  void end_waiting(Time);                       // of who has waited longer than limits.wait
  Result<Placement> place_within_limits(const Ask&, Time) const;
  // Waiters of a node (all, or of one model) are placed again; `instead` is said when no other node can: else place's own refusal.
  void move_waiters(const NodeName&, const ModelName*, const std::optional<Refusal>& instead, Time);
  void advance(const NodeName&, Time);          // grants, then the policy, then the gate's steps
  void advance_all(Time);
  bool told_failure(const NodeName&, Gate&, Time);
  bool grant_ready(const NodeName&, Gate&, Time);
  void propose(const NodeName&, Gate&, Time);
  void run(const NodeName&, const std::vector<GateStep>&, Time);
  void note_swap_time(const NodeName&, const ModelName&, const Gate&, Time);
  void note_roles(Time);
  void tell_waiting(Time);                      // to the stories: who waits for what, when that has changed
  void tell_granted(const Running&, Time);
  void tell_deed(const NodeName&, const GateStep&, Time);
  void wake(Time);
  void end_ghosts(Time);
  bool is_up(const NodeName&) const;
  void forget_gate(const NodeName&);            // of a node that left the configuration, once nothing of ours is there
  Gate* gate_of(const NodeName&);
  const GateFacts& facts(const NodeName&) const;
  KeepAlive load_lease(const ModelName&) const; // what a load says: never 0, and long enough for the request to come
  std::vector<Waiting> waiting_on(const NodeName&) const;
  bool awaited(const NodeName&, const ModelName&) const;
  bool passthrough() const { return settings_->policy == PolicyName::passthrough; }
  struct Preference { NodeName node{}; std::optional<double> crowd{}; };  // crowd: as it is then, when it had a say
  Preference prefer(const Ask&, const Placement&, Time) const;
  std::size_t pick(std::size_t head, Time) const;  // index in the line of who goes first for the head's model
  void learn(const Running&, const Outcome&, Duration shared, Time);
  Duration prompt_rest(const Running&, Time) const;
  struct Work { double prompt = 0, output = 0; };  // seconds
  Work usual_work(const Ask&, const NodeName&, const ModelName&, bool cached_now) const;
  std::string chancy(const NodeName&, const ModelName&, Time) const;  // what a wait there hangs on beside what is known; "" = nothing
  void put_right(Expected&, const NodeName&, const ModelName&, Time) const;
  void bet(const Waiter&, Time);                // what is expected is compared with what comes
  void settle(TicketId, Time);
  Duration expected_load(const NodeName&, const ModelName&) const;
  std::optional<Duration> expected_ready(const NodeName&, const ModelName&, Time) const;
  std::string for_what(const Waiter&, Time) const;
  RolePicture role_state(const RoleSettings&, Time) const;    // no more than the state, and where
  RolePicture role_picture(const RoleSettings&, Time) const;  // and why, and for how long
  std::string swap_words(const RoleSettings&, const NodeName&, Time) const;
  NodePicture node_picture(const NodeBelief&, Time) const;
  std::vector<std::string> warnings(Time) const;
  std::string differing(const RoleSettings&) const;

  Snapshot settings_;
  Fleet fleet_{};
  std::map<NodeName, Gate> gates_{};
  std::map<NodeName, Share> shares_{};
  std::map<NodeName, Foreign> foreign_{};
  std::deque<Waiter> line_{};                       // in order of arrival
  std::map<TicketId, Running> running_{};
  std::vector<Ghost> ghosts_{};
  std::vector<Order> unloads_{};                    // asked for, not begun: the gate was in a swap
  TicketId trials_ = 0;                             // their ids count down from the last but one there is
  std::map<std::string, int> passed_over_{};        // by node and model: grants in a row that went to somebody behind the head of the line
  std::map<NodeName, std::string> last_refusal_{};  // of a proposal: told once
  std::map<NodeName, Time> policy_wake_{};
  mutable std::map<NodeName, GateFacts> facts_{};   // worked out once; emptied when beliefs or settings change
  std::map<std::string, Time> load_began_{};        // "node/model"
  Ledger ledger_{};
  Experience seen_{};
  TokenGuess guess_{};
  Stories stories_{};
  struct Told { std::string words{}; std::uint64_t number = 0; };
  std::uint64_t reasons_told_ = 0;
  std::map<std::pair<NodeName, ModelName>, Told> told_{};  // why who waits for a model there waits
  struct Bet { TicketId id{}; Time at{}; Duration expected{}; };
  std::map<std::string, Bet> bets_{};               // one open at a time, by what the wait hangs on
  std::map<std::string, double> late_{};            // log of what came to what was expected: EWMA
  bool foreseeing_ = false;                         // this is the copy that a forecast plays on
  std::map<RoleName, std::pair<std::string, Time>> role_state_{};
  std::vector<Command> out_{};
};

}  // namespace rr
