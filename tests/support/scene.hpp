// Where clients misbehave: a router in front of two scripted nodes. The fault happens at `here` (role coder); `there` (role tester)
// is the healthy one beside it. After a fault `invariants()` says what must hold of every one of them.
#pragma once

#include "support/scripted_node.hpp"
#include "support/town.hpp"
#include "wire/os.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace rr::test {

inline const std::string canary = "canary-5d1e";  // in every prompt and key: never in a log

inline std::string chat_body(const std::string& role, bool stream, const std::string& text = "hi") {
  return R"({"model":")" + role + R"(","messages":[{"role":"user","content":")" + text + " " + canary + R"("}],"stream":)" +
         (stream ? "true" : "false") + "}";
}
inline std::string chat_text(const std::string& role, bool stream) {
  return request_text("POST", "/api/chat", chat_body(role, stream), {{"Authorization", "Bearer " + canary}});
}

// How a node answers inference: at once, or it waits to be released before its first byte or behind its first line.
class Playing {
 public:
  enum class How { at_once, hold_before, hold_mid };
  Playing(wire::asio::io_context& io, std::string name) : model(std::move(name)), io_(io) {}

  ScriptedNode::Play play() {
    return [this](wire::Client& client, const wire::Request& request) -> wire::Task<void> {
      if (instead) return instead(client, request);
      return answer(client, request.body.view().find("\"stream\":false") == std::string_view::npos);
    };
  }
  void release() {
    how = How::at_once;
    for (const auto& bell : std::exchange(bells_, {})) bell->cancel();
  }

  const std::string model;
  How how = How::at_once;
  ScriptedNode::Play instead{};
  int active = 0, most = 0, left = 0;  // being answered now, at once at most, and whose router went away

 private:
  wire::Task<void> answer(wire::Client& client, bool stream) {
    most = std::max(most, ++active);
    if (how == How::hold_before) co_await wait(client);
    if (!client.gone() && stream) {
      client.begin(ScriptedNode::head(200, "application/x-ndjson"));
      client.piece(ScriptedNode::line(model, "one"));
      if (how == How::hold_mid) co_await wait(client);
      client.piece(ScriptedNode::line(model, "two"));
      client.piece(ScriptedNode::line(model, "", true));
      client.finish();
    } else if (!client.gone()) {
      client.send(ScriptedNode::head(200, "application/json; charset=utf-8"), ScriptedNode::line(model, "one two", true));
    }
    left += client.gone();
    --active;
  }
  wire::Task<void> wait(wire::Client& client) {
    auto bell = std::make_shared<wire::Timer>(io_.get_executor(), wire::Timer::time_point::max());
    bells_.push_back(bell);
    const auto watch = client.on_gone([bell] { bell->cancel(); });
    if (!client.gone()) co_await bell->async_wait(wire::tuple);
  }

  wire::asio::io_context& io_;
  std::vector<std::shared_ptr<wire::Timer>> bells_{};
};

inline std::string two_nodes(std::uint16_t here, std::uint16_t there, const std::string& more = "", int parallel = 4) {
  return "roles:\n"
         "  coder:  { node: here,  model: qwen3-coder:30b,   keep_alive: 2h }\n"
         "  tester: { node: there, model: qwen2.5-coder:14b, keep_alive: 2h }\n"
         "nodes:\n"
         "  here:  { address: 127.0.0.1:" + std::to_string(here) + ", gpu_memory: 256GiB }\n"
         "  there: { address: 127.0.0.1:" + std::to_string(there) + ", gpu_memory: 56GiB }\n"
         "models:\n"
         "  qwen3-coder:30b:   { num_ctx: 32768, size: 19GB, parallel: " + std::to_string(parallel) + " }\n"
         "  qwen2.5-coder:14b: { num_ctx: 16384, size: 9.0GB }\n"
         "smart_swap: { policy: seed }\n" + more;
}

class Scene : public Loop {
 public:
  explicit Scene(const std::string& more = "", int parallel = 4)
      : here(io, "qwen3-coder:30b"), there(io, "qwen2.5-coder:14b"), node_here(io, {{here.model, 19 * gb}}, here.play()),
        node_there(io, {{there.model, 9 * gb}}, there.play()) {
    static int number = 0;
    log_path = (std::filesystem::temp_directory_path() /
                ("role-router-scene-" + std::to_string(::getpid()) + "-" + std::to_string(++number) + ".jsonl")).string();
    std::filesystem::remove(log_path);
    auto opened = app::Router::open(io, settings_of(two_nodes(node_here.port(), node_there.port(),
                                                              "access_log: " + log_path + "\n" + more, parallel)));
    if (!opened) throw std::runtime_error(opened.error());
    router = std::move(*opened);
    start();
    for (const char* role : {"coder", "tester"})
      if (ask(chat_text(role, false)).status != 200) throw std::runtime_error("the scene does not stand");
    if (!until([&] { return router->house().clients.empty(); })) throw std::runtime_error("a connection stays open");
    baseline_ = files();
    asked_ = seen();
  }
  ~Scene() {
    stop();
    node_here.stop();
    node_there.stop();
    router.reset();
    io.restart();
    io.poll();
    std::filesystem::remove(log_path);
  }

