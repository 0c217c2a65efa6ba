// What is believed about the nodes: built from observations only, copyable, printable.
#pragma once

#include "domain/ask.hpp"
#include "domain/link.hpp"

#include <set>

namespace rr {

struct Installed {  // an entry of /api/tags
  ModelName name{};
  Bytes size = 0;         // weights on disk
  std::string digest{};
  std::set<std::string> capabilities{};  // completion tools insert vision embedding thinking; empty = unknown
  std::string raw{};        // the entry's JSON text, for the merged listing
};

struct Resident {  // an entry of /api/ps
  ModelName name{};
  Bytes size = 0;         // resident bytes
  Bytes size_vram = 0;
  int num_ctx = 0;        // context_length
  std::string digest{};
  std::optional<Time> expires{};  // absent = for ever (Ollama writes a year beyond 2200)
  std::string raw{};
};

struct Measured {  // what a model took there when /api/ps last listed it: kept after it has left
  ModelName name{};
  int num_ctx = 0;
  Bytes size = 0;
};

struct NodeBelief {
  NodeName name{};
  Links links{};
  NodeState state = NodeState::unknown;
  bool drained = false;            // the operator wants nothing new there
  int failures = 0;                // answers in a row that failed, while it was up
  int shuns = 0;                   // times in a row that it was passed over for that
  bool shunned = false;            // other nodes go first, until `shunned_until`: then a tiny request of the router's own finds out,
  Time shunned_until{};            // or, where no model idles there, the next client's
  TicketId trying = 0;             // that request; 0 = none
  std::string why{};               // of down: "connection refused at 127.0.0.1:11434"
  Time since{};                  // of the state
  std::optional<Time> heard{};     // last good answer
  Duration rtt{};
  std::string version{};
  bool inventory_known = false;
  std::vector<Installed> installed{};
  std::vector<Resident> residents{};  // as /api/ps last said
  std::vector<Measured> measured{};   // one a (model, num_ctx)

  const Installed* find(const ModelName&) const;
  void measure(const Resident&);
};

struct Fleet {
  std::vector<NodeBelief> nodes{};  // in the order of the YAML

  NodeBelief* node(std::string_view name);
  const NodeBelief* node(std::string_view name) const;
  bool anyone_has(const ModelName&) const;  // some node whose inventory is known lists it
};

}  // namespace rr
