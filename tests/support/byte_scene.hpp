// The scene with a node at `here` that says exactly what a test wants.
#pragma once

#include "support/byte_node.hpp"
#include "support/scene.hpp"

namespace rr::test {

class ByteScene : public Scene {
 public:
  ByteScene() {
    on_loop([&] { node = std::make_unique<ByteNode>(io, here.model); });
    here_at({node->text()});
    well_again();
  }
  ~ByteScene() { away(); }

  std::string line(const std::string& text, bool done = false) { return ScriptedNode::line(here.model, text, done); }
  void script(std::string bytes, ByteNode::Then then = ByteNode::Then::stay) {
    on_loop([&] { node->state().script = std::move(bytes), node->state().then = then, node->state().asked = 0; });
  }
  int asked() {
    return on_loop([&] { return node->state().asked; });
  }
  NodeState state() { return house().desk.dispatch().fleet().node("here")->state; }
  // After a fault the next answer comes whole, and is nobody else's.
  void well_again() {
    script(ByteNode::whole(line("well again", true)));
    const Answer a = ask(chat_text("coder", false));
    CHECK(a.status == 200);
    CHECK(a.body.find("well again") != std::string::npos);
  }
  void over() {
    away();
    invariants();
  }

  std::unique_ptr<ByteNode> node{};

 private:
  void away() {
    if (!node) return;
    back();
    on_loop([&] { node.reset(); });
  }
};

}  // namespace rr::test
