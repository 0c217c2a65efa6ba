// The router and its nodes in one process, on one io_context in a thread of its own; the test asks from outside, as a client does.
#pragma once

#include "api/role_names.hpp"
#include "app/router.hpp"
#include "settings/load.hpp"
#include "sim/node.hpp"
#include "support/raw_client.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <stdexcept>
#include <thread>

namespace rr::test {

// The two Macs of config/router.yaml with the given ports; `more` is appended at the top level.
inline std::string two_macs(std::uint16_t macbook, std::uint16_t mini, const std::string& more = "") {
  return "listen: 127.0.0.1:8000\n"
         "roles:\n"
         "  router:    { node: macbook,             model: qwen3:1.7b,              keep_alive: -1 }\n"
         "  architect: { node: mac-mini,            model: qwen3-coder-next:q4_K_M, keep_alive: 0 }\n"
         "  coder:     { node: mac-mini,            model: qwen3-coder:30b,         keep_alive: 2h }\n"
         "  tester:    { node: [mac-mini, macbook], model: qwen2.5-coder:14b,       keep_alive: 30m }\n"
         "default_role: coder\n"
         "also_called:\n"
         "  architect: [planner, 설계자]\n"
         "  coder: [developer, 코더]\n"
         "nodes:\n"
         "  macbook:  { address: 127.0.0.1:" + std::to_string(macbook) + ", gpu_memory: 17.7GiB }\n"
         "  mac-mini: { address: 127.0.0.1:" + std::to_string(mini) + ", gpu_memory: 56GiB }\n"
         "models:\n"
         "  qwen3:1.7b:              { num_ctx: 8192,  size: 1.4GB }\n"
         "  qwen3-coder-next:q4_K_M: { num_ctx: 32768, size: 52GB }\n"
         "  qwen3-coder:30b:         { num_ctx: 32768, size: 19GB }\n"
         "  qwen2.5-coder:14b:       { num_ctx: 16384, size: 9.0GB }\n" + more;
}

inline Snapshot settings_of(const std::string& yaml) {
  const settings::Loaded loaded = settings::load(yaml, "test.yaml", api::fold_name);
  if (!loaded.settings) throw std::runtime_error(settings::print(loaded.problems, "test.yaml"));
  Settings copy = *loaded.settings;
  copy.listen = {{"127.0.0.1", 0}};
  if (yaml.find("policy:") == std::string::npos) copy.policy = PolicyName::seed;  // most promises are about its table
  return std::make_shared<const Settings>(std::move(copy));
}

// Runs the io_context; everything that touches router or nodes is done on its thread by `on_loop`.
class Loop {
 public:
  Loop() : work_(io.get_executor()) {}
  ~Loop() { stop(); }
  void start() { thread_ = std::thread([this] { io.run(); }); }
  void stop() {
    work_.reset();
    io.stop();
    if (thread_.joinable()) thread_.join();
  }
  template <class F>
  auto on_loop(F f) -> decltype(f()) {
    std::promise<decltype(f())> promise;
    auto future = promise.get_future();
    wire::asio::post(io, [&] {
      if constexpr (std::is_void_v<decltype(f())>) f(), promise.set_value();
      else promise.set_value(f());
    });
    return future.get();
  }
  // Waits until `condition` holds on the loop; a bound that is hit is a failure, not a verdict about speed.
  template <class F>
  bool until(F condition) {
    for (int i = 0; i < 6000; ++i) {
      if (on_loop(condition)) return true;
      std::this_thread::yield();
      ::usleep(5000);
    }
    return false;
  }
  wire::asio::io_context io{1};

 private:
  wire::asio::executor_work_guard<wire::Executor> work_;
  std::thread thread_{};
};

// Two simulated Macs and a router in front of them.
class Town : public Loop {
 public:
  explicit Town(const std::string& more = "", double clock = 400, std::function<void(sim::NodeSpec&)> change = {}) {
    sim::NodeSpec a = sim::macbook(), b = sim::mac_mini();
    a.clock = b.clock = clock;
    if (change) change(a), change(b);
    macbook = open(a);
    mini = open(b);
    auto opened = app::Router::open(io, settings_of(two_macs(macbook->port(), mini->port(), more)));
    if (!opened) throw std::runtime_error(opened.error());
    router = std::move(*opened);
    start();
    const bool known = until([&] {
      for (const NodeBelief& node : router->house().desk.dispatch().fleet().nodes)
        if (!node.inventory_known || !node.heard) return false;
      return true;
    });
    if (!known) throw std::runtime_error("the router never learnt what its nodes have");
  }
  ~Town() {
    stop();
    router.reset();
    macbook.reset();
    mini.reset();
  }
  Answer ask(std::string_view method, std::string_view target, std::string_view body = {}, const Fields& fields = {}) {
    return test::ask(router->port(), method, target, body, fields);
  }
  std::vector<sim::Seen> seen(const std::unique_ptr<sim::Node>& node) {
    return on_loop([&] { return node->seen(); });
  }
  // Inference requests only: not the router's own loads, unloads and probes.
  std::vector<sim::Seen> inference(const std::unique_ptr<sim::Node>& node) {
    std::vector<sim::Seen> out;
    for (sim::Seen& s : seen(node))
      if (s.method == "POST" && (s.body.find("\"messages\":[{") != std::string::npos || s.body.find("\"prompt\":\"\"") == std::string::npos) &&
          (s.body.find("messages") != std::string::npos || s.body.find("prompt") != std::string::npos || s.body.find("input") != std::string::npos))
        out.push_back(std::move(s));
    return out;
  }
  void fault(const std::unique_ptr<sim::Node>& node, sim::Fault fault) {
    on_loop([&] { node->fault(fault); });
  }

  std::unique_ptr<sim::Node> macbook, mini;
  std::unique_ptr<app::Router> router;

 private:
  std::unique_ptr<sim::Node> open(sim::NodeSpec spec) {
    auto opened = sim::Node::open(io, std::move(spec));
    if (!opened) throw std::runtime_error(opened.error());
    return std::move(*opened);
  }
};

}  // namespace rr::test
