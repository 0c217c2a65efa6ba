#include "app/remember.hpp"

#include "api/pace_file.hpp"
#include "api/session.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace rr::app {

namespace {

constexpr Duration every = std::chrono::minutes(1);
constexpr std::uintmax_t most_bytes = 1 << 20;

void write_file(const std::string& path, const std::string& text) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  const std::string fresh = path + ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out) std::filesystem::rename(fresh, path, ignored);
  else std::filesystem::remove(fresh, ignored);
}

}  // namespace

std::string pace_path(const std::string& config) {
  const auto set = [](const char* name) { const char* value = std::getenv(name); return std::string(value ? value : ""); };
  std::string base = set("XDG_STATE_HOME");
  if (base.empty() && !set("HOME").empty()) base = set("HOME") + "/.local/state";
  if (base.empty()) return "";
  std::error_code ec;
  const std::string whole = std::filesystem::absolute(config, ec).string();
  char name[32];
  std::snprintf(name, sizeof name, "pace-%08x.json", static_cast<unsigned>(api::keyed_hash("role-router/pace", whole)));
  return base + "/role-router/" + name;
}

struct Remember::State : std::enable_shared_from_this<Remember::State> {
  State(std::shared_ptr<House> h, std::string p) : house(std::move(h)), path(std::move(p)), timer(house->io.get_executor()) {}

  void read() {
    std::error_code ec;
    if (std::filesystem::file_size(path, ec) > most_bytes || ec) return;
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    if (auto pace = api::parse_pace(text.str())) house->desk.recall(std::move(*pace));
  }

  void wait() {
    timer.expires_after(every);
    timer.async_wait([self = shared_from_this()](wire::error_code ec) {
      if (ec) return;
      std::string text = api::pace_text(self->house->desk.dispatch().pace());
      if (text != self->written) {
        self->written = text;
        std::thread(write_file, self->path, std::move(text)).detach();  // a slow disk is not the loop's trouble
      }
      self->wait();
    });
  }

  std::shared_ptr<House> house;
  std::string path, written;
  wire::Timer timer;
};

Remember::Remember(std::shared_ptr<House> house, std::string path) : state_(std::make_shared<State>(std::move(house), std::move(path))) {
  if (state_->path.empty()) return;
  state_->read();
  state_->written = api::pace_text(state_->house->desk.dispatch().pace());
  state_->wait();
}

void Remember::stop() {
  state_->timer.cancel();
  const std::string text = api::pace_text(state_->house->desk.dispatch().pace());
  if (!state_->path.empty() && text != state_->written) write_file(state_->path, text);
}

}  // namespace rr::app
