// What becomes of the models when the program ends: smart_swap.on_exit.
#include "support/process.hpp"
#include "support/scene.hpp"

namespace on_exit_test {

using namespace rr;
using namespace rr::test;

TEST_CASE("on_exit: keep leaves every model where it is, release unloads those of the roles, the pinned ones too") {
  for (const std::string word : {"keep", "release"}) {
    CAPTURE(word);
    struct Nodes : Loop {
      Nodes() : coder(io, "qwen3-coder:30b"), tester(io, "qwen2.5-coder:14b"), here(io, {{coder.model, 19 * gb}, {"llama3.1:8b", 5 * gb}}, coder.play()),
                there(io, {{tester.model, 9 * gb}}, tester.play()) {
        start();
      }
      ~Nodes() {
        stop();
        here.stop();
        there.stop();
        io.restart();
        io.poll();
      }
      Playing coder, tester;
      ScriptedNode here, there;
    } nodes;
    std::string yaml = two_nodes(nodes.here.port(), nodes.there.port());
    const auto replace = [&](const std::string& from, const std::string& to) { yaml.replace(yaml.find(from), from.size(), to); };
    replace("{ policy: seed }", "{ policy: seed, on_exit: " + word + " }");
    replace("qwen2.5-coder:14b, keep_alive: 2h", "qwen2.5-coder:14b, keep_alive: -1");
    const Folder folder;
    Program program({"serve", "--config", folder.save("router.yaml", yaml), "--listen", "127.0.0.1:0"});
    const std::uint16_t port = program.port();
    REQUIRE(port != 0);
    for (const char* role : {"coder", "tester"})
      REQUIRE(program.until([&] { return ask(port, "POST", "/api/chat", chat_body(role, false)).status == 200; }));
    nodes.on_loop([&] { nodes.here.state().resident["llama3.1:8b"] = 4096; });  // somebody else's
    program.signal(SIGTERM);
    CHECK(program.wait() == 0);
    const bool kept = word == "keep";
    nodes.on_loop([&] {
      CHECK(nodes.here.state().resident.count(nodes.coder.model) == kept);
      CHECK(nodes.there.state().resident.count(nodes.tester.model) == kept);
      CHECK(nodes.here.state().resident.count("llama3.1:8b") == 1);
    });
  }
}

}  // namespace on_exit_test
