// Two simulated Macs in the process, with the roles, models and sizes of config/router.yaml.
#pragma once

#include "domain/refusal.hpp"
#include "domain/settings.hpp"
#include "sim/node.hpp"

#include <string_view>

namespace rr::app {

extern const std::string_view demo_yaml;  // config/router.yaml as it was at build time

struct Demo {
  std::vector<std::unique_ptr<sim::Node>> nodes;
  Snapshot settings;   // of demo_yaml, its nodes' addresses replaced by the simulated ones
};
boost::system::result<Demo, std::string> open_demo(wire::asio::io_context&, std::vector<Address> listen);

}  // namespace rr::app
