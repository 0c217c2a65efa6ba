// What the router itself says to nodes: /api/ps, tags, version; load and unload; to a server of the OpenAI API /v1/models; to exo its state
// and its plan (nodes_exo.cpp). One request, one answer, bounded in time; a load of exo is watched until its runners are ready.
#pragma once

#include "api/engines/exo_state.hpp"
#include "api/engines/served_models.hpp"
#include "domain/dispatch.hpp"
#include "wire/upstream.hpp"

namespace rr::app {

struct Peer {  // whom to ask, and what runs there
  EngineType type = EngineType::ollama;
  std::string key{};  // what its server wants as Authorization: Bearer; "" = nothing
  Addresses way{};    // none: the node has left the configuration
};
Peer peer(const NodeSettings&, Addresses way);

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
  wire::Task<Result<Heard>> ps(Peer);
  wire::Task<Result<Stock>> stock(Peer);                           // version and tags
  wire::Task<Result<Duration>> probe(Peer);                        // the time of its engine's answer over the first address, within 2 s
  wire::Task<std::optional<std::set<std::string>>> capabilities(Peer, ModelName);  // by /api/show; nullopt = not told
  // nullopt = done; else why not. A load may take minutes: `patience` bounds it.
  struct Trouble {
    std::string why;
    int status = 0;  // of the node's answer; 0 = none came
    bool link = false;  // the link was lost, not the node
  };
  wire::Task<std::optional<Trouble>> load(Peer, Load, Duration patience);
  wire::Task<std::optional<Trouble>> unload(Peer, ModelName);
  wire::Task<std::optional<Trouble>> try_out(Peer, Try);  // one token of an answer, whole and in 30 s

 private:
  struct Answer {
    int status = 0;
    std::string body;
    Address over{};
  };
  struct Lists {
    api::ServedModels served;
    Duration rtt{};
    Address over{};
  };
  wire::Task<Result<Lists>> served(Peer, Duration patience, std::string path = "/v1/models");
  struct Placed {
    std::vector<api::ExoInstance> instances;
    Duration rtt{};
    Address over{};
  };
  wire::Task<Result<Placed>> placed(Peer);  // exo's plan and runners
  wire::Task<std::optional<Trouble>> place(Peer, ModelName, Duration patience);
  wire::Task<std::optional<Trouble>> order(Peer, ModelName);
  wire::Task<std::optional<Trouble>> remove(Peer, std::string instance);
  wire::Task<std::optional<Trouble>> take_away(Peer, ModelName);
  static Refusal down(const wire::NodeError&);
  wire::Task<wire::NodeResult<Answer>> ask(Peer, std::string method, std::string path, std::string body, Duration patience);
  wire::Upstream& upstream_;
};

}  // namespace rr::app
