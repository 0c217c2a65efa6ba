// A node that says exactly the bytes of a script where an answer of a model is due, and the plain truth elsewhere: version, tags, what is
// loaded, loads and unloads. On the loop only.
#pragma once

#include "support/scripted_node.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <string>
#include <vector>

namespace rr::test {

class ByteNode {
 public:
  enum class Then { stay, close, reset };  // after the script
  struct State {
    std::string model;
    std::string script;                    // whole: head and body
    Then then = Then::stay;
    int asked = 0;                         // for an answer of a model
    int ended = 0;                         // connections that the router has closed
  };

  ByteNode(wire::asio::io_context& io, std::string model) : state_(std::make_shared<State>()), acceptor_(std::make_shared<wire::Acceptor>(io.get_executor())) {
    state_->model = std::move(model);
    const wire::tcp::endpoint at(wire::asio::ip::address_v4::loopback(), 0);
    acceptor_->open(at.protocol());
    acceptor_->bind(at);
    acceptor_->listen();
    wire::asio::co_spawn(io, accept(acceptor_, state_), wire::asio::detached);
  }
  ~ByteNode() {
    wire::error_code ignored;
    acceptor_->close(ignored);
  }
  std::string text() const { return "127.0.0.1:" + std::to_string(acceptor_->local_endpoint().port()); }
  State& state() { return *state_; }

  static std::string chunked(const std::vector<std::string>& chunks, bool last = true) {
    std::string out = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const auto& chunk : chunks) {
      char size[20];
      std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
      out += size + chunk + "\r\n";
    }
    return out + (last ? "0\r\n\r\n" : "");
  }
  static std::string whole(const std::string& body, const std::string& status = "200 OK") {
    return "HTTP/1.1 " + status + "\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

 private:
  static wire::Task<void> accept(std::shared_ptr<wire::Acceptor> acceptor, std::shared_ptr<State> state) {
    for (;;) {
      auto [failed, socket] = co_await acceptor->async_accept(wire::tuple);
      if (failed) co_return;
      wire::asio::co_spawn(acceptor->get_executor(), serve(state, std::make_shared<wire::Socket>(std::move(socket))), wire::asio::detached);
    }
  }

  static std::string entry(const State& state) {
    api::Json m{{"name", state.model}, {"model", state.model}, {"size", 19 * gb}, {"digest", ScriptedNode::digest_of(state.model)}, {"details", {{"family", "llama"}}}};
    m["size_vram"] = m["size"];
    m["context_length"] = 32768;
    m["expires_at"] = "2318-01-01T00:00:00Z";
    m["modified_at"] = "2026-01-01T00:00:00Z";
    m["capabilities"] = {"completion", "tools"};
    return api::Json{{"models", {m}}}.dump();
  }

  static wire::Task<void> serve(std::shared_ptr<State> state, std::shared_ptr<wire::Socket> socket) {
    std::string in;
    std::vector<char> room(65536);
    for (;;) {
      std::size_t head = std::string::npos, length = 0;
      for (;;) {
        head = in.find("\r\n\r\n");
        if (const auto at = in.find("Content-Length: "); head != std::string::npos && at < head) length = std::stoul(in.substr(at + 16));
        if (head != std::string::npos && in.size() >= head + 4 + length) break;
        auto [ended, n] = co_await socket->async_read_some(wire::asio::buffer(room), wire::tuple);
        if (ended) ++state->ended;
        if (ended) co_return;
        in.append(room.data(), n);
      }
      const std::string line = in.substr(0, in.find("\r\n")), body = in.substr(head + 4, length);
      in.erase(0, head + 4 + length);
      const bool inference = line.starts_with("POST /api/chat") && body.find("\"content\"") != std::string::npos;
      state->asked += inference;
      std::string out = state->script;
      if (!inference)
        out = whole(line.starts_with("GET /api/version") ? "{\"version\":\"0.33.0\"}"
                    : line.starts_with("GET ")           ? entry(*state)
                    : line.starts_with("POST /api/show") ? "{\"capabilities\":[\"completion\",\"tools\"]}"
                                                         : "{\"model\":\"" + state->model + "\",\"created_at\":\"2026-01-01T00:00:00Z\",\"response\":\"\",\"done\":true}");
      auto [lost, sent] = co_await wire::asio::async_write(*socket, wire::asio::buffer(out), wire::tuple);
      if (lost) co_return;
      if (!inference || state->then == Then::stay) continue;
      wire::error_code ignored;
      if (state->then == Then::reset) socket->set_option(wire::asio::socket_base::linger(true, 0), ignored);
      socket->close(ignored);
      co_return;
    }
  }

  std::shared_ptr<State> state_;
  std::shared_ptr<wire::Acceptor> acceptor_;
};

}  // namespace rr::test
