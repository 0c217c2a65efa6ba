// One simulated Ollama on a socket: the rules of the real one (scheduler, memory, keep_alive, wire format), invented answers.
// Runs on the io_context it is given, so a test, the demo and `role-router sim-node` use the same thing.
#pragma once

#include "sim/spec.hpp"
#include "wire/net.hpp"

#include <boost/system/result.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rr::sim {

// What goes wrong on purpose. A fault hits the next `times` requests to generate/chat/embed (or any, see `path`); times < 0: always.
// wedge: the model's engine computes nothing more until it is unloaded, and nothing shows it. A load that hangs never ends.
struct Fault {
  enum class What { none, refuse, hang, hang_mid, die_before, die_mid, end_early, error_mid, garbage, wrong_length, status, wedge };
  What what = What::none;
  int after = 2;         // chunks before it strikes
  int status = 503;      // for What::status
  int times = 1;
  std::string path{};    // "" = inference only; "/api/ps" ...
};

// What a request looked like to the node: the record that tests read.
struct Seen {
  std::string method, target, model, body;
  std::string keep_alive;              // raw JSON text, "" = absent
  std::string num_ctx;                 // raw JSON text, "" = absent
  std::string role_hint;               // the role the sim answered as, from the prompt
  bool loaded_for_it = false;          // it made the node load or reload
  bool queued = false;                 // it waited in the node's own queue, which the router promises never happens
  int status = 0;
  std::string ended;                   // "whole", "client-closed", "fault", "leaked" (left while queued: its handler never ends)
};

class Node {
 public:
  static boost::system::result<std::unique_ptr<Node>, std::string> open(wire::asio::io_context&, NodeSpec);
  ~Node();  // stops at once: connections are reset
  std::uint16_t port() const;
  void stop();                          // as SIGTERM: listener closed, streams cut without a terminator
  void fault(Fault);
  const std::vector<Seen>& seen() const;
  std::vector<std::string> resident() const;
  struct Pulling {
    std::string model;
    int waiting = 0;                    // clients
  };
  std::vector<Pulling> downloads() const;
  Bytes blob_bytes() const;             // of uploads, so far
  int open_streams() const;             // requests being answered or queued now
  int stalled() const;                  // of these, whose client does not read

  struct State;
 private:
  explicit Node(std::shared_ptr<State>);
  std::shared_ptr<State> state_;
};

}  // namespace rr::sim
