// For tests of what happens to a town behind the router's back: requests that go to a node directly, and what must hold afterwards.
#pragma once

#include "support/town.hpp"

#include <doctest/doctest.h>

namespace rr::test {

inline std::string whole(const std::string& role, const std::string& text = "hi") {
  return R"({"model":")" + role + R"(","messages":[{"role":"user","content":")" + text + R"("}],"stream":false})";
}

// What an engine says to prompts that contain a text, and how it breaks after some pieces.
inline sim::Script says(std::string contains, std::vector<std::string> pieces, sim::EngineFault fault = sim::EngineFault::none, int after = 0, std::string text = "") {
  sim::Script out;
  out.contains = std::move(contains);
  out.pieces = std::move(pieces);
  out.fault = fault;
  out.after = after;
  out.text = std::move(text);
  return out;
}
inline void endless(sim::NodeSpec& node) {  // one piece, then nothing until the client leaves
  node.script = {says("endless", {"one", "two"}, sim::EngineFault::hang, 1)};
}

// As a client that knows nothing of the router says it to the node.
inline std::string direct(const std::string& model, int num_ctx, const std::string& text, const std::string& more = "") {
  return R"({"model":")" + model + R"(","messages":[{"role":"user","content":")" + text + R"("}],"options":{"num_ctx":)" +
         std::to_string(num_ctx) + "}" + more + "}";
}

// A refusal that says when to come back is followed: nothing here is a verdict about speed.
inline Answer served(Town& town, const std::string& role, const std::string& path = "/api/chat") {
  Answer a;
  for (int i = 0; i < 60; ++i) {
    a = town.ask("POST", path, whole(role));
    if (a.status != 503 && a.status != 504) break;
  }
  CHECK(a.status == 200);
  return a;
}

// As Loop::until, for a condition that goes to the loop by itself.
template <class F>
bool comes(F condition) {
  for (int i = 0; i < 6000; ++i) {
    if (condition()) return true;
    ::usleep(5000);
  }
  return false;
}

// Nothing is under way, and what the gate holds is what the machine has.
inline bool settled(Town& town) {
  return town.until([&] {
    const Dispatch& dispatch = town.router->house().desk.dispatch();
    const Gate* gate = dispatch.gate("mac-mini");
    if (!gate || gate->phase() != SwapPhase::steady || gate->orders_out() || dispatch.in_flight() || dispatch.waiting()) return false;
    std::set<std::string> held, there;
    for (const Held& h : gate->held())
      if (h.in_flight == 0 && !h.leaving) held.insert(h.model.key());
    for (const std::string& name : town.mini->resident()) there.insert(ModelName(name).key());
    return held == there && gate->held().size() == held.size();
  });
}

// Orders of unloading that a node has seen.
inline int unloads(Town& town, const std::unique_ptr<sim::Node>& node, const std::string& model) {
  int n = 0;
  for (const sim::Seen& s : town.seen(node))
    n += s.model == model && s.target == "/api/generate" && (s.keep_alive == "0" || s.keep_alive == "\"0s\"") && s.body.find("\"prompt\":\"\"") != std::string::npos;
  return n;
}
inline int loads(Town& town, const std::unique_ptr<sim::Node>& node, const std::string& model) {
  int n = 0;
  for (const sim::Seen& s : town.seen(node)) n += s.model == model && s.loaded_for_it;
  return n;
}

}  // namespace rr::test
