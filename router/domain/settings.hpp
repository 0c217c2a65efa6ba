// The validated configuration. Immutable once adopted: a request keeps the snapshot it began with.
// Defaults stand here; settings/ fills in what the YAML says.
#pragma once

#include "domain/engine.hpp"
#include "domain/values.hpp"

#include <map>
#include <memory>

namespace rr {

struct Place {  // where in the YAML a thing was said, 1-based; 0 = nowhere (a default)
  int line = 0;
  int column = 0;
};

struct RoleSettings {
  RoleName name{};
  std::vector<NodeName> nodes{};  // in order of preference, never empty
  ModelName model{};              // what answers
  ModelName instead_of{};         // what the YAML gives the role, when `substitutes` lets another answer
  KeepAlive keep_alive{std::chrono::minutes(5)};
  std::vector<std::string> also_called{};
  std::vector<std::string> phrases{};  // in a system prompt they mean this role, for model auto
  bool required = true;  // /health says 503 when it has been unavailable for 10 s
  Place at{}, model_at{}, node_at{};
};

struct NodeSettings {
  NodeName name{};
  Addresses addresses{};           // the best link first
  Bytes gpu_memory = 0;            // 0 = unknown: no memory bound is applied
  EngineType type = EngineType::ollama;
  std::string api_key{};           // what the node wants as Authorization: Bearer; "" = nothing
  Place at{}, memory_at{};
};

enum class OnOverflow { warn, refuse };

struct ModelSettings {
  ModelName name{};
  int num_ctx = 4096;
  std::optional<Bytes> size{};      // weights on disk
  int parallel = 1;               // requests granted at once
  std::optional<bool> use_mmap{};   // sent only when set
  OnOverflow on_overflow = OnOverflow::warn;
  Place at{};
};

struct Substitute {  // asked for `model`, `by` answers
  ModelName model{}, by{};
  Place at{};
};

enum class PolicyName { passthrough, seed, smart };
std::string_view to_text(PolicyName);

struct Door {  // what is closed to clients unless the YAML opens it
  bool open = false;
  NodeName node{};  // where it leads; "" = the request says it, or there is but one
  bool operator==(const Door&) const = default;
};

struct Limits {
  std::size_t connections = 1024;
  Bytes body = 128 << 20;              // one request body
  Bytes bodies = Bytes{512} << 20;     // all request bodies held at once
  Bytes stream_buffer = 8 << 20;       // what one stream may lag behind its node
  Bytes stream_buffers = 256 << 20;    // all streams together
  int waiting = 256;                   // requests in the line, all together
  int per_role = 0, per_node = 0;      // requests of one role, or at one node: waiting and running; 0 = no bound of its own
  Duration wait = std::chrono::hours(1);  // the longest in the line; zero = off
};

struct Settings {
  std::string file{};     // as given on the command line; "" = built in
  std::string text{};     // the YAML as read, for "what changed"
  std::vector<Address> listen{{"127.0.0.1", 8000}, {"::1", 8000}};  // `localhost:8000` means both
  bool demo = false;

  std::vector<RoleSettings> roles{};  // in the order of the YAML
  RoleName default_role{};            // "" = none
  std::vector<NodeSettings> nodes{};
  std::vector<ModelSettings> models{};
  ModelSettings model_default;      // models.default: for models not listed
  std::vector<Substitute> substitutes{};

  PolicyName policy = PolicyName::smart;
  Duration max_wait = std::chrono::minutes(15);
  Duration swap_timeout = std::chrono::minutes(3);
  bool release_on_exit = false;     // smart_swap.on_exit: release

  Duration drain_timeout = std::chrono::minutes(2);
  Duration first_byte = std::chrono::minutes(10);       // zero = off
  Duration between_chunks = std::chrono::minutes(5);    // zero = off
  Duration prefill_grace = std::chrono::minutes(2);     // longest a cancelled prompt keeps its slot counted

  std::vector<std::string> allowed_hosts{};    // beside loopback and our own addresses
  std::vector<std::string> allowed_origins{};  // beside Ollama's default list
  std::string api_key{};                       // what who is not on this machine must send; "" = nothing
  Door management{};                           // pull, push, create, copy, delete, blobs
  Door cloud{};                                // cloud models, web_search and web_fetch: a node's ollama.com account
  std::string access_log{};                    // a file that gets one JSON line per request; "" = none
  Limits limits;

  const RoleSettings* role(std::string_view name) const;       // by its YAML key, exact
  const NodeSettings* node(std::string_view name) const;
  const Engine& runs(std::string_view node) const;              // what runs there; Ollama for one that is not configured
  const ModelSettings& model(const ModelName&) const;           // listed, or model_default
  const ModelName& answering(const ModelName&) const;           // its substitute, or itself
  void take_substitutes();                                      // the roles' models become those that answer
  KeepAlive keep_alive(const ModelName&, std::string_view role) const;  // the longest of all roles that use the model;
                                                                        // no role uses it: Ollama's default 5m
  bool pinned(const ModelName&, const NodeName&) const;         // a role with keep_alive -1 uses it there
};

using Snapshot = std::shared_ptr<const Settings>;

}  // namespace rr
