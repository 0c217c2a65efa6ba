#include "app/commands.hpp"
#include "sim/node.hpp"

#include <boost/asio/basic_signal_set.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace rr::app {

namespace {

std::optional<Bytes> size_of(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const std::string unit(end);
  if (end == text.c_str() || number <= 0) return std::nullopt;
  if (unit == "GB") return static_cast<Bytes>(number * static_cast<double>(gb));
  if (unit == "GiB") return static_cast<Bytes>(number * static_cast<double>(gib));
  if (unit == "MB") return static_cast<Bytes>(number * 1e6);
  if (unit.empty()) return static_cast<Bytes>(number);
  return std::nullopt;
}

int wrong(const std::string& sentence) {
  std::fprintf(stderr, "role-router sim-node: %s\n", sentence.c_str());
  return 2;
}

}  // namespace

int command_sim_node(const SimNodeOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  if (options.machine != "macbook" && options.machine != "mac-mini")
    return wrong("--machine " + options.machine + ": choose macbook or mac-mini");
  sim::NodeSpec spec = options.machine == "macbook" ? sim::macbook() : sim::mac_mini();
  auto listen = parse_address(options.listen, 11434);
  if (!listen) return wrong("--listen " + options.listen + ": write host:port, as in 127.0.0.1:11434");
  spec.listen = *listen;
  spec.name = options.machine;
  spec.clock = options.clock;
  if (options.load_gbps > 0) spec.load_gbps = options.load_gbps;
  if (!options.gpu_memory.empty()) {
    auto size = size_of(options.gpu_memory);
    if (!size) return wrong("--gpu-memory " + options.gpu_memory + ": write a size, as in 56GiB");
    spec.gpu_memory = *size;
  }
  spec.keep_alive = options.keep_alive_s < 0 ? Duration{-1}
                                             : std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.keep_alive_s));
  spec.max_loaded = options.max_loaded;
  spec.num_parallel = options.num_parallel;
  spec.max_queue = options.max_queue;
  if (!options.models.empty()) spec.models.clear();
  for (const std::string& text : options.models) {
    const auto equals = text.rfind('=');
    auto size = equals == std::string::npos ? std::nullopt : size_of(text.substr(equals + 1));
    if (!size) return wrong("--model " + text + ": write name=size, as in qwen3:1.7b=1.4GB");
    sim::ModelSpec model;
    model.name = text.substr(0, equals);
    model.size = *size;
    spec.models.push_back(std::move(model));
  }
  wire::asio::io_context io{1};
  auto node = sim::Node::open(io, std::move(spec));
  if (!node) return std::fprintf(stderr, "role-router sim-node: %s\n", node.error().c_str()), 1;
  std::printf("sim-node %s at http://127.0.0.1:%u\n", options.machine.c_str(), static_cast<unsigned>((*node)->port()));
  std::fflush(stdout);
  wire::asio::basic_signal_set<wire::Executor> stop(io.get_executor(), SIGTERM, SIGINT);
  stop.async_wait([&](wire::error_code, int) {
    (*node)->stop();
    io.stop();
  });
  io.run();
  return 0;
}

}  // namespace rr::app
