#include "app/demo.hpp"

#include "api/role_names.hpp"
#include "settings/load.hpp"

namespace rr::app {

namespace {
constexpr double demo_clock = 30;  // a load of 19 GB takes a third of a second
}

boost::system::result<Demo, std::string> open_demo(wire::asio::io_context& io, std::vector<Address> listen) {
  const settings::Loaded loaded = settings::load(std::string(demo_yaml), "config/router.yaml", api::fold_name);
  if (!loaded.settings) return settings::print(loaded.problems, "config/router.yaml");
  Settings settings = *loaded.settings;
  settings.demo = true;
  settings.file = "demo";
  if (!listen.empty()) settings.listen = std::move(listen);
  Demo demo;
  for (NodeSettings& node : settings.nodes) {
    sim::NodeSpec spec = node.name == "macbook" ? sim::macbook() : sim::mac_mini();
    spec.name = node.name;
    spec.clock = demo_clock;
    spec.gpu_memory = node.gpu_memory;
    auto opened = sim::Node::open(io, std::move(spec));
    if (!opened) return opened.error();
    node.addresses = {Address{"127.0.0.1", (*opened)->port()}};
    demo.nodes.push_back(std::move(*opened));
  }
  demo.settings = std::make_shared<const Settings>(std::move(settings));
  return demo;
}

}  // namespace rr::app
