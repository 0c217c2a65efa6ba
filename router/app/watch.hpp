// Keeps the beliefs about the nodes fresh: one coroutine a node asks /api/ps every two seconds and the inventory every thirty,
// and at once when somebody wants a look. Of a node with several addresses each has a coroutine that asks it for its version, as often
// as Links says. Nobody's request ever waits for a probe.
#pragma once

#include "app/nodes.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>

namespace rr::app {

class Watch {
 public:
  using Known = std::function<const Links*(const NodeName&)>;  // null: the node is gone
  Watch(wire::Executor, Nodes&, std::function<void(Event)> tell, Known);
  ~Watch();
  // Starts watching new nodes, stops watching gone ones. `keep` is held by each watching coroutine.
  void settings(const Settings&, std::shared_ptr<void> keep);
  void look(const NodeName&);            // ask /api/ps now; an answer asked for earlier does not count as this look
  void take_stock(const NodeName&);      // ask /api/tags too
  void probe(const NodeName&);           // its addresses: those that are due
  void wake();                           // after a sleep: misses of before, and of what is under way, do not count
  void stop();

 private:
  struct One {
    One(wire::Executor ex, const NodeSettings& n) : name(n.name), settings(n), addresses(n.addresses), bell(ex) {
      for (std::size_t i = 0; i < addresses.size(); ++i) probe_bells.emplace_back(ex);
    }
    void ring_probes() {
      for (wire::Timer& one : probe_bells) one.cancel();
    }
    void stop() {
      stopped = true;
      bell.cancel();
      ring_probes();
    }
    NodeName name;
    NodeSettings settings;
    Addresses addresses;
    wire::Timer bell;
    std::deque<wire::Timer> probe_bells{};  // one an address
    bool wanted = true, stock_wanted = true, stopped = false;
    int misses = 0;
    unsigned wakes = 0;
    Time stock_at{};
    std::set<ModelName> listed{};           // of the last inventory
    std::map<std::string, std::set<std::string>> can{};  // digest -> capabilities, asked once of /api/show
  };
  Peer way(const One&) const;
  wire::Task<void> learn(std::shared_ptr<One>, std::vector<Installed>&);
  static bool changed(const One&, const std::vector<Resident>&);
  wire::Task<void> run(std::shared_ptr<One>, std::shared_ptr<void> keep);
  wire::Task<void> run_probe(std::shared_ptr<One>, std::size_t address, std::shared_ptr<void> keep);

  wire::Executor executor_;
  Nodes& nodes_;
  std::function<void(Event)> tell_;
  Known known_;
  std::map<NodeName, std::shared_ptr<One>> watched_;
};

}  // namespace rr::app
