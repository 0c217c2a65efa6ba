// A node whose every byte is the test's: it has the models it is told, loads and unloads at once, and answers inference with
// what the test's function does to the connection.
#pragma once

#include "api/json.hpp"
#include "domain/values.hpp"
#include "wire/client.hpp"
#include "wire/listener.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <cstdio>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>

namespace rr::test {

class ScriptedNode {
 public:
  using Play = std::function<wire::Task<void>(wire::Client&, const wire::Request&)>;
  struct State {
    std::map<std::string, Bytes> models;
    std::map<std::string, int> resident;  // name -> num_ctx
    std::vector<std::string> log;         // "load coder", "unload coder", "POST /api/chat"
    std::vector<std::string> bodies;      // of inference requests
    std::vector<Fields> fields;           // likewise
    std::set<std::string> gets;           // what else was asked for
    std::set<wire::Client*> open;
    std::map<std::string, std::string> digests;  // of two names over one set of weights; else each name has its own
    double on_gpu = 1;                    // size_vram : size
    std::string expires_at = "2318-01-01T00:00:00Z";  // as /api/ps says it
    Play play;
    bool stopped = false;
  };

  ScriptedNode(wire::asio::io_context& io, std::map<std::string, Bytes> models, Play play) : state_(std::make_shared<State>()) {
    state_->models = std::move(models);
    state_->play = std::move(play);
    auto opened = wire::Listener::open(io.get_executor(), {{"127.0.0.1", 0}});
    if (!opened) throw std::runtime_error(opened.error());
    listener_.emplace(std::move(*opened));
    listener_->run([&io, state = state_](wire::Socket socket) {
      wire::asio::co_spawn(io, serve(state, std::move(socket)), wire::asio::detached);
    });
  }
  ~ScriptedNode() { stop(); }
  void stop() {
    if (listener_) listener_->stop();
    state_->stopped = true;
    for (wire::Client* client : state_->open) client->reset();
  }
  std::uint16_t port() const { return listener_->port(); }
  State& state() { return *state_; }

  static ReplyHead head(int status, std::string type) {
    return {.status = status, .reason = std::string(reason_phrase(status)), .fields = {{"Content-Type", std::move(type)}}};
  }
  static std::string line(const std::string& model, const std::string& text, bool done = false) {
    api::Json j;
    j["model"] = model;
    j["created_at"] = "2026-01-01T00:00:00Z";
    j["message"] = {{"role", "assistant"}, {"content", text}};
    j["done"] = done;
    if (done) {
      j["done_reason"] = "stop";
      j["total_duration"] = 1000;
      j["prompt_eval_count"] = 7;
      j["eval_count"] = 3;
    }
    return j.dump() + "\n";
  }

  static std::string digest_of(const std::string& name) {
    std::string out;
    for (int i = 0; i < 4; ++i) {
      char part[17];
      std::snprintf(part, sizeof part, "%016zx", std::hash<std::string>()(name + std::to_string(i)));
      out += part;
    }
    return out;
  }

 private:
  static std::string listing(const State& state, bool ps) {
    api::Json out;
    out["models"] = api::Json::array();
    for (const auto& [name, size] : state.models) {
      if (ps && !state.resident.count(name)) continue;
      api::Json m;
      m["name"] = name;
      m["model"] = name;
      m["size"] = size;
      m["digest"] = state.digests.count(name) ? state.digests.at(name) : digest_of(name);
      m["details"] = {{"format", "gguf"}, {"family", "llama"}};
      if (ps) {
        m["expires_at"] = state.expires_at;
        m["size_vram"] = static_cast<Bytes>(static_cast<double>(size) * state.on_gpu);
        m["context_length"] = state.resident.at(name);
      } else {
        m["modified_at"] = "2026-01-01T00:00:00Z";
        m["capabilities"] = {"completion", "tools"};
      }
      out["models"].push_back(m);
    }
    return out.dump();
  }

  static std::string served(const State& state) {  // as a server of the OpenAI API lists
    api::Json data = api::Json::array();
    for (const auto& [name, size] : state.models) data.push_back({{"id", name}, {"object", "model"}, {"created", 1}, {"owned_by", "me"}});
    return api::Json{{"object", "list"}, {"data", data}}.dump();
  }

  static bool is_order(const api::Json& body) {
    return !body.contains("messages") && (!body.contains("prompt") || body["prompt"] == "") && !body.contains("input");
  }

  static wire::Task<void> serve(std::shared_ptr<State> state, wire::Socket socket) {
    wire::Budget budget(Bytes{1} << 30);
    wire::Client client(std::move(socket), {}, budget);
    state->open.insert(&client);
    while (!state->stopped) {
      auto received = co_await client.read_request([](const RequestHead&, std::uint64_t) { return std::nullopt; });
      auto* request = std::get_if<wire::Request>(&received);
      if (!request) break;
      const std::string& target = request->head.target;
      if (request->head.method == "GET") {
        state->gets.insert(target);
        const std::string body = target == "/v1/models" ? served(*state) : target == "/api/version" ? "{\"version\":\"0.33.0\"}" : listing(*state, target == "/api/ps");
        client.send(head(200, "application/json; charset=utf-8"), body);
      } else {
        const bool large = request->body.size() > 256 * 1024;  // no order is; and a tree of it would cost 30 times its size
        const api::Json body = large ? api::Json(api::Json::value_t::discarded) : api::Json::parse(request->body.view(), nullptr, false);
        const bool inference = target == "/api/generate" || target == "/api/chat" || target == "/api/embed";
        if (target == "/api/show") {
          client.send(head(200, "application/json; charset=utf-8"), "{\"capabilities\":[\"completion\",\"tools\"]}");
        } else if (inference && body.is_object() && is_order(body)) {
          const std::string model = body.value("model", "");
          const bool unload = body.contains("keep_alive") && (body["keep_alive"] == 0 || body["keep_alive"] == "0s");
          state->log.push_back((unload ? "unload " : "load ") + model);
          if (unload) state->resident.erase(model);
          else state->resident[model] = body.contains("options") ? body["options"].value("num_ctx", 4096) : 4096;
          client.send(head(200, "application/json; charset=utf-8"),
                      "{\"model\":\"" + model + "\",\"created_at\":\"2026-01-01T00:00:00Z\",\"response\":\"\",\"done\":true,\"done_reason\":\"" +
                          (unload ? "unload" : "load") + "\"}");
        } else {
          state->log.push_back("POST " + target);
          state->bodies.emplace_back(large ? std::string_view("large") : request->body.view());
          state->fields.push_back(request->head.fields);
          co_await state->play(client, *request);
        }
      }
      co_await client.drained();
      if (!client.reusable()) break;
    }
    state->open.erase(&client);
  }

  std::shared_ptr<State> state_;
  std::optional<wire::Listener> listener_{};
};

}  // namespace rr::test
