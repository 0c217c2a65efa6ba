#include "app/load_times.hpp"

#include "app/nodes.hpp"
#include "domain/memory.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cstdio>

namespace rr::app {

namespace {

using namespace std::chrono_literals;

constexpr Duration load_patience = 30min;         // of one load: 64 GB at 40 MB/s
constexpr int looks = 240;                   // at /api/ps, until a model is gone
constexpr Duration look_every = 250ms;
constexpr double clearly = 1.15;             // times as fast, before it is worth a line in the YAML

std::string figure(const Bytes file, const std::optional<Duration>& took) {
  if (!took) return "not measured";
  char text[64];
  if (file > 0 && *took > Duration::zero())
    std::snprintf(text, sizeof text, "%.1f s = %.2f GB/s", in_seconds(*took), static_cast<double>(file) / 1e9 / in_seconds(*took));
  else std::snprintf(text, sizeof text, "%.1f s", in_seconds(*took));
  return text;
}

std::string names(const std::vector<Resident>& residents) {
  std::string out;
  for (const Resident& r : residents) out += (out.empty() ? "" : " and ") + r.name.spelt();
  return out;
}

class Measuring {
 public:
  Measuring(Nodes& nodes, wire::Executor executor, const Settings& settings, const Fleet& fleet, const std::function<void(const std::string&)>& progress)
      : nodes_(nodes), timer_(executor), settings_(settings), fleet_(fleet), progress_(progress) {}

  wire::Task<void> run(const NodeSettings& node, std::vector<LoadTimes*> wanted) {
    for (const bool mapped : {true, false})
      for (LoadTimes* times : wanted)
        if (times->why.empty()) co_await one(node, *times, mapped);
  }

 private:
  wire::Task<void> one(const NodeSettings& node, LoadTimes& times, bool mapped) {
    const Peer address = peer(node, node.addresses);
    auto before = co_await nodes_.ps(address);
    if (!before) co_return say(times, before.error().sentence);
    if (std::any_of(before->residents.begin(), before->residents.end(), [&](const Resident& r) { return r.name == times.model; }))
      co_return say(times, "it is loaded already. Unload it, then measure: on " + node.name + ":  ollama stop " + times.model.spelt());
    Bytes used = 0;
    for (const Resident& r : before->residents) used += r.size;
    if (!fits(node.gpu_memory, used, footprint(settings_, fleet_, node.name, times.model).total))
      co_return say(times, "no room beside " + names(before->residents) + ". Unload first: on " + node.name + ":  ollama stop NAME");
    progress_(node.name + ": " + times.model.spelt() + (mapped ? " with mmap ..." : " without mmap ..."));
    const Load load{.node = node.name, .model = times.model, .num_ctx = settings_.model(times.model).num_ctx, .keep_alive = KeepAlive{load_patience}, .use_mmap = mapped,
                    .embedding = embeds(node.name, times.model)};
    const Time began = std::chrono::steady_clock::now();
    auto failed = co_await nodes_.load(address, load, load_patience);
    const Duration took = std::chrono::steady_clock::now() - began;
    if (failed) co_return say(times, "it did not load: " + failed->why);
    (mapped ? times.mapped : times.read) = took;
    if (auto trouble = co_await nodes_.unload(address, times.model)) co_return say(times, "it did not unload: " + trouble->why);
    if (!co_await gone(address, times.model)) say(times, "it is still loaded a minute after its unload");
  }

  wire::Task<bool> gone(Peer address, ModelName model) {
    for (int look = 0; look < looks; ++look) {
      auto now = co_await nodes_.ps(address);
      if (now && std::none_of(now->residents.begin(), now->residents.end(), [&](const Resident& r) { return r.name == model; })) co_return true;
      timer_.expires_after(look_every);
      co_await timer_.async_wait(wire::tuple);
    }
    co_return false;
  }

  bool embeds(const NodeName& node, const ModelName& model) const {
    const NodeBelief* belief = fleet_.node(node);
    const Installed* installed = belief ? belief->find(model) : nullptr;
    return installed && !installed->capabilities.empty() && !installed->capabilities.contains("completion");
  }

  void say(LoadTimes& times, std::string why) { times.why = std::move(why); }

  Nodes& nodes_;
  wire::Timer timer_;
  const Settings& settings_;
  const Fleet& fleet_;
  const std::function<void(const std::string&)>& progress_;
};

// The role models that a node has, each once.
std::vector<LoadTimes> models_on(const NodeBelief& node, const Settings& settings) {
  std::vector<LoadTimes> out;
  for (const RoleSettings& role : settings.roles) {
    const Installed* installed = node.find(role.model);
    const bool listed = std::find(role.nodes.begin(), role.nodes.end(), node.name) != role.nodes.end();
    const bool known = std::any_of(out.begin(), out.end(), [&](const LoadTimes& t) { return t.model == role.model; });
    if (installed && listed && !known) out.push_back({.node = node.name, .model = role.model, .file = installed->size});
  }
  return out;
}

}  // namespace

std::string text(const LoadTimes& times) {
  char label[160];
  std::snprintf(label, sizeof label, "%-10s %-26s ", times.node.c_str(), times.model.spelt().c_str());
  std::string out = label;
  if (!times.mapped && !times.read) return "?     " + out + times.why + "\n";
  out += "with mmap " + figure(times.file, times.mapped) + ", without " + figure(times.file, times.read);
  if (!times.mapped || !times.read) return "?     " + out + (times.why.empty() ? "" : ": " + times.why) + "\n";
  const double gain = in_seconds(*times.mapped) / std::max(in_seconds(*times.read), 1e-9);
  const bool read_wins = gain > clearly, mapped_wins = gain < 1 / clearly;
  if (!read_wins && !mapped_wins) return "ok    " + out + ": no clear difference, leave use_mmap out\n";
  return "ok    " + out + "\n      models: { \"" + times.model.spelt() + "\": { use_mmap: " + (read_wins ? "false" : "true") + " } }\n";
}

std::vector<LoadTimes> measure_loads(const Settings& settings, const Fleet& fleet, const std::function<void(const std::string&)>& progress) {
  std::vector<LoadTimes> out;
  for (const NodeBelief& node : fleet.nodes) {
    const NodeSettings* configured = settings.node(node.name);
    if (node.state != NodeState::up || !configured || !engine(configured->type).options) continue;
    std::vector<LoadTimes> here = models_on(node, settings);
    std::vector<LoadTimes*> wanted;
    for (LoadTimes& times : here) wanted.push_back(&times);
    wire::asio::io_context io{1};
    wire::Upstream upstream(io.get_executor(), {});
    Nodes nodes(upstream);
    Measuring measuring(nodes, io.get_executor(), settings, fleet, progress);
    wire::asio::co_spawn(io, measuring.run(*configured, wanted), [&io](std::exception_ptr) { io.stop(); });
    io.run();
    std::move(here.begin(), here.end(), std::back_inserter(out));
  }
  return out;
}

}  // namespace rr::app
