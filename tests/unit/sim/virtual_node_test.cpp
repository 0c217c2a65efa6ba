// One Ollama in virtual time: loads as its scheduler, computes as a shared GPU, keeps prompts as llama-server.
#include "sim/virtual_node.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace virtual_node_test {

using namespace rr;
using namespace rr::sim;
using namespace std::chrono_literals;

namespace {

const ModelName a("a"), b("b"), c("c");

struct Lab {
  explicit Lab(Bytes host_cache = 8 * gib, Bytes memory = 56 * gib, int slots = 1) : node(time, rules(memory), all(slots), host_cache) {}
  static SchedulerRules rules(Bytes memory) {
    SchedulerRules r;
    r.gpu_memory = memory;
    r.load_gbps = 1;
    r.keep_alive = for_ever;
    return r;
  }
  static std::vector<VirtualModel> all(int slots) {  // 10 s + 2.5 s to load; 100 tokens a second in, 10 out; 1 MiB a token
    std::vector<VirtualModel> out;
    for (const ModelName& m : {a, b, c})
      out.push_back({.name = m, .file = 10 * gb, .kv = gib, .compute = 0, .kv_per_token = 1 << 20, .num_ctx = 4096, .slots = slots, .prefill_tps = 100, .decode_tps = 10});
    return out;
  }
  struct Heard {
    double prompt = -1, output = -1, first = -1, end = -1;
    std::string failed{};
  };
  std::shared_ptr<Heard> ask(const ModelName& m, const std::string& session, std::int64_t prompt, std::int64_t fresh, std::int64_t output) {
    auto heard = std::make_shared<Heard>();
    const auto s = [](Duration d) { return std::chrono::duration<double>(d).count(); };
    node.submit({.model = m, .session = session, .prompt_tokens = prompt, .new_tokens = fresh, .output_tokens = output, .keep_alive = for_ever,
                 .first = [this, heard, s] { heard->first = s(time.now() - Time{}); },
                 .done = [this, heard, s](Duration p, Duration o) { heard->prompt = s(p), heard->output = s(o), heard->end = s(time.now() - Time{}); },
                 .failed = [heard](const std::string& why) { heard->failed = why; }},
                time.now());
    return heard;
  }
  void all_over() {
    while (time.step(Time{} + 24h)) {}
  }
  VirtualTime time{};
  VirtualNode node;
};

}  // namespace

TEST_CASE("a first request loads its model, computes its prompt and answers, each at its rate") {
  Lab lab;
  const auto heard = lab.ask(a, "s", 1000, 1000, 50);
  lab.all_over();
  CHECK(heard->prompt == doctest::Approx(10));
  CHECK(heard->output == doctest::Approx(5));
  CHECK(heard->first == doctest::Approx(12.5 + 10));
  CHECK(heard->end == doctest::Approx(27.5));
  CHECK(lab.node.tally().loads == 1);
  CHECK(lab.node.tally().loaded == 10 * gb);
  CHECK(lab.node.tally().worst_wait == Duration(12500ms));
}

TEST_CASE("two models at work share the GPU, two requests of one model wait for its slot") {
  Lab lab;
  lab.node.load(a, for_ever, [](const auto&) {});
  lab.all_over();
  lab.node.load(b, for_ever, [](const auto&) {});
  lab.all_over();
  const auto one = lab.ask(a, "s", 1000, 1000, 50), two = lab.ask(b, "t", 1000, 1000, 50);
  lab.all_over();
  CHECK(one->prompt == doctest::Approx(20));
  CHECK(two->prompt == doctest::Approx(20));
  CHECK(one->output == doctest::Approx(10));
  const auto three = lab.ask(a, "u", 1000, 1000, 50), four = lab.ask(a, "v", 1000, 1000, 50);
  lab.all_over();
  CHECK(three->prompt == doctest::Approx(10));
  CHECK(four->prompt == doctest::Approx(10));
  CHECK(four->first - three->end == doctest::Approx(10));
}

TEST_CASE("two slots of one model are more together than one, and less than two") {
  Lab lab(8 * gib, 56 * gib, 2);
  lab.node.load(a, for_ever, [](const auto&) {});
  lab.all_over();
  const auto one = lab.ask(a, "s", 1000, 1000, 50), two = lab.ask(a, "t", 1000, 1000, 50);
  lab.all_over();
  CHECK(one->prompt == doctest::Approx(10 * 2 / 1.55));
  CHECK(two->prompt == doctest::Approx(10 * 2 / 1.55));
}

