// Two roles that want one model for different times: the longest counts, and the model is loaded once.
#include "support/scene.hpp"

namespace keep_alive_test {

using namespace rr;
using namespace rr::test;

namespace {

const char* shared =
    "roles:\n"
    "  coder:    { node: here, model: qwen3-coder:30b, keep_alive: 10m }\n"
    "  reviewer: { node: here, model: qwen3-coder:30b, keep_alive: 2h }\n"
    "  critic:   { node: here, model: qwen3-coder:30b, keep_alive: 0 }\n";

}  // namespace

TEST_CASE("row 63: roles with different keep_alive for one model: a warning at load, the longest for all, and one load") {
  Loop loop;
  Playing here(loop.io, "qwen3-coder:30b");
  ScriptedNode node(loop.io, {{here.model, 19 * gb}}, here.play());
  const std::string yaml = shared + std::string("nodes:\n  here: { address: 127.0.0.1:") + std::to_string(node.port()) +
                           ", gpu_memory: 56GiB }\nmodels:\n  qwen3-coder:30b: { num_ctx: 32768, size: 19GB }\n";
  const settings::Loaded loaded = settings::load(yaml, "test.yaml", api::fold_name);
  REQUIRE(loaded.settings);
  CHECK(loaded.mistakes() == 0);
  const std::string told = settings::print(loaded.problems, "test.yaml");
  CAPTURE(told);
  for (const char* line : {"test.yaml:2:", "test.yaml:4:"}) CHECK(told.find(line) != std::string::npos);  // the two shorter ones
  CHECK(told.find("reviewer's model too, with keep_alive 2h") != std::string::npos);
  auto router = std::move(*app::Router::open(loop.io, settings_of(yaml)));
  loop.start();
  for (int i = 0; i < 30; ++i)
    for (const char* role : {"coder", "reviewer", "critic"}) {
      RawClient client(router->port());
      client.send(chat_text(role, i % 2));
      CHECK(client.answer().status == 200);
    }
  loop.on_loop([&] {
    int loads = 0, unloads = 0;
    for (const std::string& line : node.state().log) loads += line.starts_with("load "), unloads += line.starts_with("unload ");
    CHECK(loads == 1);
    CHECK(unloads == 0);
    CHECK(node.state().bodies.size() == 90);
    for (const std::string& body : node.state().bodies) {
      CHECK(body.find("\"keep_alive\":\"2h\"") != std::string::npos);
      CHECK(body.find("\"num_ctx\":32768") != std::string::npos);
    }
  });
  CHECK(loop.until([&] { return router->house().desk.dispatch().in_flight() == 0 && router->house().clients.empty(); }));
  loop.stop();
  node.stop();
  router.reset();
}

}  // namespace keep_alive_test
