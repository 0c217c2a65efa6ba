// What the router itself says to nodes: /api/ps, tags, version; load and unload. One request, one answer, bounded in time.
#pragma once

#include "domain/dispatch.hpp"
#include "wire/upstream.hpp"

namespace rr::app {

class Nodes {
 public:
  explicit Nodes(wire::Upstream& upstream) : upstream_(upstream) {}

  struct Heard {
    std::vector<Resident> residents;
    Duration rtt{};
    Address over{};
  };
  struct Stock {
    std::string version;
    std::vector<Installed> models;
  };
  wire::Task<Result<Heard>> ps(Addresses);
  wire::Task<Result<Stock>> stock(Addresses);                      // version and tags
  wire::Task<Result<Duration>> probe(Address);                     // the time of Ollama's answer over this address, within 2 s
  wire::Task<std::optional<std::set<std::string>>> capabilities(Addresses, ModelName);  // by /api/show; nullopt = not told
  // nullopt = done; else why not. A load may take minutes: `patience` bounds it.
  struct Trouble {
    std::string why;
    int status = 0;  // of the node's answer; 0 = none came
    bool link = false;  // the link was lost, not the node
  };
  wire::Task<std::optional<Trouble>> load(Addresses, Load, Duration patience);
  wire::Task<std::optional<Trouble>> unload(Addresses, ModelName);

 private:
  struct Answer {
    int status = 0;
    std::string body;
    Address over{};
  };
  wire::Task<wire::NodeResult<Answer>> ask(Addresses, std::string method, std::string path, std::string body, Duration patience);
  wire::Upstream& upstream_;
};

}  // namespace rr::app
