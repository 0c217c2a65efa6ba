// A scripted exo (0.3.70) that keeps to its traps: an instance stands in the plan before its runners are ready, a chat with a model that has
// no instance is a 404, orders are carried out later, and every answer ends its connection. Its clock is the looks at its state: a runner
// takes a step with each.
#pragma once

#include "api/json.hpp"
#include "support/scripted_node.hpp"

namespace rr::test {

class ExoNode {
 public:
  struct Instance {
    std::string id{}, model{};
    int looks = 0;          // until now
    bool gone = false;      // DELETE was heard: it leaves with the next look
    bool failed = false;    // one of its runners did
  };
  struct State {
    std::map<std::string, int> models;        // id -> MiB of weights
    int room = 100'000;                       // MiB: what no plan may go beyond
    int slow_to_free = 0;                     // plans that still count what was taken away
    int freeing = 0;
    int looks_to_ready = 3;
    bool drops_orders = false, runner_fails = false, only_comments = false;
    int commenting = 0;                       // streams that say nothing else, now
    std::vector<Instance> instances{};
    std::vector<std::string> ordered{};       // /place_instance: not in the plan yet
    std::vector<std::string> log{};           // "place org/A", "delete i1", "chat org/A"
    std::vector<std::string> bodies{};
    int next = 0;
    std::set<std::string> gets{};
    bool stopped = false;
    std::set<wire::Client*> open{};
  };

  ExoNode(wire::asio::io_context& io, std::map<std::string, int> models) : state_(std::make_shared<State>()) {
    state_->models = std::move(models);
    auto opened = wire::Listener::open(io.get_executor(), {{"127.0.0.1", 0}});
    if (!opened) throw std::runtime_error(opened.error());
    listener_.emplace(std::move(*opened));
    listener_->run([&io, state = state_](wire::Socket socket) { wire::asio::co_spawn(io, serve(state, std::move(socket)), wire::asio::detached); });
  }
  ~ExoNode() {
    if (listener_) listener_->stop();
    state_->stopped = true;
    for (wire::Client* client : state_->open) client->reset();
  }
  std::uint16_t port() const { return listener_->port(); }
  State& state() { return *state_; }

 private:
  static api::Json runner(const State& s, const Instance& one) {
    if (one.failed || (s.runner_fails && one.looks >= s.looks_to_ready)) return {{"RunnerFailed", {{"errorMessage", "Metal ran out of memory"}}}};
    if (one.looks >= s.looks_to_ready) return {{"RunnerReady", api::Json::object()}};
    return {{"RunnerLoading", {{"layersLoaded", one.looks}, {"totalLayers", s.looks_to_ready}}}};
  }

  static std::string instances(State& s) {
    for (const std::string& model : std::exchange(s.ordered, {}))
      if (!s.drops_orders) s.instances.push_back({.id = "i" + std::to_string(++s.next), .model = model});
    std::erase_if(s.instances, [](const Instance& one) { return one.gone; });
    api::Json out = api::Json::object();
    for (Instance& one : s.instances) {
      ++one.looks;
      out[one.id] = {{"MlxRingInstance", {{"instanceId", one.id}, {"shardAssignments", {{"modelId", one.model}, {"nodeToRunner", {{"n1", one.id + "-r1"}, {"n2", one.id + "-r2"}}}, {"runnerToShard", api::Json::object()}}}}}};
    }
    return out.dump();
  }

  static std::string runners(const State& s) {
    api::Json out = api::Json::object();
    for (const Instance& one : s.instances) {
      out[one.id + "-r1"] = {{"RunnerReady", api::Json::object()}};  // the first is always sooner ready than the second
      out[one.id + "-r2"] = runner(s, one);
    }
    return out.dump();
  }

  static std::string previews(State& s, const std::string& id) {
    int used = 0;
    for (const Instance& one : s.instances) used += s.models.count(one.model) ? s.models.at(one.model) : 0;
    if (s.freeing > 0) --s.freeing, used += s.room;
    const bool fits = s.models.count(id) && used + s.models.at(id) <= s.room;
    api::Json list = api::Json::array();
    list.push_back({{"model_id", id}, {"sharding", "Tensor"}, {"instance_meta", "MlxJaccl"}, {"error", "no RDMA between n1 and n2"}});
    if (fits) list.push_back({{"model_id", id}, {"sharding", "Pipeline"}, {"instance_meta", "MlxRing"}, {"memory_delta_by_node", {{"n1", 1}, {"n2", 2}}}, {"error", nullptr}});
    else list.push_back({{"model_id", id}, {"sharding", "Pipeline"}, {"instance_meta", "MlxRing"}, {"error", "not enough memory for " + id}});
    return api::Json{{"previews", list}}.dump();
  }

