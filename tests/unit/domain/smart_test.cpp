// The smart policy: what it proposes for one node, and what the dispatch makes of it. macs(): 18 GiB book, 56 GiB mini; architect
// 50, coder 21, tester 12, router 2 GiB.
#include "domain/policy/smart.hpp"
#include "talk.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace smart_test {

using namespace rr;
using namespace rr::test;

namespace {

Settings under_smart(Settings s = macs()) {
  s.policy = PolicyName::smart;
  return s;
}

// One node as the policy sees it.
struct Eye {
  explicit Eye(const NodeName& name = "mini") : node(name) {
    const NodeSettings* n = settings.node(node);
    facts.limit = n->gpu_memory;
    facts.swap_timeout = settings.swap_timeout;
    const std::pair<const ModelName&, Bytes> sizes[] = {{router, tiny}, {architect, big}, {coder, middle}, {tester, small}};
    for (const auto& [m, size] : sizes) model(m, size);
  }
  void model(const ModelName& m, Bytes size, int num_ctx = 4096) {
    facts.models.push_back({.name = m, .need = size, .file = size, .parallel = 1, .num_ctx = num_ctx, .pinned = settings.pinned(m, node), .lease = for_ever, .digest = m.key()});
  }
  void holds(const std::vector<Resident>& all) { gate.observed(all, facts, now); }
  void busy(const ModelName& m) { gate.grant(m, for_ever, now); }
  void used(const ModelName& m, Duration ago) {
    gate.grant(m, for_ever, now - ago);
    gate.ended(m, facts, now - ago);
  }
  void waits(const ModelName& m, Duration since = {}, int count = 1) { waiting.push_back({.model = m, .count = count, .oldest = now - since}); }
  PolicyView view() const { return {gate, facts, waiting, settings, node, seen}; }
  std::string next() const {
    const Wish wish = smart::next(view(), now);
    if (const auto* until = std::get_if<WaitUntil>(&wish)) return "wait " + to_text(until->at - now);
    const auto* p = std::get_if<Proposal>(&wish);
    if (!p) return "nothing";
    std::string out = p->model.empty() ? "unload" : "load " + p->model.spelt();
    for (const ModelName& v : p->victims) out += " -" + v.spelt();
    return out;
  }
  double finish(const ModelName& m, std::int64_t tokens, double extra = 0, const Chain* chain = nullptr) const {
    return smart::finish(view(), {.model = m, .role = "x", .chain = chain, .tokens = tokens}, extra, now);
  }

  Settings settings = under_smart();
  NodeName node;
  Gate gate{};
  GateFacts facts{};
  std::vector<Waiting> waiting{};
  Experience seen{};
  Time now = Time{} + 1000h;
};

Chain talk_of(std::uint64_t who, std::int64_t tokens) { return {{who, tokens}}; }

std::string ask(Talk& t, TicketId id, const char* role, std::int64_t tokens, const Chain& chain) {
  const RoleSettings* r = t.set.role(role);
  return t.tell(Arrived{Ask{.id = id, .role = role, .asked_model = role, .model = r->model, .nodes = r->nodes, .session = "s",
                            .chain = std::make_shared<const Chain>(chain), .tokens = tokens, .num_ctx = 4096}});
}

std::string answered(Talk& t, TicketId id, std::int64_t prompt, std::int64_t output = 50) {
  return t.tell(Ended{id, {.content_began = true, .prompt_tokens = prompt, .output_tokens = output, .prompt_time = 3s, .output_time = 1s}});
}

}  // namespace

// ---- next

TEST_CASE("smart: what is wanted and fits is loaded") {
  Eye e;
  e.holds({there(coder, middle)});
  e.waits(tester);
  CHECK(e.next() == "load tester-m");
}

TEST_CASE("smart: idle models leave at once for who needs their room") {
  Eye e;
  e.holds({there(coder, middle), there(tester, small)});
  e.waits(architect);
  CHECK(e.next() == "load architect-m -coder-m -tester-m");
}

