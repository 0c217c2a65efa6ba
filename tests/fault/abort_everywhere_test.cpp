// The promise: wherever a client goes away, the node's connection is closed before the node's next chunk, and every count and
// descriptor returns to where it was. One handler of the loop is one suspension point: for every n, the client goes away after
// the n-th, until a run completes without being disturbed.
#include "support/scripted_node.hpp"
#include "support/town.hpp"
#include "wire/os.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

namespace abort_everywhere_test {

using namespace rr;
using namespace rr::test;

namespace {

const std::string model = "qwen3-coder:30b";
constexpr auto forever = std::chrono::seconds(30);  // a bound against hanging; no verdict depends on it unless the promise is broken

struct Scene {
  std::string name, path, body;
  bool first_in_line = false;  // another request holds the only slot: this one waits
};

// One world on one thread: node, router and client. Nothing moves but by step() and poke().
struct World {
  explicit World(const Scene& scene)
      : node(io, {{model, 19 * gb}},
             [this](wire::Client& client, const wire::Request& request) -> wire::Task<void> {
               return play(client, std::string(request.body.view()));
             }),
        client(io) {
    router = std::move(*app::Router::open(io, settings_of(
        "roles:\n  coder: { node: here, model: qwen3-coder:30b, keep_alive: 2h }\nnodes:\n  here: { address: 127.0.0.1:" +
        std::to_string(node.port()) + ", gpu_memory: 56GiB }\nmodels:\n  qwen3-coder:30b: { num_ctx: 32768, size: 19GB }\n")));
    if (scene.first_in_line) {
      holder.emplace(io);
      holder->connect({wire::asio::ip::address_v4::loopback(), router->port()});
      wire::asio::write(*holder, wire::asio::buffer(request_text("POST", "/api/chat", R"({"model":"coder","messages":[{"role":"user","content":"holder"}]})")));
      settle([&] { return active == 1; });
    }
    client.connect({wire::asio::ip::address_v4::loopback(), router->port()});
    client.non_blocking(true);
    text = request_text("POST", scene.path, scene.body);
  }
  ~World() {
    wire::error_code ignored;
    client.close(ignored);
    if (holder) holder->close(ignored);
    pokes.clear();
    node.stop();
    router.reset();
    io.poll();
  }

  // The node: three chunks for a stream, one object otherwise; each waits to be poked.
  wire::Task<void> play(wire::Client& to, std::string body) {
    ++active;
    const bool whole = body.find("\"stream\":false") != std::string::npos;
    const bool held = body.find("holder") != std::string::npos;
    bool gone = false;
    for (int n = 0; n < (whole ? 1 : 4) && !gone; ++n) {
      auto bell = std::make_shared<wire::Timer>(io.get_executor(), wire::Timer::time_point::max());
      if (!held) pokes.push_back(bell);
      const auto watch = to.on_gone([bell] { bell->cancel(); });
      if (!to.gone()) co_await bell->async_wait(wire::tuple);
      gone = to.gone();
      if (gone) break;
      if (whole) {
        to.send(ScriptedNode::head(200, "application/json; charset=utf-8"), ScriptedNode::line(model, "ok", true));
      } else {
        if (n == 0) to.begin(ScriptedNode::head(200, "application/x-ndjson"));
        ++chunks;
        to.piece(ScriptedNode::line(model, n < 3 ? "w" + std::to_string(n) : "", n == 3));
        if (n == 3) to.finish();
      }
    }
    --active;
  }

  // Runs one handler; false when none became ready.
  bool step(Duration patience) { return io.run_one_for(patience) == 1; }

  // The world's own push when nothing else is ready: the client uploads the next part, or the node goes on.
  bool poke() {
    if (!text.empty()) {
      const std::size_t part = std::min<std::size_t>(text.size(), text.size() > 90 ? text.size() / 2 : text.size());
      wire::error_code ec;
      const std::size_t n = client.write_some(wire::asio::buffer(text.data(), part), ec);
      text.erase(0, n);
      return true;
    }
    if (pokes.empty()) return false;
    auto bell = pokes.front();
    pokes.erase(pokes.begin());
    bell->cancel();
    return true;
  }

