// What every coroutine of the app shares. Held by shared_ptr: it lives as long as anybody who works in it.
#pragma once

#include "api/report.hpp"
#include "api/role_names.hpp"
#include "app/desk.hpp"
#include "app/lines.hpp"
#include "app/nodes.hpp"
#include "app/watch.hpp"
#include "domain/heartbeat.hpp"
#include "wire/block.hpp"
#include "wire/upstream.hpp"

#include <list>
#include <memory>
#include <set>

namespace rr::app {

struct House : std::enable_shared_from_this<House> {
  House(wire::asio::io_context& io, Snapshot settings);

  wire::asio::io_context& io;
  Snapshot settings;                             // replaced as a whole by adopt()
  std::shared_ptr<const api::RoleNames> names;   // of the settings
  api::Adoption adoption;
  Time started;
  std::string session_key;                       // random, of this process

  wire::Budget bodies, stream_buffers;
  wire::Upstream upstream;
  Nodes nodes;
  Desk desk;
  Watch watch;
  wire::ClientLimits client_limits;              // of the connections to come; the body's is the settings'
  Duration filler_after = std::chrono::seconds(15);  // of silence in an event stream
  std::set<wire::Client*> clients;               // open connections, for draining
  std::list<wire::Client*> resting;              // of them, those that wait for a request: the longest first
  int replaying = 0;                             // requests that are with a node for the second time
  int answering = 0;                             // requests between their head and the end of their answer
  std::map<TicketId, std::function<void()>> asked;  // what ends the node's part of a running answer
  bool draining = false;
  Heartbeat heart{};
  std::function<std::chrono::system_clock::time_point()> wall = [] { return std::chrono::system_clock::now(); };
  std::shared_ptr<wire::Timer> pulse;            // of the heart
  std::unique_ptr<Lines> access;                 // the access log; null = none

  void start();                                  // begins to watch the nodes; needs a shared_ptr to this
  void beat();                                   // each second: did this machine sleep?
  void stop();                                   // ends the watching; what runs holds the house until it is done
  void adopt(Snapshot next);                     // settings, names, dispatch, watch; generation + 1
  std::optional<std::string> open_access_log(const std::string& path);  // "" = none from now on; else why it stays as it was
  std::vector<std::string> complaints() const;   // of the logs, for /health
  Addresses way(const NodeName&) const;          // the node's addresses as they are to be dialled now; none: it left the configuration
  Peer peer(const NodeName&) const;              // the same, with what runs there
  bool other_way(const NodeName&, const Address& lost) const;  // another address of the node answers
};

std::string utc_text();                          // now, as Ollama writes created_at
std::string clock_text();                        // now, RFC 3339 with the local offset

}  // namespace rr::app
