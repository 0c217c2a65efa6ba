// Asks the running router for a role's model with an empty request, and tells from /health how far it is.
#include "api/json.hpp"
#include "api/node_speech.hpp"
#include "api/percent.hpp"
#include "app/ask_router.hpp"
#include "app/commands.hpp"
#include "app/warm_words.hpp"
#include "wire/upstream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstdio>
#include <unistd.h>

namespace rr::app {

namespace {

using namespace std::chrono_literals;

constexpr Duration ask_every = 250ms, warm_patience = 5s;
constexpr std::size_t most_warm_reply = 1u << 20;

struct Answer {
  int status = 0;  // 0 = none came
  std::string body{}, node{}, model{};
};

class Warming {
 public:
  Warming(wire::asio::io_context& io, Address router, std::string role)
      : io_(io), upstream_(io.get_executor(), {}), timer_(io.get_executor()), router_(std::move(router)), role_(std::move(role)) {}

  wire::Task<void> bring() {
    const std::string path = "/role/" + api::encoded(role_);
    answer_ = co_await ask("POST", path + "/api/generate", "{\"model\":\"auto\",\"stream\":false}", Duration::zero());
    if (answer_.status == 400 && answer_.body.find("capability_missing") != std::string::npos)  // a model that only embeds
      answer_ = co_await ask("POST", path + "/api/embed", "{\"model\":\"auto\",\"input\":\"\"}", Duration::zero());
    io_.stop();
  }

  wire::Task<void> look() {
    for (;;) {
      const Answer health = co_await ask("GET", "/health", "", warm_patience);
      const api::Json json = api::Json::parse(health.body, nullptr, false);
      if (json.is_object()) tell(progress_words(json, role_, std::chrono::steady_clock::now() - began_));
      timer_.expires_after(ask_every);
      co_await timer_.async_wait(wire::tuple);
    }
  }

  int said() {
    if (person_ && !told_.empty()) std::fprintf(stderr, "\r%*s\r", static_cast<int>(told_.size()), "");
    if (answer_.status == 0) {
      std::fprintf(stderr, "role-router warm: no router answers at %s: start it with role-router serve, or name it with --url\n", to_text(router_).c_str());
      return 1;
    }
    if (answer_.status != 200) {
      std::fprintf(stderr, "role-router warm: %s\n", api::parse_error(answer_.body).c_str());
      return 1;
    }
    std::printf("%s is ready: %s on %s, after %.1f s\n", role_.c_str(), answer_.model.c_str(), answer_.node.c_str(),
                std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count());
    return 0;
  }

 private:
  wire::Task<Answer> ask(std::string method, std::string target, std::string body, Duration first_byte) {
    auto connection = co_await upstream_.connect(router_);
    if (!connection) co_return Answer{};
    RequestHead head{.method = std::move(method), .target = std::move(target), .fields = {}};
    if (!body.empty()) head.fields.push_back({"Content-Type", "application/json"});
    const std::array<std::string_view, 1> pieces{body};
    auto reply = co_await connection->exchange(std::move(head), std::span(pieces).first(body.empty() ? 0 : 1), first_byte);
    if (!reply) co_return Answer{};
    Answer out{.status = reply->head.status, .node = std::string(find(reply->head.fields, "X-Router-Node")),
               .model = std::string(find(reply->head.fields, "X-Router-Model"))};
    auto rest = co_await connection->read_rest(most_warm_reply, warm_patience);
    if (!rest) co_return Answer{};
    out.body = std::move(*rest);
    upstream_.keep(std::move(*connection));
    co_return out;
  }

  // A person sees one line that moves; a file gets a line when something new begins.
  void tell(const Progress& now) {
    const std::string line = person_ ? now.bar + "  " + now.words : now.phase;
    if (line.empty() || line == told_) return;
    if (person_) std::fprintf(stderr, "\r%-*s", static_cast<int>(told_.size()), line.c_str());
    else std::fprintf(stderr, "%s\n", line.c_str());
    std::fflush(stderr);
    told_ = line;
  }

  wire::asio::io_context& io_;
  wire::Upstream upstream_;
  wire::Timer timer_;
  Address router_;
  std::string role_, told_{};
  Answer answer_{};
  const Time began_ = std::chrono::steady_clock::now();
  const bool person_ = ::isatty(STDERR_FILENO) == 1;
};

}  // namespace

int command_warm(const WarmOptions& options) {
  const auto address = router_address(options.url.empty() ? "localhost:8000" : options.url);
  if (!address) {
    std::fprintf(stderr, "role-router warm: --url %s is no address: write it as in http://localhost:8000\n", options.url.c_str());
    return 2;
  }
  wire::asio::io_context io{1};
  Warming warming(io, *address, options.role);
  wire::asio::co_spawn(io, warming.bring(), wire::asio::detached);
  wire::asio::co_spawn(io, warming.look(), wire::asio::detached);
  io.run();
  return warming.said();
}

}  // namespace rr::app
