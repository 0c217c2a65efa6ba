// Keeps the beliefs about the nodes fresh: one coroutine a node asks /api/ps every two seconds and the inventory every thirty,
// and at once when somebody wants a look. Nobody's request ever waits for a probe.
#pragma once

#include "app/nodes.hpp"

#include <functional>
#include <map>
#include <memory>

namespace rr::app {

class Watch {
 public:
  Watch(wire::Executor, Nodes&, std::function<void(Event)> tell);
  ~Watch();
  // Starts watching new nodes, stops watching gone ones. `keep` is held by each watching coroutine.
  void settings(const Settings&, std::shared_ptr<void> keep);
  void look(const NodeName&);            // ask /api/ps now; an answer asked for earlier does not count as this look
  void take_stock(const NodeName&);      // ask /api/tags too
  void stop();

 private:
  struct One {
    One(wire::Executor ex, NodeName n, Address a) : name(std::move(n)), address(std::move(a)), bell(ex) {}
    NodeName name;
    Address address;
    wire::Timer bell;
    bool wanted = true, stock_wanted = true, stopped = false;
    int misses = 0;
    Time stock_at{};
    std::map<std::string, std::set<std::string>> can{};  // digest -> capabilities, asked once of /api/show
  };
  static wire::Task<void> learn(std::shared_ptr<One>, Nodes&, std::vector<Installed>&);
  static wire::Task<void> run(std::shared_ptr<One>, Nodes&, std::function<void(Event)> tell, std::shared_ptr<void> keep);

  wire::Executor executor_;
  Nodes& nodes_;
  std::function<void(Event)> tell_;
  std::map<NodeName, std::shared_ptr<One>> watched_;
};

}  // namespace rr::app