TEST_CASE("smart: a busy model is not drained before somebody waited max_wait, and then it is") {
  Eye e;
  e.holds({there(coder, middle)});
  e.busy(coder);
  e.waits(architect, 5min);
  CHECK(e.next() == "wait 10m");
  e.now += 10min - 1ns;
  CHECK(e.next().substr(0, 4) == "wait");
  e.now += 1ns;
  CHECK(e.next() == "load architect-m -coder-m");
}

TEST_CASE("smart: an idle model that somebody waits for is no victim either, before max_wait") {
  Eye e;
  e.holds({there(coder, middle)});
  e.waits(architect, 1min);
  e.waits(coder, 1s);
  CHECK(e.next() == "wait 14m");
  e.waiting.pop_back();
  CHECK(e.next() == "load architect-m -coder-m");
}

TEST_CASE("smart: the wait is counted from when the model last left, not from before") {
  Eye e;
  e.holds({there(coder, middle)});
  e.busy(coder);
  e.seen.unloaded("mini", architect, e.now - 3min);
  e.waits(architect, 10min);
  CHECK(e.next() == "wait 12m");
  e.seen.unloaded("book", architect, e.now);  // elsewhere: says nothing
  CHECK(e.next() == "wait 12m");
}

TEST_CASE("smart: of several sets that make room the cheapest to bring back leaves") {
  Eye e;
  e.model(ModelName("other-m"), 30 * gib);
  e.settings.roles.push_back({.name = "other", .nodes = {"mini"}, .model = ModelName("other-m"), .keep_alive = {2h}});
  e.holds({there(coder, middle), there(tester, small)});
  SUBCASE("the smaller file, when it is enough") {
    e.waits(ModelName("other-m"));
    CHECK(e.next() == "load other-m -coder-m");  // the tester alone would not be enough
  }
  SUBCASE("what is slow to load stays") {
    e.model(ModelName("mid-m"), 20 * gib);
    e.waits(ModelName("mid-m"));  // 56 - 33 = 23 free: 18.4 may come; without either one it fits
    CHECK(e.next() == "load mid-m -tester-m");
    e.seen.pace.loaded("mini", coder, middle, 10);
    e.seen.pace.loaded("mini", tester, small, 30);
    CHECK(e.next() == "load mid-m -coder-m");
  }
  SUBCASE("what nobody used for long goes first") {
    e.model(ModelName("mid-m"), 20 * gib);
    e.waits(ModelName("mid-m"));
    e.now += 1h;
    e.used(tester, 1s);
    CHECK(e.next() == "load mid-m -coder-m");  // an hour: a seventh of 23 s against 14 s
  }
}

TEST_CASE("smart: a model whose role says keep_alive 0 is the first to leave, however large") {
  Eye e;
  e.settings.roles[2].keep_alive = {};  // the coder
  e.holds({there(coder, middle), there(tester, small)});
  e.model(ModelName("mid-m"), 20 * gib);
  e.waits(ModelName("mid-m"));
  CHECK(e.next() == "load mid-m -coder-m");
}

TEST_CASE("smart: pinned models never leave") {
  Eye e;
  e.facts.models[3].pinned = true;  // the tester
  e.holds({there(coder, middle), there(tester, small)});
  e.waits(architect, 1h);
  CHECK(e.gate.hopeless(architect, e.facts));
  CHECK(e.next() == "load architect-m");  // what the gate refuses with its reason
  e.waiting.clear();
  e.model(ModelName("mid-m"), 20 * gib);
  e.waits(ModelName("mid-m"));
  CHECK(e.next() == "load mid-m -coder-m");
}

TEST_CASE("smart: who waited longest has the word; who can be served next to it is served") {
  Eye e;
  e.holds({there(coder, middle)});
  e.busy(coder);
  e.waits(architect, 2min);
  e.waits(tester, 1s);
  CHECK(e.next() == "load tester-m");
}

TEST_CASE("smart: a model whose lease is over is unloaded when it is idle, and not a moment before") {
  Eye e;
  e.holds({there(tester, small)});
  e.used(tester, 20min);
  CHECK(e.next() == "wait 10m");
  e.now += 10min;
  CHECK(e.next() == "unload -tester-m");
  e.busy(tester);
  CHECK(e.next() == "nothing");
}

