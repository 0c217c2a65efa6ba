#include "domain/place.hpp"

#include <doctest/doctest.h>

namespace place_test {

using namespace rr;

namespace {

const ModelName coder("coder-model"), big("big-model"), seer("seer-model");

Settings house() {
  Settings s;
  s.nodes = {{.name = "mini", .gpu_memory = 56 * gib}, {.name = "book", .gpu_memory = 16 * gib}, {.name = "spare"}};
  s.roles = {{.name = "coder", .nodes = {"mini", "book"}, .model = coder}, {.name = "seer", .nodes = {"book"}, .model = seer}};
  s.models = {{.name = coder, .num_ctx = 4096, .size = 5 * gb}, {.name = big, .num_ctx = 4096, .size = 40 * gb},
              {.name = seer, .num_ctx = 4096, .size = 4 * gb}};
  return s;
}

Installed there(const ModelName& name, std::set<std::string> can = {"completion", "tools"}) {
  return {.name = name, .size = 5 * gb, .capabilities = std::move(can)};
}

Fleet all_up() {
  Fleet f;
  for (const char* name : {"mini", "book", "spare"})
    f.nodes.push_back({.name = name, .state = NodeState::up, .inventory_known = true, .installed = {there(coder), there(big), there(seer, {"completion", "vision"})}});
  return f;
}

void down(Fleet& f, const char* node) {
  f.node(node)->state = NodeState::down;
  f.node(node)->why = "connection refused";
}
void without(Fleet& f, const char* node, const ModelName& m) {
  std::erase_if(f.node(node)->installed, [&](const Installed& i) { return i.name == m; });
}

Ask ask_coder() {
  Ask a;
  a.role = "coder";
  a.asked_model = "coder";
  a.model = coder;
  a.nodes = {"mini", "book"};
  return a;
}
Ask ask_name(const ModelName& m) {
  Ask a;
  a.asked_model = m.spelt();
  a.model = m;
  return a;
}

std::string placed(const Ask& a, const Fleet& f, const Settings& s = house()) {
  auto p = place(a, f, s);
  return p ? p->node : p.error().code;
}

bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a role goes to the first of its nodes that is up") {
  Fleet f = all_up();
  CHECK(placed(ask_coder(), f) == "mini");
  down(f, "mini");
  CHECK(placed(ask_coder(), f) == "book");
  f.node("mini")->state = NodeState::unknown;  // not heard yet is not down
  CHECK(placed(ask_coder(), f) == "mini");
}

TEST_CASE("a role's node that lacks the model, was tried, or could never hold it is passed over") {
  Fleet f = all_up();
  without(f, "mini", coder);
  CHECK(placed(ask_coder(), f) == "book");
  f = all_up();
  Ask tried = ask_coder();
  tried.avoid = {"mini"};
  CHECK(placed(tried, f) == "book");
  Settings s = house();
  s.nodes[0].gpu_memory = 4 * gib;
  CHECK(placed(ask_coder(), f, s) == "book");
}

TEST_CASE("a role never goes to a node that it does not list") {
  Fleet f = all_up();
  down(f, "mini");
  down(f, "book");
  CHECK(placed(ask_coder(), f) == "node_down");
}

TEST_CASE("a concrete model goes to any node that has it, known ones before unheard ones") {
  Fleet f = all_up();
  without(f, "mini", coder);
  CHECK(placed(ask_name(coder), f) == "book");
  f = all_up();
  f.node("mini")->inventory_known = false;
  f.node("mini")->installed.clear();
  CHECK(placed(ask_name(coder), f) == "book");
  for (const char* n : {"book", "spare"}) without(f, n, coder);
  CHECK(placed(ask_name(coder), f) == "mini");
}

TEST_CASE("a model that no node has is Ollama's own 404, in the words of the route") {
  Fleet f = all_up();
  auto p = place(ask_name(ModelName("nope:7b")), f, house());
  REQUIRE_FALSE(p.has_value());
  CHECK(p.error().code == "model_missing");
  CHECK(p.error().status == 404);
  CHECK(p.error().side == Side::client);
  CHECK(p.error().ollama_text);
  CHECK(p.error().sentence == "model 'nope:7b' not found");
  Ask embed = ask_name(ModelName("nope:7b"));
  embed.kind = Kind::embed;
  CHECK(place(embed, f, house()).error().sentence == "model \"nope:7b\" not found, try pulling it first");
}

TEST_CASE("a role's model that is on none of its nodes is a 404 with the pull command") {
  Fleet f = all_up();
  without(f, "mini", coder);
  without(f, "book", coder);
  auto p = place(ask_coder(), f, house());
  REQUIRE_FALSE(p.has_value());
  CHECK(p.error().code == "model_missing");
  CHECK(p.error().status == 404);
  CHECK(says(p.error().sentence, "ollama pull coder-model"));
  CHECK(says(p.error().sentence, "mini"));
}

TEST_CASE("when all its nodes are down the refusal names the node, the cause and the way out") {
  Fleet f = all_up();
  down(f, "mini");
  down(f, "book");
  auto p = place(ask_coder(), f, house());
  REQUIRE_FALSE(p.has_value());
  CHECK(p.error().code == "node_down");
  CHECK(p.error().status == 503);
  CHECK(p.error().side == Side::node);
  REQUIRE(p.error().retry_after_s);
  CHECK(*p.error().retry_after_s >= 1);
  CHECK(*p.error().retry_after_s <= 30);
  CHECK(says(p.error().sentence, "mini"));
  CHECK(says(p.error().sentence, "connection refused"));
}

TEST_CASE("a concrete model whose only node is down is node_down, and one that nobody has stays a 404") {
  Fleet f = all_up();
  without(f, "book", coder);
  without(f, "spare", coder);
  down(f, "mini");
  CHECK(placed(ask_name(coder), f) == "node_down");
  CHECK(placed(ask_name(ModelName("nope")), f) == "model_missing");
}

TEST_CASE("a missing capability is a 400 that names a role that has it") {
  const Fleet f = all_up();
  Ask a = ask_coder();
  a.needs.images = true;
  auto p = place(a, f, house());
  REQUIRE_FALSE(p.has_value());
  CHECK(p.error().code == "capability_missing");
  CHECK(p.error().status == 400);
  CHECK(p.error().side == Side::client);
  CHECK(says(p.error().sentence, "vision"));
  CHECK(says(p.error().sentence, "role seer"));
  Ask t = ask_name(seer);
  t.needs.tools = true;
  CHECK(placed(t, f) == "capability_missing");
  CHECK(says(place(t, f, house()).error().sentence, "role coder"));
}

TEST_CASE("a capability that no role's model has is still said, and unknown capabilities are the node's business") {
  Fleet f = all_up();
  Settings s = house();
  s.roles.pop_back();
  Ask a = ask_coder();
  a.needs.images = true;
  CHECK(placed(a, f, s) == "capability_missing");
  for (NodeBelief& n : f.nodes)
    for (Installed& i : n.installed) i.capabilities.clear();
  CHECK(placed(a, f, s) == "mini");
}

TEST_CASE("an embedding-only model is not asked for words") {
  Fleet f = all_up();
  for (NodeBelief& n : f.nodes) n.installed = {there(coder, {"embedding"})};
  Ask a = ask_coder();
  a.needs.completion = true;
  CHECK(placed(a, f) == "capability_missing");
  a.needs.completion = false;
  a.needs.embedding = true;
  CHECK(placed(a, f) == "mini");
}

TEST_CASE("a model too large for each of its nodes never fits, and the sentence has both numbers") {
  const Fleet f = all_up();
  Ask a = ask_name(big);
  a.nodes = {"book"};
  a.role = "coder";
  auto p = place(a, f, house());
  REQUIRE_FALSE(p.has_value());
  CHECK(p.error().code == "never_fits");
  CHECK(p.error().status == 503);
  CHECK(says(p.error().sentence, "16.0 GiB"));
  CHECK(says(p.error().sentence, "gpu_memory"));
  a.nodes = {"spare"};  // its limit is unknown: no bound
  CHECK(placed(a, f) == "spare");
}

TEST_CASE("when every node was tried the refusal says so") {
  Fleet f = all_up();
  Ask a = ask_coder();
  a.avoid = {"mini", "book"};
  auto p = place(a, f, house());
  REQUIRE_FALSE(p.has_value());
  CHECK(p.error().code == "candidates_spent");
  CHECK(p.error().status == 502);
  CHECK(says(p.error().sentence, "mini, book"));
}

TEST_CASE("candidates tell of every node once, the asked ones first, and why not") {
  Fleet f = all_up();
  down(f, "mini");
  const auto all = candidates(ask_coder(), f, house());
  REQUIRE(all.size() == 3);
  CHECK(all[0].node == "mini");
  CHECK_FALSE(all[0].can);
  CHECK(says(all[0].why, "down: connection refused"));
  CHECK(all[1].node == "book");
  CHECK(all[1].can);
  CHECK(all[1].why.empty());
  CHECK(all[2].node == "spare");
  CHECK_FALSE(all[2].can);
  CHECK_FALSE(all[2].why.empty());
}

TEST_CASE("place and candidates agree on every mix of states, inventories and tried nodes") {
  int cases = 0;
  for (int mix = 0; mix < 3 * 3 * 2 * 2 * 2 * 2; ++mix) {
    Fleet f = all_up();
    int rest = mix;
    for (const char* n : {"mini", "book"}) {
      f.node(n)->state = static_cast<NodeState>(rest % 3);
      rest /= 3;
    }
    Ask a = ask_coder();
    if (rest & 1) without(f, "mini", coder);
    if (rest & 2) without(f, "book", coder);
    if (rest & 4) a.avoid.push_back("mini");
    if (rest & 8) a.avoid.push_back("book");
    const auto all = candidates(a, f, house());
    const auto first = std::find_if(all.begin(), all.end(), [](const Candidate& c) { return c.can; });
    const auto p = place(a, f, house());
    CAPTURE(mix);
    CHECK(p.has_value() == (first != all.end()));
    if (p) CHECK(p->node == first->node);
    ++cases;
  }
  CHECK(cases == 144);
}

TEST_CASE("a node that holds the model partly off the GPU comes after every other that can serve it") {
  Fleet f = all_up();
  const auto resident = [](Bytes on_gpu) { return Resident{.name = coder, .size = 6 * gb, .size_vram = on_gpu, .num_ctx = 4096, .digest = {}}; };
  f.node("mini")->residents = {resident(6 * gb)};
  CHECK(placed(ask_coder(), f) == "mini");
  f.node("mini")->residents = {resident(4 * gb)};
  CHECK(placed(ask_coder(), f) == "book");
  f.node("mini")->residents = {resident(0)};  // a host without a GPU: nothing is missing there
  CHECK(placed(ask_coder(), f) == "mini");
  f.node("mini")->residents = {resident(4 * gb)};
  f.node("book")->residents = {resident(3 * gb)};
  CHECK(placed(ask_coder(), f) == "mini");  // both are: the order of the YAML
  f.node("book")->residents.clear();
  down(f, "book");
  CHECK(placed(ask_coder(), f) == "mini");
}

}  // namespace place_test
