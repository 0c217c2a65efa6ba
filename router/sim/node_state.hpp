// The inside of a node: shared by its connections' coroutines. For the .cpp files of the shell only.
#pragma once

#include "sim/doors.hpp"
#include "sim/gpu.hpp"
#include "sim/node.hpp"
#include "sim/prefix_cache.hpp"
#include "sim/scheduler.hpp"
#include "sim/voice.hpp"
#include "wire/client.hpp"
#include "wire/listener.hpp"

#include <list>
#include <map>
#include <optional>

namespace rr::sim {

// Wakes one coroutine. fire() before wait() counts.
class Signal {
 public:
  explicit Signal(wire::Executor ex) : timer_(ex) {}
  void fire();
  wire::Task<void> wait();                          // until fire()
  wire::Task<void> wait_until(wire::Timer::time_point);  // or that time

 private:
  wire::Timer timer_;
  bool fired_ = false;
};

// One request for a model, from its admission to its end.
struct Turn {
  Turn(wire::Executor ex, CallId i) : signal(ex), id(i) {}
  Signal signal;
  CallId id;
  std::size_t seen = 0;
  bool admitted = false, running = false, refused = false, failed = false, leaked = false;
  std::string failure;
  bool gone = false;                    // the client left
  bool stalled = false;                 // its client does not read
  std::optional<Time> prompt_until;     // the engine computes the prompt
  Time worked_until;                    // its work is done up to here
};
using TurnPtr = std::shared_ptr<Turn>;

// A model on its way from the registry, shared by all who pull it.
struct Download {
  ModelSpec model;
  Time began;
  int waiting = 0;
  bool done = false;
};

struct Node::State : std::enable_shared_from_this<Node::State> {
  State(wire::asio::io_context&, NodeSpec);

  boost::system::result<void, std::string> listen();
  void stop(bool reset);

  Time now() const;                                  // simulated
  wire::Timer::time_point real(Time) const;
  Duration real(Duration) const;                     // at least a microsecond
  std::chrono::system_clock::time_point wall() const;
  std::string created() const;

  TurnPtr begin(std::size_t seen_at);
  void pump();                                       // hands effects out, sets the alarm
  void compute(const TurnPtr&, const std::string& blob);   // a turn has its slot: the others become slower
  void computed(const std::string& blob);
  void left(const TurnPtr&);                         // the client of a turn went away
  void note(const Turn&);                            // what the scheduler knows of it, into the record
  void end(const TurnPtr&, std::string_view how);

  void set(Fault);
  // `computes`: there is an answer that can break in its middle
  Fault take_fault(std::string_view target, bool inference, bool computes);
  const Script* script_for(const Asked&, const ModelSpec&) const;

  wire::asio::io_context& io;
  NodeSpec spec;
  Scheduler scheduler;
  std::optional<wire::Listener> listener;
  std::uint16_t port = 0;
  bool loopback = true, stopped = false, refusing = false;
  std::vector<Seen> seen;
  std::vector<Fault> faults;
  std::map<CallId, std::weak_ptr<Turn>> turns;
  Gpu gpu;
  std::map<std::string, PrefixCache> prompts;        // by blob: of the engine that runs
  int leaked_handlers = 0;
  std::map<std::string, std::shared_ptr<Download>> downloads;
  std::map<std::string, Bytes> blobs;                // by digest
  Bytes blob_bytes = 0;
  std::list<ModelSpec> removed;
  CallId next_id = 1;
  wire::Timer alarm;
  wire::Budget bodies{512 * 1024 * 1024};
  std::list<wire::Client*> clients;
  std::map<std::string, int> directed;               // how often a text with [[times:N]] failed already
  wire::Timer::time_point real_start = wire::Timer::clock_type::now();
  std::chrono::system_clock::time_point wall_start = std::chrono::system_clock::now();
};
using StatePtr = std::shared_ptr<Node::State>;

// A whole reply with Go's fields (sorted, Date) and framing: Content-Length up to 2048 bytes, else chunked.
void reply(wire::Client&, const wire::Request&, int status, std::string_view type, std::string body, Fields also = {});
ReplyHead reply_head(int status, std::string_view type, Fields also);

wire::Task<void> serve(StatePtr, wire::Socket);                             // one connection
wire::Task<void> infer(StatePtr, wire::Client&, const wire::Request&, Fields also, Route, std::size_t seen_at);
std::string record(const Node::State&);                                     // GET /sim/record
std::string set_fault(Node::State&, std::string_view body);                 // POST /sim/fault: "" or what is wrong

}  // namespace rr::sim