TEST_CASE("smart: the lease of a model that somebody waits for, is pinned, or says keep_alive 0 is never over") {
  Eye e;
  e.holds({there(architect, big)});
  e.now += 100h;
  CHECK(e.next() == "nothing");
  Eye book("book");
  book.holds({there(router, tiny), there(tester, small)});
  book.now += 100h;
  book.waits(tester);
  CHECK(book.next() == "nothing");
  book.waiting.clear();
  CHECK(book.next() == "unload -tester-m");
}

TEST_CASE("smart: somebody else's model is left alone until its room is needed") {
  Eye e;
  e.holds({there(ModelName("stranger"), 40 * gib)});
  e.now += 100h;
  CHECK(e.next() == "nothing");
  e.waits(coder);
  CHECK(e.next() == "load coder-m -stranger");
}

TEST_CASE("smart: a model with another num_ctx is reloaded when it is idle, or after max_wait") {
  Eye e;
  e.holds({there(coder, middle, 8192)});
  e.waits(coder, 1min);
  CHECK(e.next() == "load coder-m -coder-m");
  e.busy(coder);
  CHECK(e.next() == "wait 14m");
  e.now += 14min;
  CHECK(e.next() == "load coder-m -coder-m");
}

TEST_CASE("smart: when its node comes up, what is pinned and what has its second place there is brought, big to small, once") {
  Eye e("book");
  e.holds({});
  CHECK(e.next() == "load tester-m");
  e.holds({there(tester, small)});
  CHECK(e.next() == "load router-m");
  e.seen.brought.insert(pace_key("book", tester));
  e.holds({});
  e.holds({});
  CHECK(e.next() == "load router-m");  // the tester came once and went: not again without being asked for
  e.seen.node_lost("book");
  CHECK(e.next() == "load tester-m");
}

TEST_CASE("smart: nothing is brought to the first place of a role, nothing that is not installed, and nothing that has no room") {
  Eye mini;
  mini.holds({});
  CHECK(mini.next() == "nothing");
  Eye e("book");
  for (auto& m : e.facts.models)
    if (m.name == tester) m.digest.clear();
  CHECK(e.next() == "load router-m");
  Eye full("book");
  full.holds({there(ModelName("stranger"), 16 * gib)});
  CHECK(full.next() == "nothing");
}

// ---- place

TEST_CASE("smart: finish is prompt and answer at the node's rates, and the load where the model is not there") {
  Eye e;
  e.holds({there(coder, middle)});
  e.seen.pace.all.prefill_tps[pace_key("mini", coder)] = 100;
  e.seen.pace.all.decode_tps[pace_key("mini", coder)] = 10;
  CHECK(e.finish(coder, 1000) == doctest::Approx(10 + 25));
  CHECK(e.finish(coder, 1000, 0.5) == doctest::Approx(2 * 35));  // other work counts twice
  e.seen.pace.all.prefill_tps[pace_key("mini", tester)] = 100;
  e.seen.pace.all.decode_tps[pace_key("mini", tester)] = 10;
  e.seen.pace.all.load_s[pace_key("mini", tester)] = 7;
  CHECK(e.finish(tester, 1000) == doctest::Approx(7 + 35));
}

TEST_CASE("smart: finish counts those in flight and those waiting, and not what is cached") {
  Eye e;
  e.holds({there(coder, middle)});
  e.seen.pace.all.prefill_tps[pace_key("mini", coder)] = 100;
  e.seen.pace.all.decode_tps[pace_key("mini", coder)] = 10;
  const Chain mine = talk_of(5, 1000);
  e.seen.caches[pace_key("mini", coder)].finished(mine, 800);
  CHECK(e.finish(coder, 1000, 0, &mine) == doctest::Approx(2 + 25));
  e.busy(coder);
  e.waits(coder, {}, 2);
  CHECK(e.finish(coder, 1000) == doctest::Approx(4 * 35));
  for (auto& m : e.facts.models)
    if (m.name == coder) m.parallel = 2;
  CHECK(e.finish(coder, 1000) == doctest::Approx(2.5 * 35));
}

