#include "app/commands.hpp"
#include "app/demo.hpp"
#include "app/log.hpp"
#include "app/release.hpp"
#include "app/reload.hpp"
#include "app/remember.hpp"
#include "app/router.hpp"
#include "settings/load.hpp"
#include "wire/os.hpp"

#include <boost/asio/basic_signal_set.hpp>
#include <boost/asio/co_spawn.hpp>

#include <csignal>
#include <cstdio>

namespace rr::app {

namespace {

using Signals = wire::asio::basic_signal_set<wire::Executor>;

void greet(const Settings& settings, std::uint16_t port) {
  const std::string at = "http://localhost:" + std::to_string(port);
  if (settings.demo) {
    std::printf("role-router %s   demo: two simulated Macs, invented answers          %s\n", RR_VERSION, at.c_str());
    std::printf("  try   curl %s/health\n", at.c_str() + 7);
    std::printf("        curl %s/api/tags\n", at.c_str() + 7);
    std::printf("        curl %s/role/coder/api/chat -d '{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}'\n", at.c_str() + 7);
    std::printf("        role-router explain --role coder\n");
    std::printf("  real  deploy/run.sh --config config/router.yaml\n");
  } else {
    std::printf("role-router %s   %s   %s   policy %s\n", RR_VERSION, settings.file.c_str(), at.c_str(),
                std::string(to_text(settings.policy)).c_str());
    for (const RoleSettings& role : settings.roles)
      std::printf("  %-10s %-28s %s\n", role.name.c_str(), role.model.spelt().c_str(), role.nodes.front().c_str());
  }
  std::fflush(stdout);
}

boost::system::result<std::vector<Address>, std::string> addresses(const std::vector<std::string>& texts) {
  std::vector<Address> out;
  for (const std::string& text : texts) {
    auto address = parse_address(text, 8000);
    if (!address) return "--listen " + text + ": not an address; write host:port, as in --listen localhost:8000";
    if (address->host == "localhost") {
      out.push_back({"127.0.0.1", address->port});
      out.push_back({"::1", address->port});
    } else {
      out.push_back(*address);
    }
  }
  return out;
}

void say_mistakes(const settings::Loaded& loaded, const std::string& path) {
  std::fputs(settings::print(loaded.problems, path).c_str(), stderr);
  std::fprintf(stderr, "%d mistake%s in %s: not started. role-router check --config %s\n", loaded.mistakes(),
               loaded.mistakes() == 1 ? "" : "s", path.c_str(), path.c_str());
}

}  // namespace

int command_serve(const ServeOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  wire::os::hold_standard_files();
  auto listen = addresses(options.listen);
  if (!listen) return std::fprintf(stderr, "role-router: %s\n", listen.error().c_str()), 2;
  wire::os::raise_file_limit();
  wire::asio::io_context io{1};
  Demo demo;
  Snapshot settings;
  std::string path;
  if (options.demo) {
    auto opened = open_demo(io, *listen);
    if (!opened) return std::fprintf(stderr, "role-router: the demo does not start: %s\n", opened.error().c_str()), 1;
    demo = std::move(*opened);
    settings = demo.settings;
  } else {
    std::vector<std::string> looked;
    path = find_config(options.config, looked);
    if (path.empty()) {
      std::fputs("role-router: no configuration. Looked for:\n", stderr);
      for (const std::string& place : looked) std::fprintf(stderr, "  %s\n", place.c_str());
      return std::fputs("Give one with --config FILE, or try the demo: role-router serve --demo\n", stderr), 2;
    }
    const settings::Loaded loaded = settings::load_file(path, api::fold_name);
    if (!loaded.settings) return say_mistakes(loaded, path), 2;
    std::fputs(settings::print(loaded.problems, path).c_str(), stderr);  // hints
    settings = loaded.settings;
    if (!listen->empty()) {
      Settings changed = *settings;
      changed.listen = *listen;
      settings = std::make_shared<const Settings>(std::move(changed));
    }
  }
  auto router = Router::open(io, settings);
  if (!router) return std::fprintf(stderr, "role-router: %s\n", router.error().c_str()), 1;
  log::start(io.get_executor());
  greet(*settings, (*router)->port());

  std::optional<Reload> reload;
  if (!path.empty()) {
    reload.emplace((*router)->house().shared_from_this(), path);
    reload->watch();
  }
  std::optional<Remember> remember;
  if (!path.empty()) remember.emplace((*router)->house().shared_from_this(), pace_path(path));
  int status = 0;
  bool stopping = false;
  Signals stop(io.get_executor(), SIGTERM, SIGINT), hup(io.get_executor(), SIGHUP);
  std::function<void(wire::error_code, int)> on_hup = [&](wire::error_code ec, int) {
    if (ec) return;
    if (reload) reload->soon();
    hup.async_wait(on_hup);
  };
  std::function<void(wire::error_code, int)> on_stop = [&](wire::error_code ec, int) {
    if (ec) return;
    if (stopping) return io.stop();  // the second signal means now
    stopping = true;
    log::info("stopping: " + std::to_string((*router)->house().answering) + " answers finish, at most " +
              to_text(settings->drain_timeout));
    if (reload) reload->stop();
    (*router)->drain([&](bool cut) {
      status = cut ? 1 : 0;
      if (cut) log::warn("drain_timeout is over: the rest was cut");
      if (!(*router)->house().settings->release_on_exit) return io.stop();
      wire::asio::co_spawn(io, release((*router)->house().shared_from_this()), [&io](std::exception_ptr) { io.stop(); });
    });
    stop.async_wait(on_stop);
  };
  Signals usr1(io.get_executor(), SIGUSR1);  // after a rotation of its file
  std::function<void(wire::error_code, int)> on_usr1 = [&](wire::error_code ec, int) {
    if (ec) return;
    if (auto& access = (*router)->house().access) access->reopen();
    usr1.async_wait(on_usr1);
  };
  usr1.async_wait(on_usr1);
  hup.async_wait(on_hup);
  stop.async_wait(on_stop);
  io.run();
  if (remember) remember->stop();
  router->reset();
  log::stop();
  return status;
}

}  // namespace rr::app
