// What the router itself asks a node, over several addresses.
#include "app/nodes.hpp"
#include "support/black_hole.hpp"
#include "support/scripted_node.hpp"

#include <doctest/doctest.h>

namespace nodes_test {

using namespace rr;
using namespace rr::test;

TEST_CASE("of a node's version and models only the first waits for an address that swallows everything") {
  wire::asio::io_context io{1};
  ScriptedNode node(io, {{"m", 1}}, [](wire::Client&, const wire::Request&) -> wire::Task<void> { co_return; });
  const BlackHole hole;
  wire::Upstream upstream(io.get_executor(), {});
  int overtaken = 0;
  upstream.on_failure([&](const Address& address, const wire::NodeError&) { overtaken += address.port == hole.port(); });
  app::Nodes nodes(upstream);
  std::optional<std::size_t> models;
  const auto ask = [&]() -> wire::Task<void> {
    app::Peer to{.way = {{"127.0.0.1", hole.port()}, {"127.0.0.1", node.port()}}};
    auto stock = co_await nodes.stock(std::move(to));
    if (stock) models = stock->models.size();
    io.stop();
  };
  wire::asio::co_spawn(io, ask(), wire::asio::detached);
  io.run();
  CHECK(models == 1);
  CHECK(overtaken == 1);
}

namespace {

struct Trial {
  std::optional<std::string> why{};
  api::Json asked{};
  std::string log{};
};

// A tiny request to a node that answers with this.
Trial tried(EngineType type, int status, const std::string& answer) {
  wire::asio::io_context io{1};
  ScriptedNode node(io, {{"m", 1}}, [&](wire::Client& client, const wire::Request&) -> wire::Task<void> {
    client.send(ScriptedNode::head(status, "application/json"), answer);
    co_return;
  });
  wire::Upstream upstream(io.get_executor(), {});
  app::Nodes nodes(upstream);
  Trial out;
  const auto ask = [&]() -> wire::Task<void> {
    app::Peer to{.type = type, .way = {{"127.0.0.1", node.port()}}};
    Try order{.id = 1, .node = "n", .model = ModelName("m"), .num_ctx = type == EngineType::ollama ? 8192 : 0};
    if (type == EngineType::ollama) order.keep_alive = for_ever;
    auto failed = co_await nodes.try_out(std::move(to), std::move(order));
    if (failed) out.why = failed->why;
    io.stop();
  };
  wire::asio::co_spawn(io, ask(), wire::asio::detached);
  io.run();
  if (!node.state().bodies.empty()) out.asked = api::Json::parse(node.state().bodies.back());
  if (!node.state().log.empty()) out.log = node.state().log.back();
  return out;
}

}  // namespace

TEST_CASE("a tiny request asks for one token with the model's own options, and only a whole answer counts") {
  const Trial good = tried(EngineType::ollama, 200, ScriptedNode::line("m", "x", true));
  CHECK_FALSE(good.why.has_value());
  CHECK(good.log == "POST /api/chat");
  CHECK(good.asked == api::Json::parse(R"({"model":"m","messages":[{"role":"user","content":"hi"}],"keep_alive":-1,"options":{"num_ctx":8192,"num_predict":1},"stream":false})"));
  CHECK(tried(EngineType::ollama, 500, "{\"error\":\"CUDA is gone\"}").why == "CUDA is gone");
  CHECK(tried(EngineType::ollama, 200, ScriptedNode::line("m", "x")).why.has_value());
  CHECK(tried(EngineType::ollama, 200, "{\"error\":\"no\"}").why == "no");
  const std::string served = R"({"choices":[{"message":{"role":"assistant","content":"x"},"finish_reason":"length"}]})";
  for (const EngineType type : {EngineType::openai, EngineType::exo}) {
    const Trial other = tried(type, 200, served);
    CHECK_FALSE(other.why.has_value());
    CHECK(other.log == "POST /v1/chat/completions");
    CHECK(other.asked["max_tokens"] == 1);
    CHECK_FALSE(other.asked.contains("keep_alive"));
    CHECK(tried(type, 503, R"({"error":{"message":"Loading model"}})").why == "Loading model");
    CHECK(tried(type, 200, "{}").why.has_value());
  }
}

}  // namespace nodes_test