TEST_CASE("smart: where it would need an eviction, or while a swap is under way, a request would never finish") {
  Eye e;
  e.holds({there(architect, big)});
  CHECK(std::isinf(e.finish(tester, 100)));
  e.holds({});
  e.holds({});
  CHECK_FALSE(std::isinf(e.finish(tester, 100)));
  e.gate.begin({coder, {}, "test"}, e.facts, e.now);
  CHECK(std::isinf(e.finish(tester, 100)));
}

TEST_CASE("smart: others are who runs on other models there, and one for all who wait for an absent one") {
  Eye e;
  e.holds({there(coder, middle), there(tester, small)});
  CHECK(smart::others(e.view(), tester, e.now) == 0);
  e.busy(coder);
  e.busy(tester);
  CHECK(smart::others(e.view(), tester, e.now) == 1);
  e.waits(coder);
  CHECK(smart::others(e.view(), tester, e.now) == 1);
  e.waits(architect, {}, 3);
  CHECK(smart::others(e.view(), tester, e.now) == 2);
}

// ---- through the dispatch

TEST_CASE("smart: every load and every grant says keep_alive -1, whatever the role says") {
  Talk t(under_smart());
  t.seen("mini", {});
  CHECK(t.ask(1, "coder") == "load mini coder-m 4096 keep -1");
  CHECK(t.loaded("mini", coder) == "grant 1 mini coder-m 4096 keep -1");
  CHECK(t.ended(1) == "");
  CHECK(t.ask(2, "architect") == "unload mini coder-m");
  t.unloaded("mini", coder);
  t.seen("mini", {});
  CHECK(t.seen("mini", {}) == "load mini architect-m 4096 keep -1");
  CHECK(t.loaded("mini", architect) == "grant 2 mini architect-m 4096 keep -1");
  CHECK(t.ended(2) == "");  // keep_alive 0: it stays while nobody needs the room
  CHECK(t.ask(3, "architect") == "grant 3 mini architect-m 4096 keep -1");
}

TEST_CASE("smart: an architect waits for the coder's natural pause, and overtakes nobody who still waits for it") {
  Talk t(under_smart());
  coder_idle(t);
  t.ask(2, "coder");
  CHECK(t.ask(3, "architect") == "");
  CHECK(t.ask(4, "coder") == "");
  CHECK(t.ended(2) == "grant 4 mini coder-m 4096 keep -1");
  CHECK(t.ended(4) == "unload mini coder-m");
}

TEST_CASE("smart: who waited max_wait gets the machine at the next end, even without another event") {
  Talk t(under_smart());
  coder_idle(t);
  t.ask(2, "coder");
  t.ask(3, "architect");
  REQUIRE(t.wake.has_value());
  CHECK(*t.wake == t.now + t.set.max_wait);
  CHECK(t.tick(t.set.max_wait) == "");
  CHECK(t.dispatch.gate("mini")->phase() == SwapPhase::draining);
  CHECK(t.ask(4, "coder") == "");
  CHECK(t.ended(2) == "unload mini coder-m");
  CHECK(t.noted("max_wait"));
}

TEST_CASE("smart: the tester goes to its other node while its first has no room, and to the first when it has") {
  Talk t(under_smart());
  t.seen("mini", {there(architect, big)});
  t.seen("book", {there(tester, small), there(router, tiny)});
  CHECK(t.ask(1, "tester", 1000) == "grant 1 book tester-m 4096 keep -1");
  Talk u(under_smart());
  u.seen("mini", {there(tester, small)});
  u.seen("book", {there(router, tiny)});
  CHECK(u.ask(1, "tester", 1000) == "grant 1 mini tester-m 4096 keep -1");
}

TEST_CASE("smart: the tester goes to its other node while its first is at work on other models") {
  Talk t(under_smart());
  t.seen("mini", {there(coder, middle), there(tester, small)});
  t.seen("book", {there(tester, small), there(router, tiny)});
  CHECK(t.ask(1, "coder") == "grant 1 mini coder-m 4096 keep -1");
  CHECK(t.ask(2, "tester", 1000) == "grant 2 book tester-m 4096 keep -1");
}