  static std::string listing(const State& s) {
    api::Json data = api::Json::array();
    for (const auto& [id, size] : s.models) data.push_back({{"id", id}, {"object", "model"}, {"context_length", 32768}, {"storage_size_megabytes", size}});
    return api::Json{{"object", "list"}, {"data", data}}.dump();
  }

  static void answer(wire::Client& client, int status, std::string body) { client.send(ScriptedNode::head(status, "application/json"), std::move(body), true); }

  static wire::Task<void> comment(std::shared_ptr<State> state, wire::Client& client) {
    wire::Timer timer(co_await wire::asio::this_coro::executor);
    client.begin(ScriptedNode::head(200, "text/event-stream"));
    ++state->commenting;
    while (!client.gone() && !state->stopped) {
      client.piece(": keep-alive\n\n");
      timer.expires_after(std::chrono::milliseconds(50));
      co_await timer.async_wait(wire::tuple);
    }
    --state->commenting;
  }

  static void chat(State& s, wire::Client& client, const api::Json& body) {
    const std::string model = body.value("model", "");
    const bool there = std::any_of(s.instances.begin(), s.instances.end(), [&](const Instance& one) { return one.model == model && one.looks >= s.looks_to_ready && !one.gone && !one.failed; });
    s.log.push_back((there ? "chat " : "chat without instance ") + model);
    s.bodies.push_back(body.dump());
    if (!there) return answer(client, 404, R"({"error":{"message":"No instance found for model )" + model + R"(","type":"Not Found","code":404}})");
    if (!body.value("stream", false)) return answer(client, 200, R"({"choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]})");
    client.begin(ScriptedNode::head(200, "text/event-stream"));
    client.piece(": keep-alive\n\n");
    client.piece("data: {\"choices\":[{\"delta\":{\"content\":\"hel\"},\"finish_reason\":null}]}\n\n");
    client.piece(": keep-alive\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n");
    client.piece("data: [DONE]\n\n");
    client.finish();
  }

  static void respond(State& s, wire::Client& client, const wire::Request& request) {
    const std::string& target = request.head.target;
    const std::string& method = request.head.method;
    if (method == "GET") s.gets.insert(target.substr(0, target.find('?')));
    if (target == "/node_id") return answer(client, 200, "\"12D3KooW\"");
    if (target == "/state/instances") return answer(client, 200, instances(s));
    if (target == "/state/runners") return answer(client, 200, runners(s));
    if (target.starts_with("/v1/models")) return answer(client, 200, listing(s));
    if (target.starts_with("/instance/previews?model_id=")) {
      for (const auto& [id, size] : s.models)
        if (target.ends_with("=" + escaped(id))) return answer(client, 200, previews(s, id));
      return answer(client, 404, R"({"detail":"Model not found"})");
    }
    const api::Json body = api::Json::parse(request.body.view(), nullptr, false);
    if (method == "POST" && target == "/place_instance") {
      s.ordered.push_back(body.value("model_id", ""));
      s.log.push_back("place " + s.ordered.back() + " " + body.value("sharding", "") + " " + body.value("instance_meta", "") + " " + std::to_string(body.value("min_nodes", 0)));
      return answer(client, 200, R"({"message":"Command received.","commandId":"c"})");
    }
    if (method == "DELETE" && target.starts_with("/instance/")) {
      for (Instance& one : s.instances)
        if (target == "/instance/" + one.id) one.gone = true, s.freeing = s.slow_to_free, s.log.push_back("delete " + one.model);
      return answer(client, 200, R"({"message":"Command received."})");
    }
    if (method == "POST" && target == "/v1/chat/completions") return chat(s, client, body);
    s.log.push_back(method + " " + target);
    answer(client, 404, R"({"detail":"Not Found"})");
  }

  static std::string escaped(std::string id) {
    for (std::size_t at = id.find('/'); at != std::string::npos; at = id.find('/', at)) id.replace(at, 1, "%2F");
    return id;
  }

  static wire::Task<void> serve(std::shared_ptr<State> state, wire::Socket socket) {
    wire::Budget budget(Bytes{1} << 30);
    wire::Client client(std::move(socket), {}, budget);
    state->open.insert(&client);
    auto received = co_await client.read_request([](const RequestHead&, std::uint64_t) { return std::nullopt; });
    if (auto* request = std::get_if<wire::Request>(&received); request && !state->stopped) {
      const bool streamed = request->body.view().find("\"stream\":true") != std::string_view::npos;
      if (state->only_comments && streamed) co_await comment(state, client);
      else respond(*state, client, *request);
      if (!client.gone()) co_await client.drained();
    }
    state->open.erase(&client);
  }

  std::shared_ptr<State> state_;
  std::optional<wire::Listener> listener_{};
};

}  // namespace rr::test
