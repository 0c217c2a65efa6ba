#include "app/reload.hpp"

#include "app/log.hpp"
#include "settings/load.hpp"

#include <sys/stat.h>

#include <tuple>
#include <utility>

namespace rr::app {

namespace {

constexpr Duration signals_together = std::chrono::milliseconds(100);  // signals

using Stamp = std::tuple<long long, long long, long long, long long>;

Stamp stamp(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return {-1, 0, 0, 0};
#ifdef __APPLE__
  const long nanos = s.st_mtimespec.tv_nsec;
#else
  const long nanos = s.st_mtim.tv_nsec;
#endif
  return {static_cast<long long>(s.st_size), static_cast<long long>(s.st_mtime), nanos, static_cast<long long>(s.st_ino)};
}

}  // namespace

struct Reload::State : std::enable_shared_from_this<Reload::State> {
  State(std::shared_ptr<House> h, std::string p) : house(std::move(h)), path(std::move(p)), timer(house->io.get_executor()), pause(house->io.get_executor()), seen(stamp(path)) {}

  void read() {
    ++readings;
    seen = stamp(path);
    const settings::Loaded loaded = settings::load_file(path, api::fold_name);
    if (!loaded.settings) {
      const std::string first = settings::print(loaded.problems, path);
      house->adoption.refused = first;
      log::warn("config refused, nothing was changed: " + std::to_string(loaded.mistakes()) + " mistakes, first " +
                first.substr(0, first.find('\n')) + "   role-router check --config " + path);
      return;
    }
    const std::string change = settings::difference(*house->settings, *loaded.settings);
    if (change.empty()) {
      house->adoption.refused.reset();
      return;
    }
    if (loaded.settings->access_log != house->settings->access_log) {
      if (auto why = house->open_access_log(loaded.settings->access_log)) {
        house->adoption.refused = *why + "\n";
        log::warn("config refused, nothing was changed: " + *why);
        return;
      }
    }
    if (loaded.settings->listen != house->settings->listen) log::warn("listen changed: it takes effect at the next start");
    house->adopt(loaded.settings);
    log::info("config " + std::to_string(house->adoption.generation) + " adopted: " + change);
  }

  void soon() {
    if (pausing) {
      again = true;
      return;
    }
    read();
    pausing = true;
    pause.expires_after(signals_together);
    pause.async_wait([self = shared_from_this()](wire::error_code ec) {
      if (ec) return;
      self->pausing = false;
      if (std::exchange(self->again, false)) self->soon();
    });
  }

  void poll() {
    timer.expires_after(std::chrono::seconds(1));
    timer.async_wait([self = shared_from_this()](wire::error_code ec) {
      if (ec) return;
      const Stamp now = stamp(self->path);
      if (now != self->seen && std::get<0>(now) >= 0) self->read();
      self->poll();
    });
  }

  std::shared_ptr<House> house;
  std::string path;
  wire::Timer timer, pause;
  Stamp seen;
  bool pausing = false, again = false;
  int readings = 0;
};

Reload::Reload(std::shared_ptr<House> house, std::string path) : state_(std::make_shared<State>(std::move(house), std::move(path))) {}
void Reload::now() { state_->read(); }
void Reload::watch() { state_->poll(); }
void Reload::soon() { state_->soon(); }
int Reload::readings() const { return state_->readings; }
void Reload::stop() {
  state_->timer.cancel();
  state_->pause.cancel();
}

}  // namespace rr::app