  bool complete() {
    char bytes[65536];
    wire::error_code ec;
    const std::size_t n = client.read_some(wire::asio::buffer(bytes), ec);
    if (!ec) answer.append(bytes, n);
    return answer.find("\r\n0\r\n\r\n") != std::string::npos || answer.find("\"done\":true,") != std::string::npos ||
           answer.find("\"finish_reason\":\"stop\"}],") != std::string::npos;
  }

  template <class F>
  bool settle(F condition) {
    const auto end = std::chrono::steady_clock::now() + forever;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      step(std::chrono::milliseconds(20));
    }
    return true;
  }

  wire::asio::io_context io{1};
  int active = 0, chunks = 0;
  std::vector<std::shared_ptr<wire::Timer>> pokes{};
  ScriptedNode node;
  std::unique_ptr<app::Router> router{};
  std::optional<wire::Socket> holder{};
  wire::Socket client;
  std::string text{}, answer{};
};

// True when the run completed before its n-th step.
bool run(const Scene& scene, int n, bool reset) {
  World world(scene);
  const int active_before = world.active;
  for (int steps = 0; steps < n;) {
    if (world.io.poll_one()) ++steps;
    else if (world.complete()) return true;
    else if (world.step(std::chrono::milliseconds(2))) ++steps;
    else if (!world.poke() && scene.first_in_line) return true;  // waits in the line: nothing more will happen by itself
    else ++steps;
  }
  if (world.complete()) return true;
  wire::error_code ignored;
  if (reset) world.client.set_option(wire::asio::socket_base::linger(true, 0), ignored);
  world.client.close(ignored);
  // Nobody pokes the node now: what ends is ended by the client's leaving alone.
  const Dispatch& dispatch = world.router->house().desk.dispatch();
  const std::size_t clients = scene.first_in_line ? 1 : 0;
  CHECK(world.settle([&] { return world.active <= active_before; }));
  CHECK(world.settle([&] { return world.router->house().clients.size() == clients; }));
  CHECK(world.settle([&] { return dispatch.waiting() == 0 && dispatch.in_flight() == active_before; }));
  CHECK(world.settle([&] { return world.router->house().bodies.used() == 0 || scene.first_in_line; }));
  CHECK(world.settle([&] { return world.router->house().upstream.open() <= world.router->house().upstream.idle() + 1 + clients; }));
  CHECK(world.router->house().stream_buffers.used() == 0);
  return false;
}

void everywhere(const Scene& scene) {
  const std::size_t files = wire::os::open_files();
  for (const bool reset : {false, true}) {
    int n = 1;
    for (; n < 5000; ++n) {
      CAPTURE(scene.name);
      CAPTURE(reset);
      CAPTURE(n);
      if (run(scene, n, reset)) break;
    }
    CHECK(n > 10);     // there were suspension points at all
    CHECK(n < 5000);   // and a run completed
    const std::string told = scene.name + (reset ? ", reset: " : ", closed: ") + std::to_string(n - 1) + " points";
    MESSAGE(told);
  }
  CHECK(wire::os::open_files() == files);
}

const std::string stream_body = R"({"model":"coder","messages":[{"role":"user","content":"hi there"}]})";
const std::string whole_body = R"({"model":"coder","stream":false,"messages":[{"role":"user","content":"hi there"}]})";
const std::string sse_body = R"({"model":"coder","stream":true,"messages":[{"role":"user","content":"hi there"}]})";

}  // namespace

TEST_CASE("a client that leaves anywhere in a native stream") { everywhere({"native stream", "/api/chat", stream_body}); }
TEST_CASE("a client that leaves anywhere in a native answer that is not streamed") { everywhere({"native whole", "/api/chat", whole_body}); }
TEST_CASE("a client that leaves anywhere in a translated stream") { everywhere({"translated stream", "/v1/chat/completions", sse_body}); }
TEST_CASE("a client that leaves anywhere while it waits in the line") { everywhere({"waiting", "/api/chat", stream_body, true}); }

}  // namespace abort_everywhere_test