  std::uint16_t port() const { return router->port(); }
  app::House& house() { return router->house(); }
  Answer ask(const std::string& text) {
    RawClient client(port());
    client.send(text);
    return client.answer();
  }
  // The node `here` is reached elsewhere: at "127.0.0.2:4000", or at several, the best first; until back().
  void here_at(const std::vector<std::string>& addresses) {
    std::string list;
    for (const auto& address : addresses) list += (list.empty() ? "\"" : ", \"") + address + "\"";
    std::string yaml = two_nodes(1, node_there.port());
    const std::string nowhere = "address: 127.0.0.1:1,";
    yaml.replace(yaml.find(nowhere), nowhere.size(), "address: [" + list + "],");
    on_loop([&] {
      if (!before_) before_ = house().settings;
      house().adopt(settings_of(yaml));
    });
  }
  void back() {
    on_loop([&] {
      if (before_) house().adopt(std::exchange(before_, nullptr));
      house().upstream.drop_idle();
    });
  }

  // While the fault is on, somebody else is served: no verdict about time, the fault is still there when it returns.
  void others_are_served() { CHECK(ask(chat_text("tester", true)).body.find("\"done\":true") != std::string::npos); }

  // Requests for inference that reached a node since the scene stood.
  std::size_t upstream() { return on_loop([&] { return seen() - asked_; }); }
  template <class F>
  bool comes(F condition) { return until(condition); }

  // What holds after every fault, once its clients are gone. `clients`: connections that the test still holds open.
  void invariants(std::size_t clients = 0) {
    on_loop([&] { here.release(), there.release(), here.instead = nullptr; });
    const Dispatch& dispatch = house().desk.dispatch();
    CHECK(until([&] { return dispatch.in_flight() == 0 && dispatch.waiting() == 0; }));
    CHECK(until([&] { return here.active == 0 && there.active == 0; }));           // the nodes are let go
    CHECK(until([&] { return house().answering == 0 && house().clients.size() == clients; }));
    CHECK(until([&] { return house().bodies.used() == 0 && house().stream_buffers.used() == 0; }));
    CHECK(ask(request_text("GET", "/health/live")).status == 200);                 // it lives
    for (const char* role : {"coder", "tester"}) {                                 // and serves
      CAPTURE(role);
      const Answer next = ask(chat_text(role, true));
      CHECK(next.status == 200);
      CHECK(next.clean);
    }
    CHECK(until([&] { return house().clients.size() == clients && house().answering == 0 && dispatch.in_flight() == 0; }));
    CHECK(until([&] { return files() <= baseline_ + 2 * clients + 2; }));
    on_loop([&] {
      const Ledger& l = dispatch.ledger();
      std::int64_t refused = 0;
      for (const auto& [code, n] : l.refused) refused += n;
      CHECK(l.waiting == 0);
      CHECK(l.granted == 0);
      CHECK(l.arrived == l.answered + l.left + l.failed + refused);
    });
    log_is_clean();
  }

  // One line a request; what went wrong has a cause; nothing secret in any.
  void log_is_clean() {
    const std::string last(ask(request_text("GET", "/health/live")).field("X-Router-Request"));
    on_loop([&] { house().access->hand_over(); });
    std::string text;
    CHECK(until([&] {
      std::stringstream all;
      all << std::ifstream(log_path).rdbuf();
      text = all.str();
      return text.find("\"" + last + "\"") != std::string::npos && text.ends_with("\n");
    }));
    CHECK(text.find(canary) == std::string::npos);
    std::set<std::string> ids;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      const api::Json value = api::Json::parse(line);
      if (value["what"] != "request") continue;
      CAPTURE(line);
      CHECK(ids.insert(value["id"].get<std::string>()).second);
      if (value["outcome"] == "ok") continue;
      CHECK(value.contains("side"));
      CHECK((value.contains("code") || value["outcome"] == "client_left"));
    }
  }

  Playing here, there;
  ScriptedNode node_here, node_there;
  std::unique_ptr<app::Router> router{};
  std::string log_path{};

 private:
  std::size_t seen() { return node_here.state().bodies.size() + node_there.state().bodies.size(); }
  // Without the pooled connections, of which both ends are in this process.
  std::size_t files() { return wire::os::open_files() - 2 * house().upstream.idle(); }
  std::size_t baseline_ = 0, asked_ = 0;
  Snapshot before_{};
};

}  // namespace rr::test
