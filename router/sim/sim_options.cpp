#include "sim/sim_options.hpp"

#include "sim/keep_alive.hpp"
#include "sim/names.hpp"

#include <algorithm>
#include <cstdlib>

namespace rr::sim {

namespace {

using Made = boost::system::result<NodeSpec, std::string>;
Made no(std::string why) { return Made(boost::system::in_place_error, std::move(why)); }

}  // namespace

Made node_from(const SimOptions& o) {
  NodeSpec n;
  if (o.machine == "macbook") {
    n = macbook();
  } else if (o.machine == "mac-mini") {
    n = mac_mini();
  } else if (o.machine == "bare") {
    n.name = "bare";
  } else {
    return no("unknown machine \"" + o.machine + "\"; one of macbook, mac-mini, bare");
  }
  n.listen = o.listen;
  if (!(o.clock > 0)) return no("clock must be above 0: simulated seconds in one real second");
  n.clock = o.clock;
  if (o.load_gbps > 0) n.load_gbps = o.load_gbps;
  if (o.gpu_gib > 0) n.gpu_memory = Bytes(o.gpu_gib * double(gib));
  n.num_parallel = o.num_parallel;
  n.max_loaded = o.max_loaded;
  n.max_queue = o.max_queue;
  if (o.keep_alive == "-1") {
    n.keep_alive = Duration{-1};
  } else if (!o.keep_alive.empty()) {
    auto d = go_duration(o.keep_alive);
    if (!d) return no(d.error());
    n.keep_alive = *d;
  }
  std::list<ModelSpec> kept;
  for (auto& text : o.models) {
    const auto equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (!read_name(name).name) return no("\"" + name + "\" is no model name");
    if (equals == std::string::npos) {
      auto own = std::find_if(n.models.begin(), n.models.end(), [&](const ModelSpec& m) { return m.name == name; });
      if (own == n.models.end()) return no(n.name + " has no model \"" + name + "\"; say NAME=GB to add one of that size");
      kept.push_back(*own);
      continue;
    }
    const double size = std::atof(text.c_str() + equals + 1);
    if (!(size > 0)) return no("\"" + text + "\": the size behind = is in GB, above 0");
    ModelSpec m;
    m.name = name;
    m.size = Bytes(size * 1e9);
    kept.push_back(std::move(m));
  }
  if (!kept.empty()) n.models = std::move(kept);
  return n;
}

}  // namespace rr::sim