TEST_CASE("a conversation that goes on computes what is new; what an unload took is computed again and counted") {
  Lab lab;
  lab.ask(a, "s", 1000, 1000, 50);
  lab.all_over();
  const auto on = lab.ask(a, "s", 1250, 200, 50);
  lab.all_over();
  CHECK(on->prompt == doctest::Approx(2));
  CHECK(lab.node.tally().reprefill_s == doctest::Approx(0));
  lab.node.unload(a);
  lab.all_over();
  CHECK(lab.node.ps().empty());
  const auto again = lab.ask(a, "s", 1500, 200, 50);
  lab.all_over();
  CHECK(again->prompt == doctest::Approx(15));
  CHECK(lab.node.tally().reprefill_s == doctest::Approx(13));
  CHECK(lab.node.tally().loads == 2);
}

TEST_CASE("a prompt that does not go on from the kept one is computed whole") {
  Lab lab;
  lab.ask(a, "s", 1000, 1000, 50);
  lab.all_over();
  const auto shorter = lab.ask(a, "s", 600, 600, 50);
  lab.all_over();
  CHECK(shorter->prompt == doctest::Approx(6));
}

TEST_CASE("the host cache keeps the prompts used last, as many as its bytes hold beside the slot's own") {
  Lab lab(2 * gib);  // 2048 tokens
  const char* sessions[] = {"s", "t", "u", "v"};
  for (const char* s : sessions) {
    lab.ask(a, s, 990, 990, 10);
    lab.all_over();
  }
  const auto slot = lab.ask(a, "v", 1100, 100, 10);
  lab.all_over();
  CHECK(slot->prompt == doctest::Approx(1));
  const auto kept = lab.ask(a, "t", 1100, 100, 10);
  lab.all_over();
  CHECK(kept->prompt == doctest::Approx(1));
  const auto gone = lab.ask(a, "s", 1100, 100, 10);
  lab.all_over();
  CHECK(gone->prompt == doctest::Approx(11));
}

TEST_CASE("without a host cache a slot holds one conversation") {
  Lab lab(0);
  lab.ask(a, "s", 1000, 1000, 10);
  lab.all_over();
  const auto own = lab.ask(a, "s", 1100, 90, 10);
  lab.all_over();
  CHECK(own->prompt == doctest::Approx(0.9));
  lab.ask(a, "t", 1000, 1000, 10);
  lab.all_over();
  const auto lost = lab.ask(a, "s", 1200, 90, 10);
  lab.all_over();
  CHECK(lost->prompt == doctest::Approx(12));
}

TEST_CASE("a model that does not fit beside the others makes an idle one leave, and its prompts with it") {
  Lab lab(8 * gib, 24 * gib);
  lab.ask(a, "s", 1000, 1000, 10);
  lab.all_over();
  lab.ask(b, "t", 1000, 1000, 10);  // 10.3 of 24 GiB are taken: 80 % of the rest is enough
  lab.all_over();
  CHECK(lab.node.ps().size() == 2);
  lab.ask(c, "u", 1000, 1000, 10);
  lab.all_over();
  CHECK(lab.node.ps().size() < 3);
  CHECK(lab.node.tally().loads == 3);
  const auto there = lab.node.ps();
  const bool stayed = std::any_of(there.begin(), there.end(), [](const rr::Resident& r) { return r.name == a; });
  const auto again = lab.ask(a, "s", 1100, 90, 10);
  lab.all_over();
  CHECK(again->prompt == doctest::Approx(stayed ? 0.9 : 11));
}

TEST_CASE("a model that is not there is refused in Ollama's words") {
  Lab lab;
  const auto heard = lab.ask(ModelName("nobody"), "s", 1, 1, 1);
  CHECK(heard->failed == "model 'nobody' not found");
  std::optional<std::string> failed;
  lab.node.load(ModelName("nobody"), for_ever, [&](std::optional<std::string> why) { failed = why; });
  CHECK(failed == "model 'nobody' not found");
}

TEST_CASE("of two things at the same moment the one said first comes first, and the past is now") {
  VirtualTime time;
  std::string order;
  time.at(Time{} + 2s, [&] { order += "c"; });
  time.at(Time{} + 1s, [&] { order += "a", time.at(Time{}, [&] { order += "b"; }); });
  time.at(Time{} + 2s, [&] { order += "d"; });
  while (time.step(Time{} + 2s)) {}
  CHECK(order == "abcd");
  time.after(1s, [&] { order += "late"; });
  CHECK_FALSE(time.step(Time{} + 2s));
  CHECK(time.now() == Time{} + 2s);
}

}  // namespace virtual_node_test
