// The subcommands of the program. Each returns the process's exit status: 0 done, 1 failed, 2 bad usage or configuration.
#pragma once

#include <string>
#include <vector>

namespace rr::app {

struct ServeOptions {
  std::string config;               // "" = look in the usual places
  std::vector<std::string> listen;  // "" = as the file says
  bool demo = false;
};
int command_serve(const ServeOptions&);

int command_check(const std::string& config);
int command_explain(const std::string& config, const std::string& role, const std::string& request);

struct DoctorOptions {
  std::string config;
  bool loads = false;               // measure how fast each model loads, with mmap and without
};
int command_doctor(const DoctorOptions&);

struct WarmOptions {
  std::string role;
  std::string url;                  // of the running router; "" = http://localhost:8000
};
int command_warm(const WarmOptions&);
struct StatusOptions {
  std::string url, config;
  bool watch = false;
};
int command_status(const StatusOptions&);

struct DrainOptions {
  std::string node, url, config;
};

struct WhyOptions {
  std::string which = "last";  // or slowest, or r-000412
  std::string url, config;     // where the router is; "" = as the configuration says
  bool json = false;
};
int command_why(const WhyOptions&);
int command_drain(const DrainOptions&, bool on);  // false: undrain

struct SimulateOptions {
  std::string config;
  std::vector<std::string> scripts;      // swap-script/1
  std::vector<std::string> replays;      // access logs
  std::vector<std::string> policies{"smart", "seed", "passthrough"};
  std::vector<std::string> nodes;        // "mac-mini:load_gbps=0.7,speed=1,cache_gib=8"
  std::string client_keep_alive;         // what every client sends; "" = nothing
  bool json = false;
};
int command_simulate(const SimulateOptions&);

struct SimNodeOptions {
  std::string machine = "mac-mini";      // macbook | mac-mini
  std::string listen = "127.0.0.1:11434";
  double clock = 1;
  double load_gbps = 0;                  // 0 = the machine's own
  std::string gpu_memory;                // "" = the machine's own
  double keep_alive_s = 300;             // OLLAMA_KEEP_ALIVE; below zero = for ever
  int max_loaded = 8, num_parallel = 1, max_queue = 512;
  std::vector<std::string> models;       // name=size, instead of the machine's own
};
int command_sim_node(const SimNodeOptions&);

// The configuration file: as given, else ./config/router.yaml, $XDG_CONFIG_HOME/role-router/router.yaml, <prefix>/etc/role-router/router.yaml.
// "" = none; `looked` lists the places.
std::string find_config(const std::string& given, std::vector<std::string>& looked);

}  // namespace rr::app
