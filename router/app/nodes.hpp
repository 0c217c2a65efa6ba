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
  };
  struct Stock {
    std::string version;
    std::vector<Installed> models;
  };
  wire::Task<Result<Heard>> ps(Address);
  wire::Task<Result<Stock>> stock(Address);                        // version and tags
  wire::Task<std::optional<std::set<std::string>>> capabilities(Address, ModelName);  // by /api/show; nullopt = not told
  // nullopt = done; else why not. A load may take minutes: `patience` bounds it.
  struct Trouble {
    std::string why;
    int status = 0;  // of the node's answer; 0 = none came
  };
  wire::Task<std::optional<Trouble>> load(Address, Load, Duration patience);
  wire::Task<std::optional<Trouble>> unload(Address, ModelName);

 private:
  struct Answer {
    int status = 0;
    std::string body;
  };
  wire::Task<Result<Answer>> ask(Address, std::string method, std::string path, std::string body, Duration patience);
  wire::Upstream& upstream_;
};

}  // namespace rr::app