TEST_CASE("smart: with a full prompt cache, who is still cached goes before who is not; who waited max_wait before all") {
  Settings s = under_smart();
  s.models[2].num_ctx = 65536;
  Talk t(s);
  t.seen("mini", {});
  std::int64_t tokens = 0;
  SUBCASE("not full: first come, first served") { tokens = 1000; }
  SUBCASE("full") { tokens = 2'000'000; }
  ask(t, 1, "coder", tokens, talk_of(1, tokens));
  t.loaded("mini", coder);
  answered(t, 1, tokens);
  ask(t, 2, "coder", tokens, talk_of(2, tokens));
  ask(t, 3, "coder", tokens, talk_of(3, tokens));  // the head of the line, never served
  ask(t, 4, "coder", tokens, talk_of(2, tokens));  // of the conversation in the slot
  if (tokens == 1000) {
    CHECK(answered(t, 2, tokens).substr(0, 7) == "grant 3");
  } else {
    CHECK(answered(t, 2, tokens).substr(0, 7) == "grant 4");
    ask(t, 5, "coder", tokens, talk_of(2, tokens));
    t.now += t.set.max_wait + 1s;
    CHECK(answered(t, 4, tokens).substr(0, 7) == "grant 3");
  }
}

TEST_CASE("smart: what an unload took is not taken for cached") {
  Talk t(under_smart());
  t.seen("mini", {});
  constexpr std::int64_t tokens = 2'000'000;
  ask(t, 1, "coder", tokens, talk_of(1, tokens));
  t.loaded("mini", coder);
  answered(t, 1, tokens);
  t.ask(2, "architect");
  t.unloaded("mini", coder);
  t.seen("mini", {});
  t.seen("mini", {});
  t.loaded("mini", architect);
  ask(t, 3, "coder", tokens, talk_of(3, tokens));
  ask(t, 4, "coder", tokens, talk_of(1, tokens));  // it was in the slot before the architect came
  t.ended(2);
  t.unloaded("mini", architect);
  t.seen("mini", {});
  t.seen("mini", {});
  CHECK(t.loaded("mini", coder).substr(0, 7) == "grant 3");
}

TEST_CASE("smart: an idle model is unloaded by the router when its lease is over") {
  Talk t(under_smart());
  t.seen("mini", {});
  t.ask(1, "tester");
  t.loaded("mini", tester);
  t.ended(1);
  REQUIRE(t.wake.has_value());
  CHECK(*t.wake == t.now + 30min);
  CHECK(t.tick(30min) == "unload mini tester-m");
}

TEST_CASE("smart: from one policy to the next nobody is lost, neither who runs nor who waits") {
  const PolicyName all[] = {PolicyName::smart, PolicyName::seed, PolicyName::passthrough};
  for (const PolicyName from : all)
    for (const PolicyName to : all) {
      CAPTURE(to_text(from));
      CAPTURE(to_text(to));
      Settings s = macs();
      s.policy = from;
      Talk t(s);
      t.seen("mini", {there(coder, middle)});
      CHECK(t.ask(1, "coder").substr(0, 7) == "grant 1");
      std::string said = t.ask(2, "architect");
      said += t.ask(3, "coder");
      t.set.policy = to;
      said += t.adopt();
      CHECK(t.balances());
      said += t.ended(1);
      for (int i = 0; i < 40 && (t.dispatch.waiting() > 0 || t.dispatch.in_flight() > 0); ++i) {
        const Gate& g = *t.dispatch.gate("mini");
        if (g.phase() == SwapPhase::loading) {
          said += t.loaded("mini", ModelName(g.swap().model));
        } else if (g.phase() == SwapPhase::unloading) {
          const auto victims = g.swap().victims;
          for (const auto& v : victims) said += t.unloaded("mini", v);
          said += t.seen("mini", {}) + t.seen("mini", {});
        } else {
          for (const TicketId id : {2u, 3u}) said += t.ended(id);
          if (t.set.policy == PolicyName::seed) said += t.seen("mini", {}) + t.seen("mini", {});  // keep_alive 0: the architect has left
        }
        t.now += 1s;
      }
      CHECK(t.dispatch.waiting() == 0);
      CHECK(t.dispatch.in_flight() == 0);
      CHECK(t.dispatch.ledger().answered == 3);
      CHECK(said.find("grant 2") != std::string::npos);
      CHECK(said.find("grant 3") != std::string::npos);
      CHECK(t.balances());
    }
}

}  // namespace smart_test
